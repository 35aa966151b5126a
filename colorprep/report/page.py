"""The page: sections of text, charts, photographs and tables, as one file of HTML.

It needs no network and no script. Charts are SVG within it, photographs JPEG within it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from ..printable import printable
from .svg import inline_svg


@dataclass(frozen=True, eq=False)
class Chart:
    """A figure that is drawn.

    Attributes
    ----------
    name : str
        Different for each chart of a page; the stem of its file.
    title : str
    figure : Figure
    reading : str
        How it is read, for those who see it.
    description : str
        What there is to be seen, in numbers, for those who do not.
    """

    name: str
    title: str
    figure: Figure
    reading: str
    description: str
    kind: ClassVar[str] = "chart"

    @property
    def svg(self) -> Markup:
        """The figure as an element of the page."""
        return Markup(inline_svg(self.figure, self.name, self.title, self.description))


@dataclass(frozen=True)
class Photographs:
    """A picture made of photographs.

    Attributes
    ----------
    title : str
    jpeg : bytes
    size : tuple of int
        Width and height in pixels.
    description : str
    """

    title: str
    jpeg: bytes
    size: tuple[int, int]
    description: str
    kind: ClassVar[str] = "photographs"

    @property
    def uri(self) -> str:
        """The picture as the address of an image."""
        return f"data:image/jpeg;base64,{base64.b64encode(self.jpeg).decode('ascii')}"


class Swatch(NamedTuple):
    """A color in a table.

    Attributes
    ----------
    color : str
        As in ``#a0b0c0``.
    text : str
        What is written beside it.
    name : str
        What a screen reader calls it.
    """

    color: str
    text: str
    name: str


Cell: TypeAlias = str | Sequence[Swatch]


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows.

    Attributes
    ----------
    caption : str
    columns : sequence of str
        Their names; none where each row is a name and a value.
    rows : sequence of sequence of str or swatches
    words : bool
        Whether the cells are words, not numbers to be aligned at their end.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    words: bool = False
    kind: ClassVar[str] = "table"


@dataclass(frozen=True)
class Note:
    """A paragraph. What stands between backquotes is a command or a name."""

    text: str
    kind: ClassVar[str] = "note"


Block: TypeAlias = Chart | Photographs | Table | Note


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Attributes
    ----------
    anchor : str
        Its name in addresses and in JSON.
    title : str
    reading : str
        In plain language, what it is about and how it is read.
    blocks : sequence of Chart, Photographs, Table or Note
    facts : dict or None
        Its numbers, fit for JSON; None where there is nothing to tell yet.
    """

    anchor: str
    title: str
    reading: str
    blocks: Sequence[Block]
    facts: dict[str, Any] | None = field(default_factory=dict)


def missing(anchor: str, title: str, text: str) -> Section:
    """Return a section that only tells how to fill it."""
    return Section(anchor, title, text, [], None)


def render(title: str, summary: Mapping[str, str], sections: Sequence[Section]) -> str:
    """Return the page.

    Parameters
    ----------
    title : str
    summary : mapping of str to str
        The numbers that matter most, by name.
    sections : sequence of Section

    Returns
    -------
    str
        Same contents, same text.
    """
    environment = Environment(
        loader=PackageLoader(__package__, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    environment.filters["marked"] = _marked
    template = environment.get_template("page.html.jinja")
    return template.render(title=title, summary=summary, sections=sections)


def _marked(text: str) -> Markup:
    """Return text in which what stands between backquotes is code."""
    parts = printable(text).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part
        for index, part in enumerate(parts)
    )
