"""Borders: bars of one color along an image's edges."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compiling import compiled

TOLERANCE = 8  # levels; JPEG changes a plain bar by up to this much


def border_fraction(rgb: NDArray[np.uint8]) -> float:
    """Return the fraction of an image that its borders cover.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8

    Returns
    -------
    float
        0 without borders, 1 if the whole image has one color.

    Notes
    -----
    A row or column belongs to a border if all its pixels, and those of all rows or columns
    between it and the edge, are within 8 levels of the corner's color. The left and right borders
    are measured between the top and bottom ones.

    Examples
    --------
    >>> image = np.zeros((10, 4, 3), np.uint8)
    >>> image[1:9] = np.random.default_rng(0).integers(100, 256, (8, 4, 3))
    >>> round(border_fraction(image), 6)
    0.2
    """
    return float(_border_fraction(rgb))


@compiled
def _border_fraction(rgb: Any) -> Any:
    height, width = rgb.shape[:2]
    top = _plain_rows(rgb)
    if top == height:
        return 1.0
    bottom = _plain_rows(rgb[::-1])
    columns = rgb[top : height - bottom].transpose(1, 0, 2)
    left = _plain_rows(columns)
    right = _plain_rows(columns[::-1])
    inside = (height - top - bottom) * max(0, width - left - right)
    return 1.0 - inside / (height * width)


@compiled
def _plain_rows(rgb: Any) -> Any:
    """Return the number of rows, from the first, that have the first pixel's color."""
    for i in range(rgb.shape[0]):
        for j in range(rgb.shape[1]):
            for channel in range(3):
                if abs(np.int64(rgb[i, j, channel]) - np.int64(rgb[0, 0, channel])) > TOLERANCE:
                    return i
    return rgb.shape[0]
