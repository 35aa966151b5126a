"""How colorful an image is, as one number.

Here lives `rgb_variance`, the curriculum score of `colorprep rgbvar`.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from ..errors import InputError


def rgb_variance(rgb: NDArray[Any]) -> float:
    """Return the mean over pixels of the variance across R, G and B.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8

    Returns
    -------
    float
        0 for gray images up to 14450 for a pure red one. Summed in integers, so exact.

    Raises
    ------
    InputError
        If the array is not uint8 of shape (H, W, 3) with at least one pixel.

    Notes
    -----
    The population variance of three integers is (3 sum(x^2) - sum(x)^2) / 9. This is the
    per-pixel variance across the channels, not the spatial variance of each channel.
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
        raise InputError(f"expected uint8 of shape (H, W, 3), got {rgb.dtype} {rgb.shape}")
    pixels = np.ascontiguousarray(rgb).reshape(-1, 3)
    return float(_sum_of_variances(pixels) / (9 * len(pixels)))


@numba.njit(nogil=True, cache=True)
def _sum_of_variances(pixels: Any) -> Any:  # nine times the sum, in integers
    total = np.int64(0)
    for i in range(pixels.shape[0]):
        r, g, b = np.int64(pixels[i, 0]), np.int64(pixels[i, 1]), np.int64(pixels[i, 2])
        total += 3 * (r * r + g * g + b * b) - (r + g + b) ** 2
    return total
