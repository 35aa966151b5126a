"""Photographs side by side: in rows with captions above the columns, or as a contact sheet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

from .names import NAME_HEIGHT, NAME_SIZE, font, name_within
from .themes import DARK

GROUND, TEXT = DARK["ground"], DARK["text"]
TILE = 120  # pixels: the side of a photograph in a montage
GAP = 6
CAPTION_HEIGHT = 34
JPEG_NOISE = 16  # a pixel that is no further from the ground is ground
TITLE_HEIGHT = 56
TITLE_SIZE, TEXT_SIZE, HEADING_SIZE = 22, 16, 15  # pixels, of fonts


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

    def paste(self, photograph: Image.Image, left: int, bottom: int, tile: int) -> None:
        """Paste a photograph into the middle of a column, down to the name under it."""
        left += (tile - photograph.width) // 2
        self.photographs.paste(photograph, (left, bottom - photograph.height))

    def write(self, place: tuple[int, int], text: str, size: int, anchor: str = "mm") -> None:
        """Add a text, unless it is empty."""
        if text:
            self.texts.append(SheetText(place, text, size, anchor))

    def write_name(self, name: str, place: tuple[int, int], width: int) -> None:
        """Write a name in the middle of the room under photographs, from its upper left."""
        middle = place[0] + width // 2, place[1] + NAME_HEIGHT // 2
        self.write(middle, name_within(name, width), NAME_SIZE)

    def picture(self, colors: Mapping[str, str] = DARK) -> Image.Image:
        """Return the sheet as a picture in the colors of a theme."""
        canvas = Image.new("RGB", self.photographs.size, colors["ground"])
        canvas.paste(self.photographs, mask=self.photographs)
        draw = ImageDraw.Draw(canvas)
        for place, text, size, anchor in self.texts:
            draw.text(place, text, colors["text"], font(size), anchor=anchor)
        return canvas


def gallery(
    rows: Sequence[Sequence[NDArray[np.uint8]]],
    captions: Sequence[str],
    tile: int = 256,
    notes: Sequence[str] = (),
    names: Sequence[Sequence[str]] = (),
) -> Image.Image:
    """Lay photographs out in rows and columns; a row is as high as its highest photograph.

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
    names : sequence of sequence of str
        For each row one or more names, which share the room under it evenly; empty for none.

    Examples
    --------
    >>> photograph = np.zeros((20, 30, 3), np.uint8)
    >>> gallery([[photograph, photograph]], ["first", "second"], tile=90).size
    (198, 106)
    """
    shown = [[fitted(photograph, tile) for photograph in row] for row in rows]
    heights = [max(photograph.height for photograph in row) for row in shown]
    between = GAP + (NAME_HEIGHT if names else 0)
    bottoms = [CAPTION_HEIGHT + GAP + end for end in accumulate(heights)]
    bottoms = [bottom + i * between for i, bottom in enumerate(bottoms)]
    beside = len(captions) * (tile + GAP) + GAP
    room = max((math.ceil(font(TEXT_SIZE).getlength(note)) + 3 * GAP for note in notes), default=0)
    sheet = Sheet((beside + room, bottoms[-1] + between))
    for column, caption in enumerate(captions):
        middle = GAP + column * (tile + GAP) + tile // 2
        sheet.write((middle, CAPTION_HEIGHT // 2 + 2), caption, TEXT_SIZE)
    for row, bottom in zip(shown, bottoms, strict=True):
        for column, photograph in enumerate(row):
            sheet.paste(photograph, GAP + column * (tile + GAP), bottom, tile)
    for note, height, bottom in zip(notes, heights, bottoms, strict=False):
        sheet.write((beside + GAP, bottom - height // 2), note, TEXT_SIZE, "lm")
    for of_row, bottom in zip(names, bottoms, strict=False):
        share = (beside - GAP) // len(of_row)
        for number, name in enumerate(of_row):
            sheet.write_name(name, (GAP + number * share, bottom), share - GAP)
    return sheet.picture()


def montage(
    tiles: Iterable[NDArray[np.uint8]],
    title: str,
    columns: int = 10,
    tile: int = TILE,
    headings: Sequence[str] = (),
    names: Sequence[str] = (),
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
    names : sequence of str
        One under each photograph; empty for none.
    """
    photographs = [fitted(photograph, tile) for photograph in tiles]
    n_rows = -(-len(photographs) // columns)
    title_height = TITLE_HEIGHT if title else 0
    above = title_height + (CAPTION_HEIGHT if headings else 0)
    height = tile + GAP + (NAME_HEIGHT if names else 0)
    sheet = Sheet((columns * (tile + GAP) + GAP, above + n_rows * height + GAP))
    if title:
        sheet.write((2 * GAP, TITLE_HEIGHT // 2 + 2), title, TITLE_SIZE, "lm")
    for column, heading in enumerate(headings):
        middle = GAP + column * (tile + GAP) + tile // 2
        sheet.write((middle, title_height + CAPTION_HEIGHT // 2), heading, HEADING_SIZE)
    texts = names or [""] * len(photographs)
    for i, (photograph, name) in enumerate(zip(photographs, texts, strict=True)):
        row, column = divmod(i, columns)
        left, bottom = GAP + column * (tile + GAP), above + GAP + row * height + tile
        sheet.paste(photograph, left, bottom, tile)
        sheet.write_name(name, (left, bottom), tile)
    return sheet


def photographs_of(
    sheet: Image.Image, n: int, has_headings: bool, columns: int = 10, tile: int = TILE
) -> list[Image.Image]:
    """Cut the first photographs out of a titled `montage` with names, without its ground."""
    above = TITLE_HEIGHT + (CAPTION_HEIGHT if has_headings else 0)
    found = []
    for row, column in (divmod(i, columns) for i in range(n)):
        left, top = GAP + column * (tile + GAP), above + GAP + row * (tile + GAP + NAME_HEIGHT)
        cell = sheet.crop((left, top, left + tile, top + tile))
        apart = ImageChops.difference(cell, Image.new("RGB", cell.size, GROUND)).convert("L")
        found.append(cell.crop(apart.point(lambda value: 255 * (value > JPEG_NOISE)).getbbox()))
    return found


def first_rows(sheet: Image.Image, n: int, tile: int = 256) -> Image.Image:
    """Cut a `gallery` of square photographs with names off below its first rows."""
    height = CAPTION_HEIGHT + GAP + n * (tile + GAP + NAME_HEIGHT)
    return sheet.crop((0, 0, sheet.width, min(height, sheet.height)))


def fitted(photograph: NDArray[np.uint8], tile: int) -> Image.Image:
    """Return a photograph resized to fit into a square of `tile` pixels, its aspect kept."""
    image = Image.fromarray(photograph)
    scale = tile / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)
