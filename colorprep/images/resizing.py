"""Resizing: antialiased bilinear, as Pillow does it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .decoding import Pixels


def resize(pixels: Pixels, size: int) -> Pixels:
    """Stretch an image to a square.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
    size : int
        Side of the square.

    Returns
    -------
    ndarray of shape (size, size, 3), uint8
        The image itself where it has that size already.
    """
    if pixels.shape[:2] == (size, size):
        return pixels
    stretched = Image.fromarray(pixels).resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(stretched)
