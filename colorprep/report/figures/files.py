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
from matplotlib.axis import Tick
from matplotlib.collections import Collection, PathCollection
from matplotlib.colors import to_hex, to_rgba, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.offsetbox import DrawingArea, PackerBase
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from ..gallery import TEXT
from ..themes import DARK, IN_LIGHT, LIGHT
from .figure_style import DEFAULT_STYLE, SMALLEST, FigureStyle
from .style import OWN_COLORS, TITLE_SIZE

# Text as text; ids by a salt, not at random.
VECTOR: Any = {"svg.fonttype": "none", "svg.hashsalt": "colorprep", "pdf.fonttype": 42}
METADATA: Mapping[str, Mapping[str, None]] = {
    "png": {"Software": None},
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
}
MARGIN = 0.02  # inches between text and the edge of the page
SHRINKING = 0.97  # of text that runs off the page, in a step
SHORTEST = 0.35  # that axes become beside their text, of their own sides
COLORED = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")


def write_figure(
    figure: Figure, title: str, path: Path, style: FigureStyle = DEFAULT_STYLE
) -> float | None:
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

    Returns
    -------
    float or None
        The height of the figure in inches, if it needs more than the style gives; else None.

    Raises
    ------
    InputError
        If the style is too narrow for the figure.
    """
    style.refuse_narrow(figure.get_size_inches()[0])
    if style.titled and title:
        figure.suptitle(title, color=TEXT, fontsize=TITLE_SIZE, parse_math=False)
    if not style.is_dark:
        recolor(figure, IN_LIGHT)
    ending, needed = style.ending, None
    with matplotlib.rc_context(VECTOR), quiet():
        if style.size is not None:
            needed = _resize(figure, *style.size)
        figure.draw_without_rendering()
        _fit_text(figure)
        _settle(figure)
        figure.savefig(path, format=ending, dpi=style.dpi, metadata={**METADATA[ending]})
    if style.follows_reader:
        _add_dark_theme(path)
    return needed


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
    """Fix the layout of a drawn figure, its axes at rounded positions.

    The layout's solver takes its variables in the order of their memory addresses, so the last
    digits of its result vary at random, and with them the shades of single pixels.
    """
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = axes.get_position(original=True).bounds
        axes.set_position((round(left, 6), round(bottom, 6), round(width, 6), round(height, 6)))


def _fit_text(figure: Figure) -> None:
    """Make text of a drawn figure smaller that runs off the page, at most to half its size.

    The layout keeps the numbers of ticks on the page.
    """
    page = figure.bbox.padded(-MARGIN * figure.dpi)
    numbers = {text for tick in figure.findobj(Tick) for text in (tick.label1, tick.label2)}
    for text in {*figure.findobj(Text)} - numbers:
        size = drawn = float(text.get_fontsize())
        while size > SMALLEST * drawn and _runs_off(text, page):
            size *= SHRINKING
            text.set_fontsize(size)


def _runs_off(text: Text, page: Bbox) -> bool:
    if not (text.get_visible() and text.get_text()):
        return False
    box = text.get_window_extent()
    return bool(np.any(box.min < page.min) or np.any(box.max > page.max))


def _resize(figure: Figure, width: float, height: float | None) -> float | None:
    """Give a figure a size; a height that is too low for its text and axes becomes a higher one.

    In a narrower figure, text and lines are smaller. Returns the height that it needs if that is
    more than the wanted one, else None.
    """
    figure.draw_without_rendering()
    sides = _sides(figure)
    scale = min(1.0, width / float(figure.get_figwidth()))
    needed = scale * float(figure.get_figheight())
    _scale(figure, scale)
    figure.set_size_inches(width, needed if height is None else height)
    if height is None or height >= needed or _fits(figure, scale * sides):
        return None
    figure.set_size_inches(width, needed)
    return needed


def _fits(figure: Figure, sides: NDArray[np.float64]) -> bool:
    """Return whether a figure has room for its text, and for axes not much below these sides."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="constrained_layout not applied")
        figure.draw_without_rendering()
    drawn, height = figure.get_tightbbox(), figure.get_size_inches()[1]
    inside = drawn.y0 >= -MARGIN and drawn.y1 <= height + MARGIN
    return bool(inside and np.all(_sides(figure) >= SHORTEST * sides))


def _scale(figure: Figure, scale: float) -> None:
    """Scale text, lines and dots, and legends with their gaps."""
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
        elif isinstance(artist, PackerBase | DrawingArea):
            _scale_box(artist, scale)


def _scale_box(box: Any, scale: float) -> None:
    """Scale a box of a legend: its gaps, or a sample of a line or of a dot."""
    for name in ("pad", "sep", "width", "height", "xdescent", "ydescent"):
        if getattr(box, name, None) is not None:
            setattr(box, name, scale * getattr(box, name))
    if isinstance(box, DrawingArea):
        for sample in box.get_children():
            if isinstance(sample, Line2D):
                sample.set_data(*(scale * np.asarray(values) for values in sample.get_data()))
            elif isinstance(sample, PathCollection):
                sample.set_offsets(scale * np.asarray(sample.get_offsets()))


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
