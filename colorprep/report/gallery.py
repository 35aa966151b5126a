"""Photographs side by side: in columns with captions, or as a sheet of many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

GROUND = "#17191e"
TEXT = "#e8e8ea"
GAP = 6
CAPTION_HEIGHT = 34


def gallery(
    rows: Sequence[Sequence[NDArray[np.uint8]]], captions: Sequence[str], tile: int = 256
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

    Returns
    -------
    PIL.Image.Image
    """
    n_columns = len(captions)
    width = n_columns * (tile + GAP) + GAP
    height = CAPTION_HEIGHT + len(rows) * (tile + GAP) + GAP
    canvas = Image.new("RGB", (width, height), GROUND)
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(18)
    for column, caption in enumerate(captions):
        middle = GAP + column * (tile + GAP) + tile // 2
        draw.text((middle, CAPTION_HEIGHT // 2 + 2), caption, TEXT, font, anchor="mm")
    for i, row in enumerate(rows):
        for j, photograph in enumerate(row):
            _place(canvas, photograph, i, j, tile)
    return canvas


def montage(
    tiles: Sequence[NDArray[np.uint8]], title: str, columns: int = 10, tile: int = 120
) -> Image.Image:
    """Lay many photographs out on a sheet, row by row.

    Parameters
    ----------
    tiles : sequence of ndarray of shape (H, W, 3), uint8
        Each is fitted into a square, its aspect kept.
    title : str
        Stands above them.
    columns : int
        Photographs in a row.
    tile : int
        Side of the squares in pixels.

    Returns
    -------
    PIL.Image.Image
    """
    n_rows = -(-len(tiles) // columns)
    width = columns * (tile + GAP) + GAP
    canvas = Image.new("RGB", (width, CAPTION_HEIGHT + n_rows * (tile + GAP) + GAP), GROUND)
    font = ImageFont.load_default(18)
    middle = CAPTION_HEIGHT // 2 + 2
    ImageDraw.Draw(canvas).text((2 * GAP, middle), title, TEXT, font, anchor="lm")
    for number, photograph in enumerate(tiles):
        _place(canvas, photograph, *divmod(number, columns), tile)
    return canvas


def fitted(photograph: NDArray[np.uint8], tile: int) -> Image.Image:
    """Return a photograph made to fit into a square of `tile` pixels, its aspect kept."""
    image = Image.fromarray(photograph)
    scale = tile / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _place(
    canvas: Image.Image, photograph: NDArray[np.uint8], row: int, column: int, tile: int
) -> None:
    """Put a photograph in the middle of its square."""
    image = fitted(photograph, tile)
    left = GAP + column * (tile + GAP) + (tile - image.width) // 2
    top = CAPTION_HEIGHT + GAP + row * (tile + GAP) + (tile - image.height) // 2
    canvas.paste(image, (left, top))
