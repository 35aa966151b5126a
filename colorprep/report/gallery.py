"""Photographs side by side: in rows with captions above the columns, or as a contact sheet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from .themes import DARK

GROUND, TEXT = DARK["ground"], DARK["text"]
GAP = 6
CAPTION_HEIGHT = 34
TITLE_HEIGHT = 56


class SheetText(NamedTuple):
    """A text on a sheet.

    Attributes
    ----------
    place : tuple of int
        In pixels from the left and from the top.
    size : int
        Of the font, in pixels.
    anchor : str
        What of the text is at the place, as in Pillow: ``lm`` for its left end, ``mm`` for its
        middle.
    """

    place: tuple[int, int]
    text: str
    size: int
    anchor: str


class Sheet:
    """Photographs on a transparent ground, and the texts that belong there.

    Attributes
    ----------
    photographs : Image
        Without the texts.
    texts : list of SheetText
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.photographs = Image.new("RGBA", size)
        self.texts: list[SheetText] = []

    def write(self, place: tuple[int, int], text: str, size: int, anchor: str) -> None:
        """Add a text."""
        self.texts.append(SheetText(place, text, size, anchor))

    def picture(self, colors: Mapping[str, str] = DARK) -> Image.Image:
        """Return the sheet as a picture in the colors of a theme."""
        canvas = Image.new("RGB", self.photographs.size, colors["ground"])
        canvas.paste(self.photographs, mask=self.photographs)
        draw = ImageDraw.Draw(canvas)
        for place, text, size, anchor in self.texts:
            font = ImageFont.load_default(size)
            draw.text(place, text, colors["text"], font, anchor=anchor)
        return canvas


def gallery(
    rows: Sequence[Sequence[NDArray[np.uint8]]],
    captions: Sequence[str],
    tile: int = 256,
    notes: Sequence[str] = (),
) -> Image.Image:
    """Lay photographs out in rows and columns.

    Parameters
    ----------
    rows : sequence of sequence of ndarray of shape (H, W, 3), uint8
        Each photograph is fitted into a square, its aspect kept.
    captions : sequence of str
        One for each column.
    tile : int
        Side of the squares in pixels.
    notes : sequence of str
        A text for each row, right of it; empty for none.

    Examples
    --------
    >>> photograph = np.zeros((20, 30, 3), np.uint8)
    >>> gallery([[photograph, photograph]], ["first", "second"], tile=100).size
    (218, 146)
    """
    n_columns = len(captions)
    font = ImageFont.load_default(18)
    beside = n_columns * (tile + GAP) + GAP
    room = max((math.ceil(font.getlength(note)) + 3 * GAP for note in notes), default=0)
    width = beside + room
    height = CAPTION_HEIGHT + len(rows) * (tile + GAP) + GAP
    canvas = Image.new("RGB", (width, height), GROUND)
    draw = ImageDraw.Draw(canvas)
    for column, caption in enumerate(captions):
        middle = GAP + column * (tile + GAP) + tile // 2
        draw.text((middle, CAPTION_HEIGHT // 2 + 2), caption, TEXT, font, anchor="mm")
    for i, row in enumerate(rows):
        for j, photograph in enumerate(row):
            top = CAPTION_HEIGHT + GAP + i * (tile + GAP)
            _paste(canvas, fitted(photograph, tile), GAP + j * (tile + GAP), top, tile)
    for i, note in enumerate(notes):
        middle = CAPTION_HEIGHT + GAP + i * (tile + GAP) + tile // 2
        draw.text((beside + GAP, middle), note, TEXT, font, anchor="lm")
    return canvas


def montage(
    tiles: Iterable[NDArray[np.uint8]],
    title: str,
    columns: int = 10,
    tile: int = 120,
    headings: Sequence[str] = (),
) -> Sheet:
    """Lay photographs out as a contact sheet with a title.

    Parameters
    ----------
    tiles : iterable of ndarray of shape (H, W, 3), uint8
        Row after row; each photograph is fitted into a square, its aspect kept. Photographs are
        taken one by one, so an iterator need not hold more than one of full size.
    title : str
        Not shortened, so it must fit the width; empty for none.
    columns : int
        The sheet has the width of this many tiles even if there are fewer.
    tile : int
        Side of the squares in pixels.
    headings : sequence of str
        Names of the columns, if any.
    """
    photographs = [fitted(photograph, tile) for photograph in tiles]
    n_rows = -(-len(photographs) // columns)
    title_height = TITLE_HEIGHT if title else 0
    above = title_height + (CAPTION_HEIGHT if headings else 0)
    sheet = Sheet((columns * (tile + GAP) + GAP, above + n_rows * (tile + GAP) + GAP))
    if title:
        sheet.write((2 * GAP, TITLE_HEIGHT // 2 + 2), title, 24, "lm")
    for column, heading in enumerate(headings):
        middle = GAP + column * (tile + GAP) + tile // 2
        sheet.write((middle, title_height + CAPTION_HEIGHT // 2), heading, 16, "mm")
    for i, photograph in enumerate(photographs):
        row, column = divmod(i, columns)
        left, top = GAP + column * (tile + GAP), above + GAP + row * (tile + GAP)
        _paste(sheet.photographs, photograph, left, top, tile)
    return sheet


def _paste(canvas: Image.Image, photograph: Image.Image, left: int, top: int, tile: int) -> None:
    """Paste a photograph into the middle of a square."""
    left += (tile - photograph.width) // 2
    canvas.paste(photograph, (left, top + (tile - photograph.height) // 2))


def fitted(photograph: NDArray[np.uint8], tile: int) -> Image.Image:
    """Return a photograph resized to fit into a square of `tile` pixels, its aspect kept."""
    image = Image.fromarray(photograph)
    scale = tile / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)
