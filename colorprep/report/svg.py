"""Figures as SVG inside a page: in the colors of its theme, and readable by a screen reader."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
from matplotlib.figure import Figure

from .gallery import GROUND, TEXT
from .style import ACCENT, DPI, FAINT, OWN_COLORS, SECOND, SOFT, THIRD, TITLE_SIZE

# The variables of the page's style sheet that take the place of the figures' colors.
THEME = {
    GROUND: "var(--ground)",
    TEXT: "var(--text)",
    SOFT: "var(--soft)",
    FAINT: "var(--faint)",
    ACCENT: "var(--accent)",
    SECOND: "var(--second)",
    THIRD: "var(--third)",
}
SALT = "colorprep"

_COLOR = re.compile(r"#[0-9a-f]{6}")
_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_FONT_FAMILY = re.compile(r"font-family: [^;]*;? ?")
_UNTURNED = re.compile(r"rotate\(-?0 ")
_NUMERIC = ("d", "x", "y", "width", "height", "transform")


def write_png(figure: Figure, title: str, path: Path) -> None:
    """Write a figure as PNG, its title above it, on a dark ground.

    Parameters
    ----------
    figure : Figure
        Gets the title.
    title : str
    path : Path
    """
    figure.suptitle(title, color=TEXT, fontsize=TITLE_SIZE, parse_math=False)
    with _quiet():
        _settle(figure)
        figure.savefig(path, format="png", dpi=DPI, metadata={"Software": None})


def _settle(figure: Figure) -> None:
    """Lay a figure out for good, its axes at round positions.

    The layout's solver goes through its variables in the order of their addresses, so its last
    digits are of chance, and a pixel's shade may hang on them.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = axes.get_position(original=True).bounds
        axes.set_position((round(left, 6), round(bottom, 6), round(width, 6), round(height, 6)))


def inline_svg(figure: Figure, name: str, title: str, description: str) -> str:
    """Return a figure as an <svg> element for a page.

    Parameters
    ----------
    figure : Figure
    name : str
        Different for each figure of a page: all ids begin with it.
    title, description : str
        What a screen reader reads out instead of the drawing.

    Returns
    -------
    str
        Same figure, same text: no date, no random ids. Text is text, in the page's font, and
        colors are the page's variables but for those of bins.
    """
    stream = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": SALT}), _quiet():
        figure.savefig(stream, format="svg", facecolor="none", metadata={"Date": None})
    root = ElementTree.fromstring(stream.getvalue())
    _without_namespaces(root)
    for parent in root.iter():  # what is said of the file, and a style for the whole page
        for child in [*parent.findall("metadata"), *parent.findall("style")]:
            parent.remove(child)
    _shorten(root)
    _prefix_ids(root, name)
    _take_theme(root)
    ids = {"title": f"{name}-title", "desc": f"{name}-description"}
    view = root.attrib["viewBox"]
    root.attrib.clear()
    root.attrib |= {"viewBox": view, "role": "img", "aria-labelledby": " ".join(ids.values())}
    for position, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(tag, id=ids[tag])
        element.text = text
        root.insert(position, element)
    return ElementTree.tostring(root, encoding="unicode")


def _without_namespaces(root: ElementTree.Element) -> None:
    """Name elements and attributes as HTML does."""
    for element in root.iter():
        element.tag = _local(element.tag)
        attributes = {_local(key): value for key, value in element.attrib.items()}
        element.attrib.clear()
        element.attrib |= attributes


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _shorten(root: ElementTree.Element) -> None:
    """Leave out what a browser does not need: blanks, third decimals, unturned turns, fonts."""
    for element in root.iter():
        element.tail = None
        if element.tag not in ("text", "tspan"):
            element.text = None
        for key in _NUMERIC:
            if key in element.attrib:
                text = _NUMBER.sub(lambda match: f"{float(match[0]):.2f}", element.attrib[key])
                element.attrib[key] = " ".join(text.split())
        if _UNTURNED.match(element.get("transform", "")):
            del element.attrib["transform"]
        if "style" in element.attrib:
            element.attrib["style"] = _FONT_FAMILY.sub("", element.attrib["style"])


def _prefix_ids(root: ElementTree.Element, name: str) -> None:
    """Keep only ids that something refers to, and make them unique on the page."""
    referred = set(re.findall(r"#([\w-]+)", " ".join(_references(root))))
    new = {old: f"{name}-{number}" for number, old in enumerate(sorted(referred))}
    for element in root.iter():
        own = element.get("id")
        if own in new:
            element.attrib["id"] = new[own]
        elif own is not None and own != OWN_COLORS:
            del element.attrib["id"]
        for key in ("href", "clip-path"):
            if "#" in element.get(key, ""):
                element.attrib[key] = re.sub(
                    r"#([\w-]+)", lambda match: f"#{new[match[1]]}", element.attrib[key]
                )


def _references(root: ElementTree.Element) -> Iterator[str]:
    for element in root.iter():
        yield from (element.get(key, "") for key in ("href", "clip-path") if key in element.attrib)


def _take_theme(element: ElementTree.Element) -> None:
    """Replace colors by the page's variables, but for colors of bins."""
    if element.get("id") == OWN_COLORS:
        del element.attrib["id"]
        return
    if "style" in element.attrib:
        style = element.attrib["style"]
        element.attrib["style"] = _COLOR.sub(lambda match: THEME.get(match[0], match[0]), style)
    for child in element:
        _take_theme(child)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep quiet about letters that the font of PNG files lacks: a page has its own fonts."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        yield
