"""The curve of PSNR over the number of color hints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from .gallery import TEXT
from .style import FAINT, SERIES, SIZE, blank_figure, label, plain

HEIGHT = 4.2
STYLES = ("-", "--")
NONE = 0.4  # where a logarithmic axis shows 0 hints
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


class HintCurve(NamedTuple):
    """PSNR by number of hints.

    Attributes
    ----------
    counts : sequence of int
        Numbers of hints, ascending.
    means, errors : sequence of float
        Means and standard errors in dB; NaN for unknown ones.
    """

    counts: Sequence[int]
    means: Sequence[float]
    errors: Sequence[float]


def draw_hint_curves(curves: Mapping[str, HintCurve]) -> Figure:
    """Draw a curve or two by their names, with bands of one standard error to both sides."""
    figure = blank_figure(HEIGHT)
    axes = figure.subplots()
    plain(axes)
    lines = []
    for curve, color, style in zip(curves.values(), SERIES, STYLES, strict=False):
        places = np.maximum(curve.counts, NONE)
        means, errors = np.array(curve.means), np.nan_to_num(curve.errors)
        band: dict[str, Any] = {"color": color, "alpha": 0.25, "linewidth": 0}
        axes.fill_between(places, means - errors, means + errors, **band)
        lines += axes.plot(places, means, style, color=color, linewidth=1.8)
    most = max(max(curve.counts) for curve in curves.values())
    ticks = [tick for tick in TICKS if tick <= most]
    axes.set_xscale("log")
    axes.set_xticks([NONE, *ticks], ["none", *map(str, ticks)])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    _put_legend(axes, lines, list(curves))
    label(axes, "color hints", "PSNR ± standard error (dB)")
    return figure


def _put_legend(axes: Axes, lines: Sequence[Line2D], names: Sequence[str]) -> None:
    """Put the legend above the axes, where it covers no curve."""
    legend = axes.legend(
        lines,
        [str(number) for number in range(len(lines))],
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.02),
        borderpad=0,
        frameon=False,
        fontsize=SIZE,
        labelcolor=TEXT,
    )
    # Set afterwards: matplotlib leaves out labels that begin with _.
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set(text=name, parse_math=False)
