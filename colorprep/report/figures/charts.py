"""Charts: bins by rank, intervals, scores of a curriculum, errors of the round trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator
from numpy.typing import NDArray

from ...color.lab import Floats, lab_to_rgb, reduce_to_gamut
from ...quantize.quantizer import Quantizer
from ...quantize.round_trip import RoundTrip
from ..gallery import TEXT
from ..names import name_within
from ..numbers import short
from .figure_style import WIDTH
from .gamut import bin_colors
from .style import (
    ACCENT,
    DPI,
    LINE_HEIGHT,
    OWN_COLORS,
    SECOND,
    SIZE,
    SOFT,
    THIRD,
    at_left_edge,
    blank_figure,
    label,
    legend_look,
    percent_axis,
    plain,
)

HEIGHT = 3.6
SCORE_LABELS = {
    "rgbvar": "variance across R, G, B",
    "ab-entropy": "entropy of ab, in bits",
    "surprise": "surprise, in bits a pixel",
}
MOST_POINTS = 400  # of a curve, to keep the page small
SMALL = 9  # points, of names under photographs
LEGEND_COLUMNS = 4
SHOWN_ERRORS = 0.99  # the quantile of the errors that the axis reaches


class Stratum(NamedTuple):
    """Images that take turns with those of other strata in a ranking.

    Attributes
    ----------
    name : str
    color : tuple of float
        sRGB in [0, 1].
    positions : ndarray of shape (m,), int64
        Of its images in the ranking, counted from 0.
    """

    name: str
    color: tuple[float, float, float]
    positions: NDArray[np.int64]


def draw_hard_and_smoothed(quantizer: Quantizer, hard: Floats, smoothed: Floats) -> Figure:
    """Draw a prior before and after smoothing, bins sorted by their smoothed probability.

    The smoothed prior is a line, the hard one dots in the colors of the bins, with a tick at the
    bottom for each bin without a pixel.

    Parameters
    ----------
    quantizer : Quantizer
    hard, smoothed : ndarray of shape (Q,), float64
    """
    figure = blank_figure(HEIGHT)
    axes = figure.subplots()
    plain(axes)
    order = np.argsort(-smoothed, kind="stable")
    ranks = np.arange(1, len(order) + 1)
    line, dots = smoothed[order], hard[order]
    axes.plot(ranks[line > 0], line[line > 0], color=ACCENT, linewidth=2)
    held = dots > 0
    bottom = 0.3 * float(dots[held].min())
    colors = bin_colors(quantizer)[order][held]
    axes.scatter(ranks[held], dots[held], 16, colors, linewidths=0, gid=OWN_COLORS)
    axes.vlines(ranks[~held], bottom, 1.6 * bottom, SOFT, linewidth=0.8)
    axes.set_yscale("log")
    axes.set_ylim(bottom, 1)
    axes.yaxis.set_major_formatter(percent_axis())
    axes.minorticks_off()
    axes.spines[["top", "right"]].set_visible(False)
    label(axes, "bins, from the commonest to the rarest", "share of the pixels")
    return figure


def draw_intervals(quantizer: Quantizer, shares: Floats, low: Floats, high: Floats) -> Figure:
    """Draw the 30 commonest bins with their intervals, as dots in their colors on a log scale.

    Parameters
    ----------
    quantizer : Quantizer
    shares, low, high : ndarray of shape (Q,), float64
    """
    figure = blank_figure(HEIGHT)
    axes = figure.subplots()
    plain(axes)
    order = np.argsort(-shares, kind="stable")[:30]
    order = order[shares[order] > 0]
    ranks = np.arange(1, len(order) + 1)
    # A log axis cannot show an interval that begins at 0, so it begins at the bottom instead.
    bottom = 0.7 * float(np.where(low > 0, low, shares)[order].min())
    axes.vlines(ranks, np.maximum(low[order], bottom), high[order], SOFT, linewidth=2)
    colors = bin_colors(quantizer)[order]
    axes.scatter(ranks, shares[order], 60, colors, linewidths=0, gid=OWN_COLORS, zorder=3)
    axes.set_yscale("log")
    axes.set_ylim(bottom, None)
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    axes.yaxis.set_major_formatter(percent_axis())
    axes.minorticks_off()
    axes.spines[["top", "right"]].set_visible(False)
    label(axes, f"the {len(order)} commonest bins", "share of the pixels")
    return figure


def draw_errors(errors: RoundTrip) -> Figure:
    """Draw the cumulative distribution of round-trip errors for each way of decoding.

    Parameters
    ----------
    errors : RoundTrip
        Of color differences, each ndarray of shape (N,).
    """
    figure = blank_figure(HEIGHT)
    axes = figure.subplots()
    plain(axes)
    shares = np.linspace(0.0, 1.0, 201)
    lines = zip(errors._fields, errors, (ACCENT, SECOND, THIRD), ("-", "--", "-."), strict=True)
    for name, values, color, style in lines:
        axes.plot(np.quantile(values, shares), shares, style, color=color, linewidth=2, label=name)
    reach = max(float(np.quantile(values, SHOWN_ERRORS)) for values in errors)
    axes.set(xlim=(0, 1.05 * reach or 1.0), ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(percent_axis())
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", frameon=False, fontsize=SIZE, labelcolor=TEXT, handlelength=3)
    label(axes, "color difference (CIEDE2000)", "share of the pixels")
    return figure


def draw_round_trips(
    rows: Sequence[str], rgb: NDArray[np.uint8], decoded: RoundTrip, errors: RoundTrip
) -> Figure:
    """Draw colors beside what each way of decoding makes of them, with the errors below.

    Parameters
    ----------
    rows : sequence of str
        Names of the N colors.
    rgb : ndarray of shape (N, 3), uint8
    decoded : RoundTrip
        Of CIE Lab, each ndarray of shape (N, 3).
    errors : RoundTrip
        Of color differences, each ndarray of shape (N,).
    """
    figure = blank_figure(0.7 + 0.8 * len(rows))
    axes = figure.subplots()
    plain(axes)
    columns = [rgb / 255.0, *(lab_to_rgb(reduce_to_gamut(lab)) for lab in decoded)]
    for column, colors in enumerate(columns):
        boxes = [
            [(column, row), (column + 0.9, row), (column + 0.9, row + 0.6), (column, row + 0.6)]
            for row in range(len(rows))
        ]
        axes.add_collection(PolyCollection(boxes, facecolors=colors, gid=OWN_COLORS))
    style: dict[str, Any] = {"color": SOFT, "fontsize": SIZE, "ha": "center", "va": "center"}
    for column, differences in enumerate(errors, 1):
        for row, difference in enumerate(differences):
            axes.text(column + 0.45, row + 0.78, short(difference), **style)
    axes.set(xlim=(-0.05, 3.95), ylim=(len(rows), -0.1))
    axes.set_xticks([column + 0.45 for column in range(4)], ["original", *decoded._fields])
    axes.set_yticks([row + 0.3 for row in range(len(rows))], rows)
    axes.tick_params(length=0, labelcolor=TEXT, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    return figure


def draw_scores(scores: Floats, shown: Sequence[int]) -> Figure:
    """Draw the sorted scores of a curriculum.

    Parameters
    ----------
    scores : ndarray of shape (n,), float64
        By rank.
    shown : sequence of int
        Ranks to mark, counted from 1.
    """
    figure = blank_figure(HEIGHT)
    _plot_scores(figure.subplots(), scores, shown, "rgbvar")
    return figure


def draw_ranking(
    scores: Floats,
    shown: Sequence[int],
    thumbnails: Sequence[NDArray[np.uint8]],
    names: Sequence[str],
    score: str = "rgbvar",
    strata: Sequence[Stratum] = (),
) -> Figure:
    """Draw the sorted scores of a curriculum, with photographs at some ranks.

    Parameters
    ----------
    scores : ndarray of shape (n,), float64
        By rank.
    shown : sequence of int
        Ranks of the photographs, counted from 1.
    thumbnails : sequence of ndarray of shape (H, W, 3), uint8
    names : sequence of str
        Of the photographs.
    score : str
        The name of the score.
    strata : sequence of Stratum
        Of all images, if they are ranked by strata, so that scores go up and down; then each image
        is a dot in the color of its stratum.
    """
    heights = [4.2, 1.3]
    if strata:
        heights.insert(0, LINE_HEIGHT * (1 - -len(strata) // LEGEND_COLUMNS))
    figure = blank_figure(sum(heights) + 0.4)
    grid = figure.add_gridspec(len(heights), len(shown), height_ratios=heights)
    curve = figure.add_subplot(grid[-2, :])
    _plot_scores(curve, scores, shown, score, strata)
    if strata:
        _put_legend_of_strata(figure.add_subplot(grid[0, :]), strata)
    room = 0.7 * WIDTH * DPI / len(shown)
    for column, (rank, thumbnail) in enumerate(zip(shown, thumbnails, strict=True)):
        photograph = figure.add_subplot(grid[-1, column])
        photograph.imshow(thumbnail)
        photograph.set(xticks=[], yticks=[])
        photograph.spines[:].set_visible(False)
        photograph.set_title(f"rank {rank}", color=SOFT, fontsize=SIZE - 1.5)
        name = name_within(names[column], room, SMALL * DPI / 72)
        photograph.set_xlabel(name, color=SOFT, fontsize=SMALL, parse_math=False)
    return figure


def ranking_title(name: str, stratified: bool = False) -> str:
    """Return the title of a ranking by a score."""
    return f"Images by {name}" + (", stratum by stratum" if stratified else "")


def _plot_scores(
    axes: Axes, scores: Floats, shown: Sequence[int], name: str, strata: Sequence[Stratum] = ()
) -> None:
    plain(axes)
    n = len(scores)
    drawn = np.unique(np.linspace(0, n - 1, min(n, MOST_POINTS)).round().astype(np.int64))
    for stratum in strata:
        at = np.intersect1d(stratum.positions, drawn)
        axes.scatter(at + 1, scores[at], 14, [stratum.color], linewidths=0, gid=OWN_COLORS)
    if not strata:
        axes.fill_between(drawn + 1, scores[drawn], color=ACCENT, alpha=0.25, linewidth=0)
        axes.plot(drawn + 1, scores[drawn], color=ACCENT, linewidth=2)
    marked = [scores[rank - 1] for rank in shown]
    axes.plot(shown, marked, "o", color=TEXT, markersize=7, clip_on=False)
    axes.set_xlim(1, max(2, n))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_ylim(0, None)
    axes.spines[["top", "right"]].set_visible(False)
    label(axes, "rank", SCORE_LABELS.get(name, name))


def _put_legend_of_strata(head: Axes, strata: Sequence[Stratum]) -> None:
    """Name the strata in axes that hold nothing else, each beside a dot in its color."""
    head.set_axis_off()
    dots = [head.scatter([], [], 36, [each.color], linewidths=0) for each in strata]
    legend = head.legend(
        dots,
        [stratum.name for stratum in strata],
        title="hue of the stratum",
        **at_left_edge(head),
        **legend_look(SIZE - 2),
        ncols=LEGEND_COLUMNS,
        handletextpad=0,
        columnspacing=0.8,
    )
    legend.get_title().set_color(SOFT)
    for dot in legend.legend_handles:
        assert dot is not None
        dot.set_gid(OWN_COLORS)
