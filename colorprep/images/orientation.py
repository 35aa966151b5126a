"""The orientation of a picture in EXIF and XMP, and turning it upright.

As in Pillow's `ImageOps.exif_transpose`, the orientation is that of EXIF, or else of XMP.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_TAG = 0x0112
_XMP = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')
# EXIF orientation -> (transpose, flip rows, flip columns), done in that order.
_TURNS = {
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}
_BACK = {6: 8, 8: 6}  # all others are their own inverse


def orientation_of(read: Callable[[], Image.Exif]) -> int:
    """Return the orientation of an EXIF block.

    Parameters
    ----------
    read : callable
        Returns the block. Its errors are ignored: a broken block must not cost a good picture.

    Returns
    -------
    int
        1..8; 1 if missing.
    """
    try:
        return valid(read().get(_TAG, 1))
    except Exception:
        return 1


def orientation_in(exif: bytes, xmp: bytes) -> int:
    """Return the orientation stored in an EXIF block or an XMP packet.

    Parameters
    ----------
    exif, xmp : bytes
        Empty if missing.

    Returns
    -------
    int
        1..8; 1 if missing.
    """
    block = Image.Exif()
    if exif:
        try:
            block.load(exif)
            stored = block.get(_TAG)
        except Exception:  # a broken block must not cost a good picture
            return 1
        if stored is not None:
            return valid(stored)
    return orientation_in_xmp(xmp)


def orientation_in_xmp(xmp: bytes) -> int:
    """Return the orientation stored in an XMP packet, 1..8; 1 if missing."""
    found = _XMP.search(xmp)
    return valid(int(found[1])) if found else 1


def valid(value: object) -> int:
    """Return an orientation, or 1 for a value that is not one."""
    return value if isinstance(value, int) and value in _TURNS else 1


def turned(pixels: NDArray[np.uint8], orientation: int, back: bool = False) -> NDArray[np.uint8]:
    """Turn a stored picture upright, or an upright one back.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, ...), uint8
    orientation : int
        1..8.
    back : bool
        Whether to undo the turn.

    Returns
    -------
    ndarray of uint8, C-contiguous

    Examples
    --------
    >>> turned(np.zeros((2, 3, 3), np.uint8), orientation=6).shape
    (3, 2, 3)
    """
    if back:
        orientation = _BACK.get(orientation, orientation)
    transpose, flip_rows, flip_columns = _TURNS.get(orientation, (False, False, False))
    if transpose:
        pixels = pixels.swapaxes(0, 1)
    if flip_rows:
        pixels = pixels[::-1]
    if flip_columns:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
