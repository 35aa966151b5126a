"""The curve of PSNR over the number of color hints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from .style import SERIES, STYLES, headed_axes, label, put_legend

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


def draw_hint_curves(curves: Mapping[str, HintCurve], caption: str) -> Figure:
    """Draw a curve or two by their names, with bands of one standard error to both sides."""
    figure, head, axes = headed_axes(1 + len(curves))
    lines = [
        (name, _plot(axes, curve, color, style))
        for (name, curve), color, style in zip(curves.items(), SERIES, STYLES, strict=False)
    ]
    most = max(max(curve.counts) for curve in curves.values())
    ticks = [tick for tick in TICKS if tick <= most]
    axes.set_xscale("log")
    axes.set_xticks([NONE, *ticks], ["none", *map(str, ticks)])
    axes.xaxis.set_minor_locator(NullLocator())
    label(axes, "color hints", "PSNR (dB)")
    put_legend(head, lines, caption)
    return figure


def _plot(axes: Axes, curve: HintCurve, color: str, style: Any) -> Line2D:
    """Plot a curve with its band."""
    places = np.maximum(curve.counts, NONE)
    means, errors = np.array(curve.means), np.nan_to_num(curve.errors)
    band: dict[str, Any] = {"color": color, "alpha": 0.25, "linewidth": 0}
    axes.fill_between(places, means - errors, means + errors, **band)
    (line,) = axes.plot(places, means, style, color=color, linewidth=1.8)
    return line
