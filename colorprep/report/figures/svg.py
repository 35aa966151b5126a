"""Figures as SVG in the theme of a page, readable by a screen reader."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import matplotlib
from matplotlib.figure import Figure

from ..themes import DARK
from .files import VECTOR, quiet
from .style import OWN_COLORS

# Variables of the page's style sheet that replace the figures' colors.
THEME = {color: f"var(--{name})" for name, color in DARK.items()}

_COLOR = re.compile(r"#[0-9a-f]{6}")
_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_FONT_FAMILY = re.compile(r"font-family: [^;]*;? ?")
_UNTURNED = re.compile(r"rotate\(-?0 ")
_NUMERIC = ("d", "x", "y", "width", "height", "transform")


def inline_svg(figure: Figure, name: str, title: str, description: str) -> str:
    """Return a figure as an <svg> element for a page.

    Parameters
    ----------
    figure : Figure
    name : str
        Different for each figure of a page; all ids begin with it.
    title, description : str
        What a screen reader reads out instead of the drawing.

    Returns
    -------
    str
        The same figure gives the same string: no date, no random ids. Text stays text, in the
        page's font; colors are the page's variables, except those of bins.
    """
    stream = io.StringIO()
    with matplotlib.rc_context(VECTOR), quiet():
        figure.savefig(stream, format="svg", facecolor="none", metadata={"Date": None})
    root = ElementTree.fromstring(stream.getvalue())
    _without_namespaces(root)
    for parent in root.iter():  # metadata of the file, and a style that would affect the whole page
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
    """Remove namespaces from elements and attributes, as in HTML."""
    for element in root.iter():
        element.tag = _local(element.tag)
        attributes = {_local(key): value for key, value in element.attrib.items()}
        element.attrib.clear()
        element.attrib |= attributes


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _shorten(root: ElementTree.Element) -> None:
    """Remove what a browser does not need: blanks, third decimals, rotations by 0, fonts."""
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
    # In order of use: matplotlib's own ids are hashes of positions, whose last digits vary.
    referred = dict.fromkeys(re.findall(r"#([\w-]+)", " ".join(_references(root))))
    new = {old: f"{name}-{number}" for number, old in enumerate(referred)}
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
    """Replace colors by the page's variables, except those of bins."""
    if element.get("id") == OWN_COLORS:
        del element.attrib["id"]
        return
    if "style" in element.attrib:
        style = element.attrib["style"]
        element.attrib["style"] = _COLOR.sub(lambda match: THEME.get(match[0], match[0]), style)
    for child in element:
        _take_theme(child)
