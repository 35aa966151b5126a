"""Maps of priors: how often each bin occurs, on a log scale, and beside it on a linear one.

A bin's own color is in the middle of its cell, in a frame that is shaded by its share of the
pixels. Shades are between the ground and the color of text, so common bins stand out in any theme
and in print. Shares differ by factors of 100,000, which only a log scale can show; that most pixels
are gray, only a linear one can. So bars of all pixels are below the map.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure, FigureBase
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray

from ...balance.prior import Prior
from ...balance.smoothing import hard_probs
from ...color.lab import Floats
from ...quantize.quantizer import Quantizer
from ..gallery import TEXT
from ..numbers import percent
from .bin_plane import BinPlane, plane_of, set_plane
from .figure_style import WIDE, WIDTH
from .gamut import add_own_colors, bin_colors, plot_weights
from .spectrum import plot_spectra
from .style import FAINT, SIZE, blank_figure, label, plain

DECADES = 5  # the scale begins at 0.001%
STEPS = 5  # shades a decade
PALEST = 0.08  # opacity of the first shade
MARK = 0.45  # the width of a bin's own color, of its cell's
MAP_SIDE, SCALE_HEIGHT, BARS_HEIGHT = 4.0, 0.24, 1.0  # inches
TEXT_ROOM, SCALE_TEXT_ROOM, TITLE_ROOM = 2.8, 0.6, 0.3  # inches: of labels, numbers and titles


def draw_shares(prior: Prior) -> Figure:
    """Draw a prior as a map of its bins, with a bar of all pixels below it.

    The map shows the smoothed prior, and the bars that and the counted one; both show the counted
    one alone if it is not smoothed.
    """
    plane = plane_of(prior.quantizer)
    figure = blank_figure(_height(plane))
    _plot_prior(figure, prior, plane)
    return figure


def draw_prior(prior: Prior, weights: Floats) -> Figure:
    """Draw a prior as `draw_shares` does, and right of it what rebalancing weights make of it.

    Parameters
    ----------
    prior : Prior
    weights : ndarray of shape (Q,), float64
    """
    quantizer, plane = prior.quantizer, plane_of(prior.quantizer)
    figure = blank_figure(_height(plane))
    figure.set_size_inches(WIDE, _height(plane))
    left, right = figure.subfigures(1, 2, squeeze=False)[0]
    _plot_prior(left, prior, plane)
    above, below = right.subplots(2, 1, height_ratios=[_map_height(plane), BARS_HEIGHT])
    plot_weights(above, quantizer, weights)
    _head(above, "Weights: how much each bin counts")
    weighted = prior.probs * weights
    rows = [("pixels", prior.probs), ("loss", weighted / weighted.sum())]
    _head(below, "What training attends to")
    plot_spectra(below, quantizer, rows, "share of the pixels, and of the weighted loss")
    return figure


def draw_maps(quantizer: Quantizer, priors: Sequence[tuple[str, Floats]]) -> Figure:
    """Draw priors over the same bins as small maps like that of `draw_shares`, in rows.

    Parameters
    ----------
    quantizer : Quantizer
    priors : sequence of tuple of str and ndarray of shape (Q,), float64
        Titles and probabilities, at least one.
    """
    plane, colors = plane_of(quantizer), bin_colors(quantizer)
    n_columns = 2 if len(priors) <= 4 else 3
    n_rows = -(-len(priors) // n_columns)
    row_height = WIDTH / n_columns * min(1.0, _aspect(plane))
    figure = blank_figure(n_rows * (row_height + TITLE_ROOM) + SCALE_HEIGHT + SCALE_TEXT_ROOM)
    ratios = [*[row_height] * n_rows, SCALE_HEIGHT]
    grid = figure.add_gridspec(n_rows + 1, n_columns, height_ratios=ratios)
    for place, (title, probs) in enumerate(priors):
        axes = figure.add_subplot(grid[divmod(place, n_columns)])
        _plot_shares(axes, plane, colors, probs, len(priors))
        axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
        axes.set_title(title, color=TEXT, fontsize=SIZE, parse_math=False)
    _plot_scale(figure.add_subplot(grid[-1, :]))
    return figure


def named_shares(prior: Prior) -> list[tuple[str, Floats]]:
    """Return the smoothed prior, if it was smoothed, and the counted one, each with its name."""
    counted = hard_probs(prior.counts)
    if np.array_equal(counted, prior.probs):
        return [("counted", counted)]
    return [("smoothed", prior.probs), ("counted", counted)]


def shade(probs: Floats) -> NDArray[np.int64]:
    """Return the shades of probabilities, five a decade, from 0 at 0.001% and less to 25 at 100%.

    Examples
    --------
    >>> shade(np.array([0.0, 1e-5, 0.0001, 0.1, 0.158, 1.0])).tolist()
    [0, 0, 5, 20, 21, 25]
    """
    steps = STEPS * (np.log10(np.maximum(probs, 10.0**-DECADES)) + DECADES)
    shades: NDArray[np.int64] = np.rint(steps).astype(np.int64)
    return shades


def _plot_prior(figure: FigureBase, prior: Prior, plane: BinPlane) -> None:
    """Draw the map, its scale and the bars below one another."""
    rows = named_shares(prior)
    ratios = [_map_height(plane), SCALE_HEIGHT, BARS_HEIGHT]
    above, scale, below = figure.subplots(3, 1, height_ratios=ratios)
    name, probs = rows[0]
    _plot_shares(above, plane, bin_colors(prior.quantizer), probs)
    _head(above, f"{name.capitalize()}: each bin on a log scale")
    _plot_scale(scale)
    _head(below, "All pixels on a linear scale")
    plot_spectra(below, prior.quantizer, rows, "share of the pixels")


def _height(plane: BinPlane) -> float:
    """Return the height of `draw_shares` in inches."""
    return _map_height(plane) + SCALE_HEIGHT + BARS_HEIGHT + TEXT_ROOM


def _map_height(plane: BinPlane) -> float:
    return MAP_SIDE * min(1.0, _aspect(plane))


def _plot_shares(
    axes: Axes, plane: BinPlane, colors: Floats, probs: Floats, n_maps: int = 1
) -> None:
    """Draw each bin's cell; that of a bin without a share is an empty frame."""
    held = probs > 0
    shades = np.where(held, shade(probs), -1)
    for step in np.unique(shades):
        # One path for all cells of a shade is half as long as a path for each.
        chosen = [Path(plane.cells[i], closed=True) for i in np.flatnonzero(shades == step)]
        fill, edge = ("none", FAINT) if step < 0 else (_color(step), "none")
        outlines = Path.make_compound_path(*chosen)
        axes.add_artist(PathPatch(outlines, facecolor=fill, edgecolor=edge, linewidth=0.5))
    middles = [
        place + MARK * (cell - place)
        for place, cell, drawn in zip(plane.positions, plane.cells, held, strict=True)
        if drawn
    ]
    add_own_colors(axes, middles, colors[held], n_maps)
    set_plane(axes, plane, *_reach(plane))


def _plot_scale(axes: Axes) -> None:
    """Draw the shades as a bar with round shares."""
    plain(axes)
    last = STEPS * DECADES
    bars = [
        [(left, 0), (left + 1, 0), (left + 1, 1), (left, 1)] for left in np.arange(last + 1) - 0.5
    ]
    axes.add_collection(PolyCollection(bars, facecolors=[_color(step) for step in range(last + 1)]))
    axes.set(xlim=(-0.5, last + 0.5), ylim=(0, 1), yticks=[])
    decades = range(DECADES + 1)
    names = [percent(10.0 ** (decade - DECADES)) for decade in decades]
    axes.set_xticks([STEPS * decade for decade in decades], names)
    axes.spines[:].set_visible(False)
    label(axes, "share of the pixels in one bin", "")


def _color(step: int) -> tuple[float, float, float, float]:
    """Return a shade. Mixtures of two colors in sRGB are nearly even in lightness."""
    return to_rgba(TEXT, PALEST + (1 - PALEST) * step / (STEPS * DECADES))


def _reach(plane: BinPlane) -> tuple[Floats, Floats]:
    """Return the lower left and the upper right corner of the cells, with a small margin."""
    corners = np.concatenate(plane.cells)
    low, high = corners.min(axis=0), corners.max(axis=0)
    margin = 0.02 * (high - low).max()
    return low - margin, high + margin


def _aspect(plane: BinPlane) -> float:
    """Return the height of a map over its width."""
    low, high = _reach(plane)
    width, height = high - low
    return float(height / width)


def _head(axes: Axes, text: str) -> None:
    axes.set_title(text, color=TEXT, fontsize=SIZE, loc="left")
