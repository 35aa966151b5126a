"""How colorful an image is: several scores from one pass over its 8-bit pixels.

References
----------
Hasler and Suesstrunk 2003, Measuring colourfulness in natural images (`colorfulness`).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..compiling import compiled
from ..errors import InputError

_BLOCK = 256  # pixels; the sums over a block fit into 32 bits
_LEVELS = np.arange(1, 256)


class ColorScores(NamedTuple):
    """How colorful an image is, in several ways; each is 0 for a gray image.

    Attributes
    ----------
    rgbvar : float
        Mean over pixels of the population variance across R, G and B; up to 14450, for pure red.
    saturation : float
        Mean HSV saturation, 0 to 1.
    chroma : float
        Mean of HSV saturation times value, i.e. of (max - min) / 255; 0 to 1.
    colorfulness : float
        sqrt(s_rg^2 + s_yb^2) + 0.3 sqrt(m_rg^2 + m_yb^2), where m and s are the means and
        standard deviations over the pixels of rg = R - G and yb = (R + G) / 2 - B.
    colorfulness_abs : float
        The same from |rg| and |yb|, as in many published results; not comparable with the other.
    """

    rgbvar: float
    saturation: float
    chroma: float
    colorfulness: float
    colorfulness_abs: float


def color_scores(rgb: NDArray[Any]) -> ColorScores:
    """Return how colorful an image is.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8

    Returns
    -------
    ColorScores
        Computed from integer sums, so exact up to the last few operations.

    Raises
    ------
    InputError
        If the array is not uint8 of shape (H, W, 3) with at least one pixel.

    Notes
    -----
    The population variance of R, G, B is (3 rg^2 + (2 yb)^2) / 18, so it follows from the sums
    that colorfulness needs anyway.

    Examples
    --------
    >>> red = np.full((4, 4, 3), [255, 0, 0], np.uint8)
    >>> color_scores(red).rgbvar, color_scores(red).saturation
    (14450.0, 1.0)
    """
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
        raise InputError(f"expected uint8 of shape (H, W, 3), got {rgb.dtype} {rgb.shape}")
    sums, spans = np.zeros(6, np.int64), np.zeros((2, 256), np.int64)
    pixels = np.ascontiguousarray(rgb).reshape(-1)
    missing = -pixels.size % (3 * _BLOCK)
    if missing:  # black pixels add nothing to any sum
        pixels = np.pad(pixels, (0, missing))
    pixels.flags.writeable = False  # or numba would compile the loop twice, for either flag
    _add_up(pixels, sums, spans)
    n = rgb.size // 3
    rg, rg_abs, rg_square, yb, yb_abs, yb_square = sums.tolist()
    span = spans.sum(axis=0)
    return ColorScores(
        rgbvar=(3 * rg_square + yb_square) / (18 * n),
        saturation=float((span[1:] / _LEVELS).sum() / n),
        chroma=int(span.sum()) / (255 * n),
        colorfulness=_hasler_suesstrunk(n, rg, rg_square, yb, yb_square),
        colorfulness_abs=_hasler_suesstrunk(n, rg_abs, rg_square, yb_abs, yb_square),
    )


def rgb_variance(rgb: NDArray[Any]) -> float:
    """Return the mean over pixels of the variance across R, G and B; see `color_scores`.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8

    Returns
    -------
    float
        The variance across the channels at each pixel, not the spatial variance of a channel.

    Examples
    --------
    >>> rgb_variance(np.array([[[255, 0, 0], [9, 9, 9]]], np.uint8))
    7225.0
    """
    return color_scores(rgb).rgbvar


def _hasler_suesstrunk(n: int, rg: int, rg_square: int, yb: int, yb_square: int) -> float:
    """Return colorfulness from sums over n pixels; `yb` stands for 2 yb, which is an integer."""
    spread = (n * rg_square - rg**2) + (n * yb_square - yb**2) / 4
    middle = rg**2 + yb**2 / 4
    return (math.sqrt(spread) + 0.3 * math.sqrt(middle)) / n


@compiled
def _add_up(pixels: Any, sums: Any, spans: Any) -> None:
    """Sum rg, |rg|, rg^2, 2 yb, |2 yb|, (2 yb)^2; and max - min by max, in two halves.

    The compiler vectorizes the short loops over a block. Pixels go to the two sets of spans in
    turn, so that equal neighbors need not wait for each other's sum.
    """
    red, green = np.empty(_BLOCK, np.int32), np.empty(_BLOCK, np.int32)
    blue = np.empty(_BLOCK, np.int32)
    top, span = np.empty(_BLOCK, np.uint8), np.empty(_BLOCK, np.uint8)
    for block in range(pixels.shape[0] // (3 * _BLOCK)):
        start = 3 * _BLOCK * block
        for j in range(_BLOCK):
            red[j] = pixels[start + 3 * j]
            green[j] = pixels[start + 3 * j + 1]
            blue[j] = pixels[start + 3 * j + 2]
        rg_sum, rg_abs, rg_square = np.int32(0), np.int32(0), np.int32(0)
        yb_sum, yb_abs, yb_square = np.int32(0), np.int32(0), np.int32(0)
        for j in range(_BLOCK):
            rg = np.int32(red[j] - green[j])
            yb = np.int32(red[j] + green[j] - np.int32(2) * blue[j])
            rg_sum = np.int32(rg_sum + rg)
            rg_abs = np.int32(rg_abs + abs(rg))
            rg_square = np.int32(rg_square + rg * rg)
            yb_sum = np.int32(yb_sum + yb)
            yb_abs = np.int32(yb_abs + abs(yb))
            yb_square = np.int32(yb_square + yb * yb)
        sums[0] += rg_sum
        sums[1] += rg_abs
        sums[2] += rg_square
        sums[3] += yb_sum
        sums[4] += yb_abs
        sums[5] += yb_square
        for j in range(_BLOCK):
            top[j] = max(max(red[j], green[j]), blue[j])
            span[j] = top[j] - min(min(red[j], green[j]), blue[j])
        for j in range(0, _BLOCK, 2):
            spans[0, top[j]] += span[j]
            spans[1, top[j + 1]] += span[j + 1]
