"""Figures as files, in a theme: PNG, PDF and SVG, the same bytes each time.

In PDF and SVG, text stays text, which can be searched and edited.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import Collection, PathCollection
from matplotlib.colors import to_hex, to_rgba, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from numpy.typing import NDArray

from ...errors import InputError
from ..gallery import TEXT
from ..themes import DARK, IN_LIGHT, LIGHT
from .figure_style import DEFAULT_STYLE, FigureStyle
from .style import OWN_COLORS, TITLE_SIZE

# Text as text; ids by a salt, not at random.
VECTOR: Any = {"svg.fonttype": "none", "svg.hashsalt": "colorprep", "pdf.fonttype": 42}
METADATA: Mapping[str, Mapping[str, None]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
}
SMALLEST = 0.5  # that text becomes in narrow figures, of its own size
OUTSIDE = 0.02  # of the shorter side: so much may stand out
SHORTEST = 0.35  # that axes become beside their text, of their own sides
COLORED = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")


def write_figure(
    figure: Figure, title: str, path: Path, style: FigureStyle = DEFAULT_STYLE
) -> None:
    """Write a figure to a file. The figure itself is changed: title, colors, and size.

    Parameters
    ----------
    figure : Figure
        In the colors of the dark theme.
    title : str
        Stands above the figure if the style has titles; empty for none.
    path : Path
        Its ending does not matter.
    style : FigureStyle

    Raises
    ------
    InputError
        If the figure does not fit into the size of the style.
    """
    if style.titled and title:
        figure.suptitle(title, color=TEXT, fontsize=TITLE_SIZE, parse_math=False)
    if not style.is_dark:
        recolor(figure, IN_LIGHT)
    ending = style.ending
    with matplotlib.rc_context(VECTOR), quiet():
        if style.size is not None:
            _resize(figure, *style.size)
        _settle(figure)
        figure.savefig(path, format=ending, dpi=style.dpi, metadata={**METADATA[ending]})
    if style.follows_reader:
        _add_dark_theme(path)


def recolor(figure: Figure, colors: Mapping[str, str]) -> None:
    """Replace colors of a figure, as in ``#a0b0c0``, except those of bins."""
    for artist in figure.findobj():
        if artist.get_gid() == OWN_COLORS:
            continue
        for name in COLORED:
            if hasattr(artist, f"get_{name}"):
                _recolor(artist, name, colors)


def _recolor(artist: Artist, name: str, colors: Mapping[str, str]) -> None:
    old = to_rgba_array(getattr(artist, f"get_{name}")())
    replaced = [colors.get(to_hex(color)) for color in old]
    if any(replaced):
        new = [
            to_rgba(color or tuple(before), before[3])
            for color, before in zip(replaced, old, strict=True)
        ]
        set_color = getattr(artist, f"set_{name}")
        set_color(new if isinstance(artist, Collection) else new[0])


def _settle(figure: Figure) -> None:
    """Fix a figure's layout, its axes at rounded positions.

    The layout's solver takes its variables in the order of their memory addresses, so the last
    digits of its result vary at random, and with them the shades of single pixels.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = axes.get_position(original=True).bounds
        axes.set_position((round(left, 6), round(bottom, 6), round(width, 6), round(height, 6)))


def _resize(figure: Figure, width: float, height: float | None) -> None:
    """Give a figure a size, by default the height that it needs; raise InputError if it needs more.

    In a narrower figure, text and lines are smaller.
    """
    figure.draw_without_rendering()
    natural, sides = figure.get_size_inches(), _sides(figure)
    smallest = SMALLEST * natural[0]
    scale = min(1.0, max(smallest, width) / natural[0])
    needed = scale * natural[1]
    size = (width, needed if height is None else height)
    figure.set_size_inches(*size)
    _scale(figure, scale)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="constrained_layout not applied")
        figure.draw_without_rendering()
    inside = figure.get_tightbbox().padded(-OUTSIDE * min(size))
    leaves = min(inside.x0, inside.y0) < 0 or inside.x1 > size[0] or inside.y1 > size[1]
    if leaves or np.any(_sides(figure) < SHORTEST * scale * sides):
        raise InputError(
            f"the figure does not fit into {size[0]:g} x {size[1]:.3g} inches; --figure-size "
            f"{max(smallest, width):g} gives it the height that it needs, {needed:.3g}"
        )


def _scale(figure: Figure, scale: float) -> None:
    """Scale text, lines and dots."""
    for artist in figure.findobj():
        if isinstance(artist, Text):
            artist.set_fontsize(scale * float(artist.get_fontsize()))
        elif isinstance(artist, Line2D):
            artist.set(
                markersize=scale * artist.get_markersize(),
                markeredgewidth=scale * artist.get_markeredgewidth(),
                linewidth=scale * artist.get_linewidth(),
            )
        elif isinstance(artist, PathCollection):
            artist.set_sizes(scale**2 * artist.get_sizes())


def _sides(figure: Figure) -> NDArray[np.float64]:
    """Return the width and the height of all axes in inches."""
    boxes = [axes.get_window_extent().size for axes in figure.axes]
    return np.array(boxes) / figure.dpi


def _add_dark_theme(path: Path) -> None:
    """Let a light SVG file be dark where the reader prefers that.

    Its colors are overridden by a style sheet, so programs that know none show it light.
    """
    rules = [
        f'[style*="{what}: {LIGHT[name]}"]:not(#{OWN_COLORS} *) {{ {what}: {dark} !important }}'
        for name, dark in DARK.items()
        for what in ("fill", "stroke")
    ]
    sheet = "\n".join(["@media (prefers-color-scheme: dark) {", *rules, "}"])
    text = path.read_text(encoding="utf-8")
    opening = re.search(r"<svg[^>]*>", text)
    assert opening is not None
    end = opening.end()
    path.write_text(f"{text[:end]}\n<style>\n{sheet}\n</style>{text[end:]}", encoding="utf-8")


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings about glyphs that matplotlib's font lacks; a page has its own fonts."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        yield
