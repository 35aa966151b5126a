"""The page: sections of text, charts, photographs and tables, as one file of HTML.

The page needs no network and no script. Charts are embedded as SVG, photographs as JPEG.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from ..printable import printable
from .figures.svg import inline_svg
from .themes import DARK, LIGHT, Theme, variables

LONGEST_PART = 20  # letters of a name that stay in a line
NUMBER = re.compile(r"[-+−±]?\d[\d,.]*%?|–|-")


@dataclass(frozen=True, eq=False)
class Chart:
    """A figure with its texts.

    Attributes
    ----------
    name : str
        Different for each chart of a page; the stem of its file.
    title : str
    figure : Figure
    reading : str
        How to read the figure.
    description : str
        What it shows, in numbers, for screen readers.
    """

    name: str
    title: str
    figure: Figure
    reading: str
    description: str
    kind: ClassVar[str] = "chart"
    wide: ClassVar[bool] = False

    @property
    def svg(self) -> Markup:
        """The figure as an <svg> element."""
        return Markup(inline_svg(self.figure, self.name, self.title, self.description))


@dataclass(frozen=True)
class PhotographSheet:
    """An image of several photographs.

    Attributes
    ----------
    title : str
    jpeg : bytes
    size : tuple of int
        Width and height in pixels.
    description : str
        For screen readers.
    wide : bool
        Whether it has the width of the page, and scrolls on phones.
    """

    title: str
    jpeg: bytes
    size: tuple[int, int]
    description: str
    wide: bool = False
    kind: ClassVar[str] = "photographs"

    @property
    def uri(self) -> str:
        """The image as a data URI."""
        return _data_uri(self.jpeg)


class Swatch(NamedTuple):
    """A color in a table.

    Attributes
    ----------
    color : str
        As in ``#a0b0c0``.
    text : str
        Stands beside the color.
    name : str
        For screen readers.
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
        Names of the columns; empty if each row is a name and a value.
    rows : sequence of sequence of str or swatches
    words : bool
        Whether the cells hold text, not numbers to align at the right.
    wide : bool
        Whether it has the width of the page.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    words: bool = False
    wide: bool = False
    kind: ClassVar[str] = "table"

    @property
    def name_width(self) -> int:
        """The number of letters of the first column that stay in a line."""
        names = (str(row[0]) for row in self.rows if isinstance(row[0], str))
        return min(
            LONGEST_PART, max((len(part) for name in names for part in _parts(name)), default=0)
        )


@dataclass(frozen=True)
class Note:
    """A paragraph. Text between backquotes is a command or a name."""

    text: str
    kind: ClassVar[str] = "note"
    wide: ClassVar[bool] = True


class Picture(NamedTuple):
    """A photograph of a row.

    Attributes
    ----------
    name : str
        Of who made it, or its key.
    text : str
        Stands under the name.
    jpeg : bytes
    size : tuple of int
        Width and height in pixels.
    """

    name: str
    text: str
    jpeg: bytes
    size: tuple[int, int]

    @property
    def uri(self) -> str:
        """The photograph as a data URI."""
        return _data_uri(self.jpeg)


@dataclass(frozen=True)
class PictureRow:
    """Pictures side by side, each with its caption.

    Attributes
    ----------
    title : str
        The key of the image, or what several images have in common.
    pictures : sequence of Picture
    small : bool
        Whether they are thumbnails.
    """

    title: str
    pictures: Sequence[Picture]
    small: bool = False
    kind: ClassVar[str] = "pictures"
    wide: ClassVar[bool] = True


Block: TypeAlias = Chart | PhotographSheet | Table | Note | PictureRow


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Attributes
    ----------
    anchor : str
        Its name in URLs and in JSON.
    title : str
    reading : str
        What the section is about and how to read it, in plain language.
    blocks : sequence of Chart, PhotographSheet, Table, Note or PictureRow
    facts : dict
        Its numbers, as plain values for JSON.
    folded : bool
        Whether its blocks are hidden until they are asked for.
    """

    anchor: str
    title: str
    reading: str
    blocks: Sequence[Block]
    facts: dict[str, Any] = field(default_factory=dict)
    folded: bool = False


class Missing(NamedTuple):
    """A section whose contents were not made.

    Attributes
    ----------
    anchor : str
        The name of the section.
    title : str
        In lower case.
    command : str
        That makes its contents.
    """

    anchor: str
    title: str
    command: str

    @property
    def text(self) -> str:
        """The section and its command, which stands between backquotes."""
        return f"{self.title} (`{self.command}`)"


def render_page(
    title: str,
    summary: Mapping[str, str],
    sections: Sequence[Section],
    missing: Sequence[Missing] = (),
    theme: Theme = "auto",
) -> str:
    """Return the page as HTML; the same contents give the same string.

    Parameters
    ----------
    title : str
    summary : mapping of str to str
        The most important numbers by name, shown on top.
    sections : sequence of Section
    missing : sequence of Missing
        Sections that are named in a line at the end.
    theme : {"light", "dark", "auto"}
        ``auto`` follows the reader's setting. Printed, a page is always light.

    Examples
    --------
    >>> html = render_page("Report", {"images": "40"}, [Section("a", "A & B", "", [Note("Text.")])])
    >>> "<h1>Report</h1>" in html, "A &amp; B" in html
    (True, True)
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
    environment.filters["breakable"] = _breakable
    environment.tests["numeric"] = lambda cell: isinstance(cell, str) and NUMBER.fullmatch(cell)
    template = environment.get_template("page.html.jinja")
    return template.render(
        title=title,
        summary=summary,
        sections=sections,
        absent=", ".join(one.text for one in missing),
        theme=theme,
        scheme="light dark" if theme == "auto" else theme,
        light=variables(LIGHT),
        dark=variables(DARK),
    )


def _data_uri(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"


def _parts(name: str) -> list[str]:
    """Split a name after each "_" and "/", and at spaces."""
    return re.split(r"(?<=[_/])|\s+", name)


def _breakable(text: str) -> Markup:
    """Return text as HTML that may be broken after each "_" and "/"."""
    return Markup("<wbr>").join(re.split(r"(?<=[_/])(?=.)", printable(text)))


def _marked(text: str) -> Markup:
    """Return text as HTML, with <code> elements for what stands between backquotes."""
    parts = printable(text).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part
        for index, part in enumerate(parts)
    )
