"""Borders: bars of one color along an image's edges."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

TOLERANCE = 8  # levels; what JPEG does to a plain bar


def border_share(rgb: NDArray[np.uint8]) -> float:
    """Return what share of an image its borders cover.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8

    Returns
    -------
    float
        0 without borders, 1 where the whole image is of one color.

    Notes
    -----
    A row or column belongs to a border if all of it is within 8 levels of the corner's color, and
    so are all those between it and the edge. The sides are measured between the bars of the top
    and the bottom.
    """
    height, width = rgb.shape[:2]
    top = _plain_rows(rgb)
    if top == height:
        return 1.0
    bottom = _plain_rows(rgb[::-1])
    columns = rgb[top : height - bottom].transpose(1, 0, 2)
    left = _plain_rows(columns)
    right = _plain_rows(columns[::-1])
    inside = (height - top - bottom) * max(0, width - left - right)
    return float(1.0 - inside / (height * width))


@numba.njit(nogil=True, cache=True)
def _plain_rows(rgb: Any) -> Any:
    """Return how many of the first rows are of the first pixel's color."""
    for i in range(rgb.shape[0]):
        for j in range(rgb.shape[1]):
            for channel in range(3):
                if abs(np.int64(rgb[i, j, channel]) - np.int64(rgb[0, 0, channel])) > TOLERANCE:
                    return i
    return rgb.shape[0]
