"""Maps of bins: every bin of a quantizer at its place, in its own color."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray

from ...color.hue_chroma import hue_chroma_lightness_to_rgb
from ...color.lab import Floats, lab_to_rgb, reduce_to_gamut
from ...quantize.quantizer import Quantizer
from ..gallery import GROUND
from ..numbers import round_down, short
from .bin_plane import BinPlane, plane_of, set_plane
from .style import FAINT, OWN_COLORS, SIZE, SOFT, blank_figure

MAP_SIDE, LABEL_ROOM = 4.4, 0.8  # inches
KEY_ROOM = 0.12  # of the longer side
KEY_SIZES = 4
MOST_DRAWN = 2000  # more colors of a figure are embedded as images, to keep the page small


def draw_weights(quantizer: Quantizer, weights: Floats) -> Figure:
    """Draw rebalancing weights: the area of a bin's square is proportional to its weight."""
    figure, axes = _map_figure(quantizer)
    plot_weights(axes, quantizer, weights)
    return figure


def draw_differences(quantizer: Quantizer, differences: Floats) -> Figure:
    """Draw how two priors differ.

    A bin's square is full if the difference is above 0 and hollow if it is below. Its area is
    proportional to the square root of the difference, since a few are large and most are small.

    Parameters
    ----------
    quantizer : Quantizer
    differences : ndarray of shape (Q,), float64
        Of probabilities.
    """
    figure, axes = _map_figure(quantizer)
    largest = float(np.abs(differences).max()) or 1.0
    areas = np.sqrt(np.abs(differences) / largest)
    _map_bins(axes, quantizer, areas, hollow=differences < 0)
    shown = [round_down(largest) / n for n in (1, 10, 100)]
    entries = [((each / largest) ** 0.5, short(100 * each)) for each in shown]
    _key(axes, quantizer, [*entries[:-1], (entries[-1][0], f"{entries[-1][1]} points")])
    return figure


def draw_uncertainties(quantizer: Quantizer, relative: Floats) -> Figure:
    """Draw how uncertain each bin's share is, as the area of its square.

    Parameters
    ----------
    quantizer : Quantizer
    relative : ndarray of shape (Q,), float64
        Half the width of the interval over the share; NaN for bins without a pixel. Values of 1
        and more fill a square.
    """
    figure, axes = _map_figure(quantizer)
    _map_bins(axes, quantizer, np.nan_to_num(relative))
    _key(axes, quantizer, [(1.0, "±100% or more"), (0.5, "±50%"), (0.1, "±10%")])
    return figure


def bin_colors(quantizer: Quantizer, bins: NDArray[np.intp] | None = None) -> Floats:
    """Return a displayable color for each bin.

    Parameters
    ----------
    quantizer : Quantizer
    bins : ndarray of shape (N,), intp, or None
        None takes all bins.

    Returns
    -------
    ndarray of shape (N, 3), float64 sRGB in [0, 1]
        From `displayed` for ab; at HSL lightness 0.5 for hue and chroma.
    """
    centers = quantizer.centers if bins is None else quantizer.centers[bins]
    if quantizer.space == "ab":
        return displayed(centers)
    return hue_chroma_lightness_to_rgb(np.hstack([centers, np.full((len(centers), 1), 0.5)]))


def displayed(ab: Floats) -> Floats:
    """Return displayable colors with the given ab.

    Parameters
    ----------
    ab : ndarray of shape (N, 2), float64, CIELAB units

    Returns
    -------
    ndarray of shape (N, 3), float64 sRGB in [0, 1]
        At the lightness from 20 to 90 at which sRGB comes nearest to ab; of equally good ones the
        nearest to 65.

    Examples
    --------
    >>> displayed(np.array([[0.0, 0.0], [80.0, 60.0]])).round(2)
    array([[0.62, 0.62, 0.62],
           [0.99, 0.  , 0.1 ]])
    """
    levels = np.array(sorted(range(20, 91), key=lambda level: abs(level - 65)), np.float64)
    lab = np.empty((len(levels), len(ab), 3))
    lab[..., 0] = levels[:, None]
    lab[..., 1:] = ab
    shown = reduce_to_gamut(lab)
    missed = np.linalg.norm(shown - lab, axis=-1)
    best = np.argmin(np.round(missed), axis=0)
    return lab_to_rgb(shown[best, np.arange(len(ab))])


def plot_weights(axes: Axes, quantizer: Quantizer, weights: Floats) -> None:
    """Draw the map of `draw_weights` into axes."""
    _map_bins(axes, quantizer, weights / weights.max())
    shown = [round_down(weights.max())]
    while len(shown) < KEY_SIZES:
        shown.append(round_down(shown[-1] / 2))
    _key(axes, quantizer, [(weight / weights.max(), short(weight)) for weight in shown])


def _map_bins(
    axes: Axes, quantizer: Quantizer, areas: Floats, hollow: NDArray[np.bool_] | None = None
) -> None:
    """Draw each bin as a square of its color, with an area from 0 to 1, some with a hole."""
    plane = plane_of(quantizer)
    positions, side = plane.positions, plane.side
    outlines = _squares(positions, np.full(len(positions), side))
    outline = Path.make_compound_path(*(Path(corners, closed=True) for corners in outlines))
    axes.add_patch(PathPatch(outline, facecolor="none", edgecolor=FAINT, linewidth=0.5))
    sides = side * np.sqrt(np.clip(areas, 0.0, 1.0))
    drawn = sides > 0.01 * side
    add_own_colors(axes, _squares(positions[drawn], sides[drawn]), bin_colors(quantizer)[drawn])
    if hollow is not None:
        holes = _squares(positions[drawn & hollow], 0.6 * sides[drawn & hollow])
        axes.add_collection(PolyCollection(holes, facecolors=GROUND))
    low, high = _reach(plane)
    set_plane(axes, plane, low, high, below=KEY_ROOM * (high - low).max())


def _key(axes: Axes, quantizer: Quantizer, entries: Sequence[tuple[float, str]]) -> None:
    """Draw a key to the squares' sizes in a row below the bins."""
    side = plane_of(quantizer).side
    (left, right), bottom = axes.get_xlim(), axes.get_ylim()[0]
    width = right - left
    y = bottom + 0.05 * width
    gap = max(0.025 * width, 0.8 * side)
    lengths = [len(text) + 5 for _, text in entries]
    x = left + gap
    for (area, text), length in zip(entries, lengths, strict=True):
        place, size = np.array([[x, y]]), np.array([side * area**0.5])
        axes.add_collection(PolyCollection(_squares(place, size), facecolors=SOFT))
        axes.text(x + gap, y, text, color=SOFT, fontsize=SIZE, va="center")
        x += 0.98 * width * length / sum(lengths)


def _map_figure(quantizer: Quantizer) -> tuple[Figure, Axes]:
    """Return a figure and axes with the height of a map of the bins and its key."""
    low, high = _reach(plane_of(quantizer))
    width, height = high - low
    height += KEY_ROOM * max(width, height)
    figure = blank_figure(LABEL_ROOM + MAP_SIDE * min(1.0, height / width))
    return figure, figure.subplots()


def _reach(plane: BinPlane) -> tuple[Floats, Floats]:
    """Return the lower left and upper right corner of a map of squares."""
    return plane.positions.min(axis=0) - plane.side, plane.positions.max(axis=0) + plane.side


def add_own_colors(axes: Axes, outlines: Sequence[Floats], colors: Floats, n_maps: int = 1) -> None:
    """Draw filled outlines in colors of bins, in one of so many maps of a figure."""
    shapes = PolyCollection(outlines, facecolors=colors, clip_on=False, gid=OWN_COLORS)
    shapes.set_rasterized(n_maps * len(outlines) > MOST_DRAWN)
    axes.add_collection(shapes)


def _squares(middles: Floats, sides: Floats) -> list[Floats]:
    """Return the corners of squares, (5, 2) each, the first repeated as the last."""
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]])
    return list(middles[:, None, :] + sides[:, None, None] * corners)
