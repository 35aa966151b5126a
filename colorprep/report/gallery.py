"""Photographs side by side, with captions above the columns."""

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
            fitted = _fitted(photograph, tile)
            left = GAP + j * (tile + GAP) + (tile - fitted.width) // 2
            top = CAPTION_HEIGHT + GAP + i * (tile + GAP) + (tile - fitted.height) // 2
            canvas.paste(fitted, (left, top))
    return canvas


def _fitted(photograph: NDArray[np.uint8], tile: int) -> Image.Image:
    image = Image.fromarray(photograph)
    scale = tile / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)
