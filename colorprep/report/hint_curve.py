"""The curve of PSNR over the number of color hints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from .gallery import TEXT
from .style import FAINT, SERIES, SIZE, blank_figure, label, plain

HEIGHT = 4.0
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
    """Draw curves by their names, each with a band of one standard error to both sides."""
    figure = blank_figure(HEIGHT)
    axes = figure.subplots()
    plain(axes)
    styles = ("-", "--", "-.", ":")
    for (name, curve), color, style in zip(curves.items(), SERIES, styles, strict=False):
        places = np.maximum(curve.counts, NONE)
        means, errors = np.array(curve.means), np.nan_to_num(curve.errors)
        band = {"color": color, "alpha": 0.25, "linewidth": 0}
        axes.fill_between(places, means - errors, means + errors, **band)
        axes.plot(places, means, style, color=color, linewidth=1.8, label=name)
    most = max(max(curve.counts) for curve in curves.values())
    ticks = [tick for tick in TICKS if tick <= most]
    axes.set_xscale("log")
    axes.set_xticks([NONE, *ticks], ["none", *map(str, ticks)])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    legend = axes.legend(loc="lower right", frameon=False, fontsize=SIZE, labelcolor=TEXT)
    for text in legend.get_texts():
        text.set_parse_math(False)
    label(axes, "color hints", "PSNR (dB)")
    return figure
