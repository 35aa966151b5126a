"""Figures: a prior and its weights on the gamut, and the ranking of a curriculum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..color.hue_chroma import hue_chroma_lightness_to_rgb, to_chroma_plane
from ..color.lab import Floats, lab_to_rgb, reduce_to_gamut
from ..quantize.quantizer import Quantizer
from .gallery import GROUND, TEXT

FAINT = "#3a3e47"
SOFT = "#a9adb8"
DPI = 120
SHARES = (0.1, 0.01, 0.001, 0.0001, 0.00001)
LABELS = {"rgbvar": "variance across R, G, B", "ab-entropy": "entropy of ab, in bits"}
LABELS |= {"surprise": "surprise, in bits a pixel"}
_STYLE: dict[str, Any] = {"color": TEXT, "fontsize": 15}


def draw_prior(quantizer: Quantizer, probs: Floats, weights: Floats) -> Figure:
    """Draw a prior and its rebalancing weights, each bin in its own color.

    Parameters
    ----------
    quantizer : Quantizer
    probs, weights : ndarray of shape (Q,), float64

    Returns
    -------
    Figure
        Two maps of the bins, one above the other: the area of a bin's square tells its share of
        the pixels on a log scale, and its weight.
    """
    figure = _dark_figure(13.4)
    above, below = figure.subplots(2, 1)
    _map_bins(above, quantizer, _share_area(probs))
    _name(above, "How often each color occurs", f"{probs.max():.1%} in the commonest bin")
    _size_key(above, quantizer, [(float(_share_area(p)), f"{100 * p:g}%") for p in SHARES])
    _map_bins(below, quantizer, weights / weights.max())
    spread = f"rebalancing weights from {weights.min():.3g} to {weights.max():.3g}"
    _name(below, "How much each color counts", spread)
    parts = [weights.max() / n for n in (1, 2, 4, 8)]
    _size_key(below, quantizer, [(w / weights.max(), f"{w:.2g}") for w in parts])
    return figure


def draw_ranking(
    scores: Floats,
    shown: Sequence[int],
    thumbnails: Sequence[NDArray[np.uint8]],
    name: str = "rgbvar",
) -> Figure:
    """Draw the sorted scores of a curriculum, with photographs at some ranks.

    Parameters
    ----------
    scores : ndarray of shape (n,), float64
        By rank.
    shown : sequence of int
        Ranks of the photographs, counted from 1.
    thumbnails : sequence of ndarray of shape (H, W, 3), uint8
    name : str
        Of the score.

    Returns
    -------
    Figure
    """
    figure = _dark_figure(7.2)
    grid = figure.add_gridspec(2, len(shown), height_ratios=[3.2, 1])
    curve = figure.add_subplot(grid[0, :])
    _plain(curve)
    ranks = np.arange(1, len(scores) + 1)
    curve.fill_between(ranks, scores, color="#e8743b", alpha=0.25, linewidth=0)
    curve.plot(ranks, scores, color="#f08a4b", linewidth=2.5)
    curve.set_xlim(1, max(2, len(scores)))
    curve.set_ylim(0, None)
    curve.set_xlabel("rank", **_STYLE)
    curve.set_ylabel(LABELS.get(name, name), **_STYLE)
    curve.set_title(f"Images by {name}", color=TEXT, fontsize=19, pad=12)
    for column, (rank, thumbnail) in enumerate(zip(shown, thumbnails, strict=True)):
        curve.plot([rank], [scores[rank - 1]], "o", color=TEXT, markersize=8, clip_on=False)
        photograph = figure.add_subplot(grid[1, column])
        photograph.imshow(thumbnail)
        photograph.set_axis_off()
        photograph.set_title(f"rank {rank}", color=SOFT, fontsize=13)
    return figure


def bin_colors(quantizer: Quantizer) -> Floats:
    """Return a displayable color for each bin, (Q, 3) float64 sRGB in [0, 1].

    Parameters
    ----------
    quantizer : Quantizer

    Returns
    -------
    ndarray of shape (Q, 3), float64
        The bin's center at the lightness, of those from 20 to 90, at which sRGB comes nearest to
        it; of equally good ones the nearest to 65.
    """
    if quantizer.space == "hue-chroma":
        middle = np.full((len(quantizer.centers), 1), 0.5)
        return hue_chroma_lightness_to_rgb(np.hstack([quantizer.centers, middle]))
    levels = np.array(sorted(range(20, 91), key=lambda level: abs(level - 65)), np.float64)
    n_bins = len(quantizer.centers)
    lab = np.empty((len(levels), n_bins, 3))
    lab[..., 0] = levels[:, None]
    lab[..., 1:] = quantizer.centers
    shown = reduce_to_gamut(lab)
    missed = np.linalg.norm(shown - lab, axis=-1)
    best = np.argmin(np.round(missed), axis=0)
    return lab_to_rgb(shown[best, np.arange(n_bins)])


def _dark_figure(height: float) -> Figure:
    """Return a figure seven inches wide, which a phone shows at a readable size."""
    layout = ConstrainedLayoutEngine(h_pad=0.15, w_pad=0.1)
    return Figure(figsize=(7.0, height), dpi=DPI, facecolor=GROUND, layout=layout)


def _share_area(share: Any) -> Any:
    """Area of a square for a share of the pixels: its logarithm, 0 at 1e-7 and 1 at 1."""
    return np.log10(np.maximum(share, 1e-7)) / 7.0 + 1.0


def _map_bins(axes: Axes, quantizer: Quantizer, areas: Floats) -> None:
    """Draw each bin as a square of its color, its area as given from 0 to 1."""
    _plain(axes)
    positions, side = _positions(quantizer)
    outline = [(x, y, side) for x, y in positions]
    sides = side * np.sqrt(np.clip(areas, 0.0, 1.0))
    filled = [(x, y, s) for (x, y), s in zip(positions, sides, strict=True)]
    _add_squares(axes, outline, facecolor="none", edgecolor=FAINT, linewidth=0.5)
    _add_squares(axes, filled, facecolor=bin_colors(quantizer), edgecolor="none")
    reach = np.abs(positions).max() + side
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    if quantizer.space == "ab":
        axes.set_xlabel("a: green to red (CIELAB)", **_STYLE)
        axes.set_ylabel("b: blue to yellow (CIELAB)", **_STYLE)
    else:
        axes.set_xlabel("chroma × cos(hue)", **_STYLE)
        axes.set_ylabel("chroma × sin(hue)", **_STYLE)


def _size_key(axes: Axes, quantizer: Quantizer, entries: Sequence[tuple[float, str]]) -> None:
    """Explain the squares' sizes in the lower left corner, which no bin reaches."""
    side = _positions(quantizer)[1]
    low, high = axes.get_xlim()
    step = 0.055 * (high - low)
    for line, (area, text) in enumerate(reversed(entries)):
        x, y = low + step, low + step * (1 + line)
        _add_squares(axes, [(x, y, side * area**0.5)], facecolor=SOFT, edgecolor="none")
        axes.text(x + step, y, text, color=SOFT, fontsize=13, va="center")


def _positions(quantizer: Quantizer) -> tuple[Floats, float]:
    """Return where the bins are drawn, and the side of the room that each has."""
    centers = quantizer.centers
    positions = centers if quantizer.space == "ab" else to_chroma_plane(centers)
    return positions, _cell_side(positions)


def _add_squares(axes: Axes, squares: Sequence[tuple[float, float, float]], **style: Any) -> None:
    """Draw squares given by middle and side."""
    patches = [Rectangle((x - s / 2, y - s / 2), s, s) for x, y, s in squares]
    axes.add_collection(PatchCollection(patches, **style))


def _cell_side(positions: Floats) -> float:
    """Return the typical distance of a bin to its nearest neighbor, less a little."""
    distinct = np.unique(np.round(positions, 9), axis=0)
    nearest = cKDTree(distinct).query(distinct, k=2)[0][:, 1]
    return min(0.92 * float(np.median(nearest)), 0.1 * float(np.abs(positions).max()))


def _plain(axes: Axes) -> None:
    axes.set_facecolor(GROUND)
    axes.tick_params(colors=SOFT, labelsize=13)
    for spine in axes.spines.values():
        spine.set_color(FAINT)


def _name(axes: Axes, title: str, note: str) -> None:
    axes.set_title(title, color=TEXT, fontsize=19, pad=34)
    place: dict[str, Any] = {"ha": "center", "va": "bottom", "transform": axes.transAxes}
    axes.text(0.5, 1.015, note, color=SOFT, fontsize=14, **place)
