"""Maps of bins: every bin of a quantizer at its place, in its own color."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..color.hue_chroma import hue_chroma_lightness_to_rgb, to_chroma_plane
from ..color.lab import Floats, lab_to_rgb, reduce_to_gamut
from ..quantize.quantizer import Quantizer
from .gallery import GROUND, TEXT
from .numbers import percent, short
from .style import FAINT, OWN_COLORS, SIZE, SOFT, TITLE_SIZE, WIDTH, blank_figure, label, plain

SHARES = (0.1, 0.01, 0.001, 0.0001, 0.00001)
MAP_SIDE, LABEL_ROOM, TITLE_ROOM = 4.4, 0.8, 0.3  # inches
KEY_ROOM = 0.12  # of the longer side
TURNS = (0.0, 0.25, 0.5, 0.75, 1.0)
MOST_DRAWN = 2000  # more squares are embedded as one raster image, to keep the page small


def draw_prior(quantizer: Quantizer, probs: Floats, weights: Floats) -> Figure:
    """Draw a prior and, below it, its rebalancing weights."""
    figure = blank_figure(2 * (MAP_SIDE + LABEL_ROOM) + 1.0)
    above, below = figure.subplots(2, 1)
    _map_shares(above, quantizer, probs)
    _name(above, "How often each color occurs", f"{probs.max():.1%} in the commonest bin")
    _map_weights(below, quantizer, weights)
    spread = f"rebalancing weights from {weights.min():.3g} to {weights.max():.3g}"
    _name(below, "How much each color counts", spread)
    return figure


def draw_shares(quantizer: Quantizer, probs: Floats) -> Figure:
    """Draw a prior: the area of a bin's square is its fraction of the pixels on a log scale."""
    figure, axes = _map_figure(quantizer)
    _map_shares(axes, quantizer, probs)
    return figure


def draw_levels(quantizer: Quantizer, levels: Sequence[tuple[str, Floats]]) -> Figure:
    """Draw priors over the same bins as small maps like that of `draw_shares`, in rows.

    Parameters
    ----------
    quantizer : Quantizer
    levels : sequence of tuple of str and ndarray of shape (Q,), float64
        Titles and priors, at least one.
    """
    n_columns = 2 if len(levels) <= 4 else 3
    n_rows = -(-len(levels) // n_columns)
    positions, side = _plane(quantizer)[:2]
    width, height = np.ptp(positions, axis=0) + 2 * side
    figure = blank_figure(n_rows * (WIDTH / n_columns * min(1.0, height / width) + TITLE_ROOM))
    grid = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for axes, (title, probs) in zip(grid, levels, strict=False):
        _map_bins(axes, quantizer, _log_area(probs))
        axes.set(xticks=[], yticks=[], ylim=(positions[:, 1].min() - side, axes.get_ylim()[1]))
        label(axes, "", "")
        axes.set_title(title, color=TEXT, fontsize=SIZE, parse_math=False)
    for axes in grid[len(levels) :]:
        axes.set_axis_off()
    return figure


def draw_weights(quantizer: Quantizer, weights: Floats) -> Figure:
    """Draw rebalancing weights: the area of a bin's square is proportional to its weight."""
    figure, axes = _map_figure(quantizer)
    _map_weights(axes, quantizer, weights)
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
    entries = [(n**-0.5, short(100 * largest / n)) for n in (1, 10, 100)]
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


def _map_shares(axes: Axes, quantizer: Quantizer, probs: Floats) -> None:
    _map_bins(axes, quantizer, _log_area(probs))
    _key(axes, quantizer, [(float(_log_area(p)), percent(p)) for p in SHARES])


def _log_area(probs: Any) -> Any:
    """Return the area of squares for probabilities: their logarithm, 0 at 1e-7 and 1 at 1."""
    return np.log10(np.maximum(probs, 1e-7)) / 7.0 + 1.0


def _map_weights(axes: Axes, quantizer: Quantizer, weights: Floats) -> None:
    _map_bins(axes, quantizer, weights / weights.max())
    _key(axes, quantizer, [(1.0 / n, short(weights.max() / n)) for n in (1, 2, 4, 8)])


def _map_bins(
    axes: Axes, quantizer: Quantizer, areas: Floats, hollow: NDArray[np.bool_] | None = None
) -> None:
    """Draw each bin as a square of its color, with an area from 0 to 1, some with a hole."""
    plain(axes)
    plane = _plane(quantizer)
    positions, side = plane.positions, plane.side
    outlines = _squares(positions, np.full(len(positions), side))
    outline = Path.make_compound_path(*(Path(corners, closed=True) for corners in outlines))
    axes.add_patch(PathPatch(outline, facecolor="none", edgecolor=FAINT, linewidth=0.5))
    sides = side * np.sqrt(np.clip(areas, 0.0, 1.0))
    drawn = sides > 0.01 * side
    _add_squares(axes, positions[drawn], sides[drawn], bin_colors(quantizer)[drawn])
    if hollow is not None:
        holes = _squares(positions[drawn & hollow], 0.6 * sides[drawn & hollow])
        axes.add_collection(PolyCollection(holes, facecolors=GROUND))
    low, high = plane.reach
    bottom = positions[:, 1].min() - side
    axes.set_yticks([tick for tick in MaxNLocator(5).tick_values(bottom, high[1]) if tick > bottom])
    axes.xaxis.set_major_locator(FixedLocator(TURNS) if plane.x == "hue" else MaxNLocator(5))
    if plane.x == "hue":
        axes.xaxis.set_major_formatter(FuncFormatter(lambda turn, _: f"{360 * turn:.0f}°"))
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    axes.spines[:].set_visible(False)
    label(axes, plane.x, plane.y)


def _key(axes: Axes, quantizer: Quantizer, entries: Sequence[tuple[float, str]]) -> None:
    """Draw a key to the squares' sizes in a row below the bins."""
    side = _plane(quantizer).side
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


class _Plane(NamedTuple):
    """Where bins are drawn.

    Attributes
    ----------
    positions : ndarray of shape (Q, 2), float64
    side : float
        Of the square that each bin may fill.
    x, y : str
        Labels of the axes.
    """

    positions: Floats
    side: float
    x: str
    y: str

    @property
    def reach(self) -> tuple[Floats, Floats]:
        """Lower left and upper right corner, with room for a key below the bins."""
        low = self.positions.min(axis=0) - self.side
        high = self.positions.max(axis=0) + self.side
        return low - [0.0, KEY_ROOM * (high - low).max()], high


def _plane(quantizer: Quantizer) -> _Plane:
    """Return the plane that suits the bins: ab, hue by chroma for grids, or else a disk."""
    centers = quantizer.centers
    if quantizer.space == "ab":
        names = "a: green to red (CIELAB)", "b: blue to yellow (CIELAB)"
        return _Plane(centers, _cell_side(centers), *names)
    n_hues, n_chromas = (len(np.unique(column)) for column in centers.T)
    if n_hues * n_chromas == len(centers) and min(n_hues, n_chromas) > 1:
        return _Plane(centers, _cell_side(centers), "hue", "chroma")
    disk = to_chroma_plane(centers)
    return _Plane(disk, _cell_side(disk), "chroma × cos(hue)", "chroma × sin(hue)")


def _map_figure(quantizer: Quantizer) -> tuple[Figure, Axes]:
    """Return a figure and axes with the height of a map of the bins."""
    low, high = _plane(quantizer).reach
    width, height = high - low
    figure = blank_figure(LABEL_ROOM + MAP_SIDE * min(1.0, height / width))
    return figure, figure.subplots()


def _add_squares(axes: Axes, middles: Floats, sides: Floats, colors: Floats) -> None:
    """Draw squares in colors of bins."""
    squares = PolyCollection(_squares(middles, sides), facecolors=colors, gid=OWN_COLORS)
    squares.set_rasterized(len(middles) > MOST_DRAWN)
    axes.add_collection(squares)


def _squares(middles: Floats, sides: Floats) -> list[Floats]:
    """Return the corners of squares, (5, 2) each, the first repeated as the last."""
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5], [-0.5, -0.5]])
    return list(middles[:, None, :] + sides[:, None, None] * corners)


def _cell_side(positions: Floats) -> float:
    """Return a little less than the median distance of a bin to its nearest neighbor."""
    distinct = np.unique(np.round(positions, 9), axis=0)
    nearest = cKDTree(distinct).query(distinct, k=2)[0][:, 1]
    return min(0.92 * float(np.median(nearest)), 0.1 * float(np.abs(positions).max()))


def _name(axes: Axes, title: str, note: str) -> None:
    axes.set_title(title, color=TEXT, fontsize=TITLE_SIZE, pad=26)
    place: dict[str, Any] = {"ha": "center", "va": "bottom", "transform": axes.transAxes}
    axes.text(0.5, 1.01, note, color=SOFT, fontsize=SIZE, **place)
