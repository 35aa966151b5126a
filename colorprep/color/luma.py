"""Luma: the weighted sum of gamma-encoded R, G and B that JPEG stores, in exact integers.

Lab's lightness, which follows the eye, lives in `colorprep.color.lab`.

References
----------
ITU-R BT.601 (the weights 0.299, 0.587 and 0.114, here in 256ths).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

RED, GREEN, BLUE = 77, 150, 29  # they sum to 256, so a gray pixel's luma is 256 times its value
LUMA_MAX = 255 * 256

_WEIGHTS = np.array([RED, GREEN, BLUE], np.float64)


def luma(rgb: NDArray[Any]) -> NDArray[np.int32]:
    """Return the luma of sRGB pixels.

    Parameters
    ----------
    rgb : ndarray of shape (..., 3), uint8

    Returns
    -------
    ndarray of shape (...), int32, 0 to `LUMA_MAX`
        256 times the luma of 8-bit pixels.

    Examples
    --------
    >>> luma(np.array([[255, 255, 255], [0, 0, 1]], np.uint8)).tolist()
    [65280, 29]
    """
    # Exact in float64, too, whose products are faster.
    return (rgb.astype(np.float64) @ _WEIGHTS).astype(np.int32)
