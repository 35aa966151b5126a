"""Antialiased bilinear resizing, bit for bit as in Pillow, and about twice as fast.

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
from .decoding import Pixels

PLACES = np.uint32(22)
HALF = np.uint32(1 << 21)
BLOCK = 24  # rows that are resized at once; more would not fit into the second-level cache


class Taps(NamedTuple):
    """Which samples of a line contribute to each resized sample.

    Attributes
    ----------
    first : ndarray of shape (n,), uint32
        The first sample that contributes.
    weights : ndarray of shape (k, n), uint32
        The weights of that sample and the following ones, in units of 2^-22; padded with zeros.
    """

    first: NDArray[np.uint32]
    weights: NDArray[np.uint32]


def resize(pixels: Pixels, size: int) -> Pixels:
    """Stretch an image to a square.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
    size : int
        Side of the square, in pixels.

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
    for columns in (True, False) if columns_first else (False, True):
        if columns and height != size:
            pixels = _resize_columns(np.ascontiguousarray(pixels), *triangle_taps(height, size))
        if not columns and width != size:
            taps = triangle_taps(width, size)
            pixels = _resize_rows(np.ascontiguousarray(pixels), *taps, BLOCK)
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
    return Taps(first.astype(np.uint32), (weights * (1 << 22) + 0.5).astype(np.uint32))


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


@compiled
def _resize_rows(pixels: Any, first: Any, weights: Any, block: int) -> Any:
    """Resize each row; `block` rows at a time, as columns of an array that fits into the cache.

    So all inner loops run over neighboring bytes with one weight, and use vector instructions.
    """
    size = weights.shape[1]
    height, width = pixels.shape[:2]
    out = np.empty((height, size, 3), np.uint8)
    turned = np.zeros((width, 3 * block), np.uint8)
    resized = np.empty((size, 3 * block), np.uint8)
    for top in range(0, height, block):
        n_rows = min(block, height - top)
        for i in range(n_rows):
            for j in range(width):
                turned[j, 3 * i] = pixels[top + i, j, 0]
                turned[j, 3 * i + 1] = pixels[top + i, j, 1]
                turned[j, 3 * i + 2] = pixels[top + i, j, 2]
        _mix_lines(turned, first, weights, resized)
        for i in range(n_rows):
            for j in range(size):
                out[top + i, j, 0] = resized[j, 3 * i]
                out[top + i, j, 1] = resized[j, 3 * i + 1]
                out[top + i, j, 2] = resized[j, 3 * i + 2]
    return out


@compiled
def _resize_columns(pixels: Any, first: Any, weights: Any) -> Any:
    lines = pixels.reshape(pixels.shape[0], -1)
    out = np.empty((weights.shape[1], lines.shape[1]), np.uint8)
    _mix_lines(lines, first, weights, out)
    return out.reshape(out.shape[0], pixels.shape[1], 3)


@compiled
def _mix_lines(lines: Any, first: Any, weights: Any, out: Any) -> None:
    """Write each line of `out` as the weighted mean of some lines."""
    sums = np.empty(lines.shape[1], np.uint32)
    for i in range(weights.shape[1]):
        sums[:] = HALF
        for k in range(weights.shape[0]):
            weight = weights[k, i]
            if weight == 0:  # padding, which may reach past the end
                continue
            line = lines[first[i] + k]
            for j in range(sums.shape[0]):
                sums[j] = np.uint32(sums[j] + weight * line[j])
        for j in range(sums.shape[0]):
            out[i, j] = sums[j] >> PLACES
