"""The index of an 8-bit color in tables and counters of all 2^24 colors.

Neighboring pixels of a photograph differ in brightness more than in color, in which a JPEG has
less detail: red - green and blue - green are often the same. These differences come first, so that
the colors of an image lie together in memory: a photograph of 500 x 375 pixels needs 9,000 cache
lines of a table of two bytes per color, and 25,000 if red or blue comes first.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

N_COLORS = 1 << 24

compiled = numba.njit(nogil=True, cache=True)


@compiled
def color_index(red: Any, green: Any, blue: Any) -> Any:
    """Return the index of a color, which is uint32.

    Returns
    -------
    int
        (red - green) mod 256 << 16 | (blue - green) mod 256 << 8 | green.

    Examples
    --------
    >>> int(color_index(255, 99, 71)) == 156 << 16 | 228 << 8 | 99
    True
    """
    green = np.uint32(green)
    red, blue = np.uint32(red) - green, np.uint32(blue) - green
    byte = np.uint32(255)
    return (red & byte) << np.uint32(16) | (blue & byte) << np.uint32(8) | green
