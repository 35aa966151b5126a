"""The index of an 8-bit color in tables and counters of all 2^24 colors.

Neighboring pixels of a photograph differ in brightness more than in color, of which a JPEG keeps
less detail: red - green and blue - green are often the same. These differences come first, so that
the colors of an image lie close together in memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compiling import compiled

N_COLORS = 1 << 24


def color_index(rgb: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return the index of colors.

    Parameters
    ----------
    rgb : ndarray of shape (..., 3), uint8

    Returns
    -------
    ndarray of shape (...), uint32
        (red - green) mod 256 << 16 | (blue - green) mod 256 << 8 | green.

    Examples
    --------
    >>> color_index(np.array([[0, 0, 0], [7, 7, 7], [8, 7, 6]], np.uint8))
    array([     0,      7, 130823], dtype=uint32)
    """
    red, green, blue = np.moveaxis(rgb.astype(np.int32), -1, 0)
    index: NDArray[np.int32] = (red - green & 255) << 16 | (blue - green & 255) << 8 | green
    return index.astype(np.uint32)


@compiled
def index_of(red: Any, green: Any, blue: Any) -> Any:
    """Return the index of one color, uint32, for compiled loops; see `color_index`."""
    green, byte = np.uint32(green), np.uint32(255)
    to_red, to_blue = np.uint32(red) - green, np.uint32(blue) - green
    return (to_red & byte) << np.uint32(16) | (to_blue & byte) << np.uint32(8) | green


@compiled
def channels_of(index: int) -> tuple[int, int, int]:
    """Return red, green and blue of an index."""
    green = index & 255
    return (index >> 16) + green & 255, green, (index >> 8) + green & 255
