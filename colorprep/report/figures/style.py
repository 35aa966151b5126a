"""Style of figures: colors, sizes, and unobtrusive axes.

Figures are drawn in the colors of the dark theme, which `figure_files` and `svg` replace by those
of another one, so every color that is not a bin's own must come from here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import blended_transform_factory

from ..gallery import GROUND, TEXT
from ..numbers import percent
from ..themes import DARK
from .figure_style import WIDTH, FigureStyle

SOFT, FAINT = DARK["soft"], DARK["faint"]
ACCENT, SECOND, THIRD = DARK["accent"], DARK["second"], DARK["third"]
SERIES = (ACCENT, SECOND, THIRD, DARK["fourth"], DARK["fifth"], DARK["sixth"])  # of lines
STYLES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (2, 1)))  # of lines, also in gray

EDGE = 0.08  # inches around axes and their text
DPI = FigureStyle.dpi
SIZE = 12
TITLE_SIZE = 15
PLOT_HEIGHT, LINE_HEIGHT = 3.3, 0.25  # of curves, and of a line of a legend above them
LONGEST_LINE = 48  # letters, of the caption of a legend
LONGEST_NAME = 36  # letters, that fit in a title or a legend

# The gid of artists that show colors of bins, which must not follow the theme.
OWN_COLORS = "own-colors"


def blank_figure(height: float) -> Figure:
    """Return an empty figure, narrow enough for its text to be readable on a phone.

    Parameters
    ----------
    height : float
        In inches; the width is fixed.
    """
    layout = ConstrainedLayoutEngine(h_pad=EDGE, w_pad=EDGE)
    return Figure(figsize=(WIDTH, height), dpi=DPI, facecolor=GROUND, layout=layout)


def plain(axes: Axes) -> None:
    """Make the frame of axes faint and their numbers readable."""
    axes.set_facecolor("none")
    axes.tick_params(colors=SOFT, labelsize=SIZE)
    for spine in axes.spines.values():
        spine.set_color(FAINT)


def label(axes: Axes, x: str, y: str) -> None:
    """Name both axes; an empty name leaves one as it is."""
    style: dict[str, Any] = {"color": TEXT, "fontsize": SIZE}
    if x:
        axes.set_xlabel(x, **style)
    if y:
        axes.set_ylabel(y, **style)


def percent_axis() -> FuncFormatter:
    """Return a formatter that shows the ticks of fractions as percentages."""
    return FuncFormatter(lambda fraction, _: percent(fraction))


def headed_axes(n_lines: int) -> tuple[Figure, Axes, Axes]:
    """Return a figure, axes for a legend of so many lines, and those below for curves."""
    heights = [n_lines * LINE_HEIGHT, PLOT_HEIGHT]
    figure = blank_figure(sum(heights) + 1.2)
    grid = figure.add_gridspec(2, 1, height_ratios=heights)
    head, axes = figure.add_subplot(grid[0]), figure.add_subplot(grid[1])
    head.set_axis_off()
    plain(axes)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=(1, 2, 5, 10)))
    return figure, head, axes


def shortened(name: str) -> str:
    """Return a name that fits in a figure: the end of a long one."""
    return name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}"


def at_left_edge(head: Axes) -> dict[str, Any]:
    """Return options of a legend that begins where the page does, since it may be wider than axes.

    Parameters
    ----------
    head : Axes
        Those that the legend is on top of.
    """
    page = head.figure.transFigure
    return {
        "loc": "upper left",
        "alignment": "left",
        "borderpad": 0,
        "borderaxespad": 0,
        "bbox_to_anchor": (EDGE / WIDTH, 1),
        "bbox_transform": blended_transform_factory(page, head.transAxes),
    }


def legend_look(size: float = SIZE) -> dict[str, Any]:
    """Return what all legends have in common."""
    return {
        "frameon": False,
        "fontsize": size,
        "title_fontproperties": {"size": size},
        "labelcolor": TEXT,
    }


def put_legend(
    head: Axes, lines: Iterable[tuple[str, Line2D]], caption: str, n_columns: int = 1
) -> None:
    """Put a legend into axes that hold nothing else, above the others, where it covers no curve."""
    names, handles = zip(*lines, strict=True)
    legend = head.legend(
        handles,
        [str(number) for number in range(len(names))],
        title=textwrap.fill(caption, LONGEST_LINE),
        ncols=n_columns,
        columnspacing=1.2,
        handlelength=1.9,
        handletextpad=0.6,
        **at_left_edge(head),
        **legend_look(),
    )
    legend.get_title().set(color=SOFT, parse_math=False)
    # Names of runs are set afterwards: matplotlib leaves out labels that begin with _.
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set(text=name, parse_math=False)
