"""How figures look: their colors, their size, and axes that stay in the background.

Figures are on a dark ground with light text. The page shows them in the colors of its theme
instead, see `svg`, so every color that is no color of a bin comes from here.
"""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter

from .gallery import GROUND, TEXT
from .numbers import percent

SOFT = "#a9adb8"
FAINT = "#3a3e47"
ACCENT = "#f08a4b"
SECOND = "#6cc0e5"
THIRD = "#c79bf2"
# Lines side by side in PNG files; a page's theme knows the first three alone.
SERIES = (ACCENT, SECOND, THIRD, "#8fce8b", "#f2d06b", "#f29bb5")

WIDTH = 5.0
DPI = 168
SIZE = 12
TITLE_SIZE = 15

# What draws colors of bins bears this mark, and keeps its colors in every theme.
OWN_COLORS = "own-colors"


def blank_figure(height: float) -> Figure:
    """Return an empty figure, narrow enough that a phone shows its text at a readable size.

    Parameters
    ----------
    height : float
        In inches; the width is always the same.
    """
    layout = ConstrainedLayoutEngine(h_pad=0.08, w_pad=0.08)
    return Figure(figsize=(WIDTH, height), dpi=DPI, facecolor=GROUND, layout=layout)


def plain(axes: Axes) -> None:
    """Make the frame of axes faint and their numbers readable."""
    axes.set_facecolor("none")
    axes.tick_params(colors=SOFT, labelsize=SIZE)
    for spine in axes.spines.values():
        spine.set_color(FAINT)


def label(axes: Axes, x: str, y: str) -> None:
    """Name both axes."""
    style: dict[str, Any] = {"color": TEXT, "fontsize": SIZE}
    axes.set_xlabel(x, **style)
    axes.set_ylabel(y, **style)


def percent_axis() -> FuncFormatter:
    """Return what writes the ticks of an axis of shares as percentages."""
    return FuncFormatter(lambda share, _: percent(share))
