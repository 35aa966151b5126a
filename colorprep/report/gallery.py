"""Photographs side by side: in rows with captions above the columns, or as a contact sheet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .names import NAME_HEIGHT, NAME_SIZE, font, name_within

GROUND = "#17191e"
TEXT = "#e8e8ea"
GAP = 6
CAPTION_HEIGHT = 34
TITLE_HEIGHT = 56
TITLE_SIZE, TEXT_SIZE, HEADING_SIZE = 22, 16, 15  # pixels, of fonts


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
    canvas = Image.new("RGB", (beside + room, bottoms[-1] + between), GROUND)
    draw = ImageDraw.Draw(canvas)
    for column, caption in enumerate(captions):
        middle = GAP + column * (tile + GAP) + tile // 2
        place = (middle, CAPTION_HEIGHT // 2 + 2)
        draw.text(place, caption, TEXT, font(TEXT_SIZE), anchor="mm")
    for row, bottom in zip(shown, bottoms, strict=True):
        for column, photograph in enumerate(row):
            _paste(canvas, photograph, GAP + column * (tile + GAP), bottom, tile)
    for note, height, bottom in zip(notes, heights, bottoms, strict=False):
        place = (beside + GAP, bottom - height // 2)
        draw.text(place, note, TEXT, font(TEXT_SIZE), anchor="lm")
    for of_row, bottom in zip(names, bottoms, strict=False):
        share = (beside - GAP) // len(of_row)
        for number, name in enumerate(of_row):
            _write_name(draw, name, (GAP + number * share, bottom), share - GAP)
    return canvas


def montage(
    tiles: Iterable[NDArray[np.uint8]],
    title: str,
    columns: int = 10,
    tile: int = 120,
    headings: Sequence[str] = (),
    names: Sequence[str] = (),
) -> Image.Image:
    """Lay photographs out as a contact sheet with a title.

    Parameters
    ----------
    tiles : iterable of ndarray of shape (H, W, 3), uint8
        Row after row; each photograph is fitted into a square, its aspect kept. Photographs are
        taken one by one, so an iterator need not hold more than one of full size.
    title : str
        Not shortened, so it must fit the width.
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
    above = TITLE_HEIGHT + (CAPTION_HEIGHT if headings else 0)
    height = tile + GAP + (NAME_HEIGHT if names else 0)
    size = (columns * (tile + GAP) + GAP, above + n_rows * height + GAP)
    canvas = Image.new("RGB", size, GROUND)
    draw = ImageDraw.Draw(canvas)
    place = (2 * GAP, TITLE_HEIGHT // 2 + 2)
    draw.text(place, title, TEXT, font(TITLE_SIZE), anchor="lm")
    for column, heading in enumerate(headings):
        place = (GAP + column * (tile + GAP) + tile // 2, TITLE_HEIGHT + CAPTION_HEIGHT // 2)
        draw.text(place, heading, TEXT, font(HEADING_SIZE), anchor="mm")
    texts = names or [""] * len(photographs)
    for i, (photograph, name) in enumerate(zip(photographs, texts, strict=True)):
        row, column = divmod(i, columns)
        left, bottom = GAP + column * (tile + GAP), above + GAP + row * height + tile
        _paste(canvas, photograph, left, bottom, tile)
        _write_name(draw, name, (left, bottom), tile)
    return canvas


def _paste(canvas: Image.Image, photograph: Image.Image, left: int, bottom: int, tile: int) -> None:
    """Paste a photograph into the middle of a column, down to the name under it."""
    left += (tile - photograph.width) // 2
    canvas.paste(photograph, (left, bottom - photograph.height))


def _write_name(draw: ImageDraw.ImageDraw, name: str, place: tuple[int, int], width: int) -> None:
    """Write a name in the middle of the room under photographs; `place` is its upper left."""
    middle = place[0] + width // 2, place[1] + NAME_HEIGHT // 2
    text = name_within(name, width)
    draw.text(middle, text, TEXT, font(NAME_SIZE), anchor="mm")


def fitted(photograph: NDArray[np.uint8], tile: int) -> Image.Image:
    """Return a photograph resized to fit into a square of `tile` pixels, its aspect kept."""
    image = Image.fromarray(photograph)
    scale = tile / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)
