"""Antialiased bilinear resizing, bit for bit as in Pillow, and several times as fast.

Pillow's arithmetic is repeated step by step: triangle weights in float64, rounded to 22 binary
places, and two passes that are each rounded to 8 bits. But pixels need not be converted to Pillow's
own layout and back, during which Pillow holds the interpreter's lock.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..compiling import compiled
from .decoding import Pixels, Scratch
from .row_means import HALF, PLACES, resize_rows


class Taps(NamedTuple):
    """Which samples of a line contribute to each resized sample.

    Attributes
    ----------
    first : ndarray of shape (n,), uint32
        The first sample that contributes.
    weights : ndarray of shape (k, n), uint32
        The weights of that sample and the following ones, in units of 2^-22; padded with zeros.
    turned : ndarray of shape (n, k), uint32
        The same, so that the weights of a resized sample are neighbors.
    """

    first: NDArray[np.uint32]
    weights: NDArray[np.uint32]
    turned: NDArray[np.uint32]


def resize(pixels: Pixels, size: int, scratch: Scratch | None = None) -> Pixels:
    """Stretch an image to a square.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
    size : int
        Side of the square, in pixels.
    scratch : Scratch or None
        Memory for the square; None allocates it.

    Returns
    -------
    ndarray of shape (size, size, 3), uint8
        The image itself if it already has that size.

    Examples
    --------
    >>> row = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)
    >>> resize(row, 4)[0, :, 0]
    array([  0,  64, 191, 255], dtype=uint8)
    """
    height, width = pixels.shape[:2]
    # The order of the two passes affects rounding; this is that of Pillow 13.
    columns_first = size < height and height - size > 2 * (width - size)
    memory = Scratch() if scratch is None else scratch
    for columns in (True, False) if columns_first else (False, True):
        pixels = np.ascontiguousarray(pixels)
        if columns and height != size:
            resized = memory.array("columns", size, pixels.shape[1], 3)
            taps = triangle_taps(height, size)
            _resize_columns(pixels, taps.first, taps.weights, resized)
            pixels = resized
        if not columns and width != size:
            resized = memory.array("rows", pixels.shape[0], size, 3)
            _resize_rows(pixels, triangle_taps(width, size), resized)
            pixels = resized
    return pixels


def resize_to_nearest(indices: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Stretch an image of indices, which must not be mixed, to a square.

    Parameters
    ----------
    indices : ndarray of shape (H, W), uint8
    size : int
        Side of the square, in pixels.

    Returns
    -------
    ndarray of shape (size, size), uint8
        Row i is the row that contains the point (i + 1/2) H / size, so floor((2 i + 1) H / 2 size);
        columns alike. This is the rule of Pillow's `NEAREST`, without its rounding.

    Examples
    --------
    >>> resize_to_nearest(np.array([[0, 1, 2, 3]], np.uint8), 2)
    array([[1, 3],
           [1, 3]], dtype=uint8)
    """
    odd = 2 * np.arange(size) + 1
    rows, columns = (odd * side // (2 * size) for side in indices.shape)
    return indices[np.ix_(rows, columns)]


def middle_square(pixels: Pixels) -> Pixels:
    """Return the largest square in the middle of an image.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, ...), uint8

    Returns
    -------
    ndarray of shape (S, S, ...), uint8
        A view; if an odd number of pixels is cut off, the larger half is at the right or bottom.

    Examples
    --------
    >>> middle_square(np.zeros((4, 7, 3), np.uint8)).shape
    (4, 4, 3)
    """
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return pixels[top : top + side, left : left + side]


@lru_cache(maxsize=4096)
def triangle_taps(length: int, size: int) -> Taps:
    """Return the taps that resize a line of `length` samples to `size`."""
    first, weights = triangle_weights(length, size)
    whole = (weights * (1 << PLACES) + 0.5).astype(np.uint32)
    return Taps(first.astype(np.uint32), whole, np.ascontiguousarray(whole.T))


@lru_cache(maxsize=64)
def triangle_weights(
    length: int, size: int, stride: int = 1, n_pixels: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the first samples and the weights of `triangle_taps` before rounding.

    Parameters
    ----------
    stride, n_pixels : int
        A line of `n_pixels` is resized, of which only pixels 0, stride, 2 stride, ... are known:
        the samples. By default each pixel is a sample.

    Returns
    -------
    first : ndarray of shape (size,), int64
    weights : ndarray of shape (k, size), float64
        Each column sums to 1.

    Examples
    --------
    >>> first, weights = triangle_weights(4, 2)
    >>> first
    array([0, 1])
    >>> weights.round(3)
    array([[0.429, 0.143],
           [0.429, 0.429],
           [0.143, 0.429]])
    """
    scale = (n_pixels or length) / size
    reach = max(scale / stride, 1.0)
    center = (np.arange(size) + 0.5) * scale
    if stride != 1:
        center = (center - 0.5) / stride + 0.5
    # Truncated toward zero, as by a cast in C.
    first = np.maximum((center - reach + 0.5).astype(np.int64), 0)
    last = np.minimum((center + reach + 0.5).astype(np.int64), length)
    sample = first + np.arange(int((last - first).max()))[:, None]
    triangle = 1.0 - np.abs((sample - center + 0.5) * (1.0 / reach))
    triangle = np.where(sample < last, np.maximum(triangle, 0.0), 0.0)
    # Added in order, as in C; `sum` would round differently.
    total = np.cumsum(triangle, axis=0)[-1]
    return first, triangle / total


def _resize_rows(pixels: Pixels, taps: Taps, out: Pixels) -> None:
    height, width = pixels.shape[:2]
    n_taps = len(taps.weights)
    # Vectors and padded taps reach beyond the last pixel, so the last rows are copied.
    n_first = max(0, height - -(-(n_taps + 1) // width))
    last = np.append(pixels[n_first:], np.zeros(3 * (n_taps + 1), np.uint8))
    for rows, part in ((pixels.reshape(-1), out[:n_first]), (last, out[n_first:])):
        rows.flags.writeable = False  # or numba would compile the loop twice
        resize_rows(rows, width, taps.first, taps.turned, part.reshape(-1))


@compiled
def _resize_columns(pixels: Any, first: Any, weights: Any, out: Any) -> None:
    lines, resized = pixels.reshape(pixels.shape[0], -1), out.reshape(out.shape[0], -1)
    sums = np.empty(lines.shape[1], np.uint32)
    for i in range(resized.shape[0]):
        sums[:] = HALF
        for k in range(weights.shape[0]):
            weight = weights[k, i]
            if weight == 0:  # padding, which may reach past the end
                continue
            line = lines[first[i] + k]
            for j in range(sums.shape[0]):
                sums[j] = np.uint32(sums[j] + weight * line[j])
        for j in range(sums.shape[0]):
            resized[i, j] = sums[j] >> np.uint32(PLACES)
