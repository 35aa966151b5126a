"""Thumbnails: many small photographs as one JPEG."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COLUMNS = 4
QUALITY = 82


def contact_sheet(tiles: Sequence[NDArray[np.uint8]]) -> tuple[bytes, tuple[int, int]]:
    """Lay thumbnails out in rows of four, without gaps.

    Parameters
    ----------
    tiles : sequence of ndarray of shape (S, S, 3), uint8
        One or more, all of one size. The last row is filled up with the mean color of the last
        tile.

    Returns
    -------
    jpeg : bytes
    size : tuple of int
        Width and height.
    """
    blank = np.broadcast_to(tiles[-1].mean(axis=(0, 1)).astype(np.uint8), tiles[-1].shape)
    filled = [*tiles, *[blank] * (-len(tiles) % COLUMNS)]
    rows = [np.hstack(filled[i : i + COLUMNS]) for i in range(0, len(filled), COLUMNS)]
    sheet = Image.fromarray(np.vstack(rows))
    stream = io.BytesIO()
    sheet.save(stream, "JPEG", quality=QUALITY, optimize=True)
    return stream.getvalue(), sheet.size
