"""Counting pixels by cell, by color or by bin.

Two histograms serve every quantizer. If each ab cell lies inside one bin (lattices of even step),
pixels are counted by **cell**: 65,536 counters, which is fast. Everything else is counted by
**color**: 2^24 counters, from which the counts of any cells and any bins follow exactly.

Counts by color are passed on as `SparseCounts`, since a chunk has a small part of all colors.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..color.color_index import N_COLORS, index_of
from ..compiling import compiled, prefetch

N_CELLS = 1 << 16
COUNTER_LIMIT = (1 << 32) - 1
_BLOCK = 128  # pixels

Counts = NDArray[np.int64]


class SparseCounts(NamedTuple):
    """Counts of the colors that occur.

    Attributes
    ----------
    colors : ndarray of shape (n,), uint32, ascending
        See `colorprep.color.color_index`.
    counts : ndarray of shape (n,), int64
        Pixels of each color.
    """

    colors: NDArray[np.uint32]
    counts: Counts


class ColorCounter:
    """Counts pixels by color; every chunk reuses one array of 64 MiB."""

    def __init__(self) -> None:
        self._counters = np.zeros(N_COLORS, np.uint32)

    def count(self, images: Iterable[NDArray[np.uint8]]) -> SparseCounts:
        """Count the pixels of a chunk.

        Parameters
        ----------
        images : iterable of ndarray of shape (H, W, 3), uint8
            At most 2^32 - 1 pixels in all, so that no counter overflows.

        Raises
        ------
        OverflowError
            If there are more.

        Examples
        --------
        >>> ColorCounter().count([np.array([[[0, 0, 1], [0, 0, 1], [0, 1, 0]]], np.uint8)])
        SparseCounts(colors=array([     256, 16776961], dtype=uint32), counts=array([2, 1]))
        """
        total = 0
        for image in images:
            total += image.size // 3
            if total > COUNTER_LIMIT:
                raise OverflowError("a chunk holds more than 2^32 - 1 pixels; make it smaller")
            _count_colors(_pixels(image), self._counters)
        colors = np.flatnonzero(self._counters).astype(np.uint32)
        counts = self._counters[colors].astype(np.int64)
        self._counters[colors] = 0
        return SparseCounts(colors, counts)


def count_cells(images: Iterable[NDArray[np.uint8]], cell_table: NDArray[np.uint16]) -> Counts:
    """Count pixels by cell.

    Parameters
    ----------
    images : iterable of ndarray of shape (H, W, 3), uint8
        At most 2^32 - 1 pixels each.
    cell_table : ndarray of shape (2^24,), uint16
        Every color's cell, see `colorprep.quantize.tables`.

    Returns
    -------
    ndarray of shape (65536,), int64

    Examples
    --------
    >>> from colorprep.quantize.tables import ab_cells
    >>> counts = count_cells([np.zeros((4, 4, 3), np.uint8)], ab_cells())  # black, ab (0, 0)
    >>> int(counts[128 << 8 | 128])
    16
    """
    counts = np.zeros(N_CELLS, np.int64)
    counters = np.zeros((2, N_CELLS), np.uint32)
    pending = 0
    for image in images:
        pending += image.size // 3
        if pending > COUNTER_LIMIT:
            counts += counters.sum(axis=0, dtype=np.int64)
            counters[:] = 0
            pending = image.size // 3
        _count_cells(_pixels(image), cell_table, counters)
    counts += counters.sum(axis=0, dtype=np.int64)
    return counts


def count_bins(image: NDArray[np.uint8], table: NDArray[np.uint16], n_bins: int) -> Counts:
    """Count the pixels of one image by bin.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3), uint8
    table : ndarray of shape (2^24,), uint16
        Every color's bin, see `colorprep.bin_table`.
    n_bins : int
        More than any bin in the table.

    Returns
    -------
    ndarray of shape (n_bins,), int64
    """
    counts = np.zeros(n_bins, np.int64)
    _count_bins(_pixels(image), table, counts)
    return counts


def add_counts(total: Counts, part: Counts | SparseCounts) -> None:
    """Add counts to a dense total, in place.

    Parameters
    ----------
    total : ndarray of shape (65536,) or (2^24,), int64
    part : ndarray of the same shape, or SparseCounts
    """
    if isinstance(part, SparseCounts):
        total[part.colors] += part.counts
    else:
        total += part


def gather(color_counts: Counts, table: NDArray[Any], n: int) -> Counts:
    """Return the counts of cells, bins or levels from the counts of colors.

    Parameters
    ----------
    color_counts : ndarray of shape (2^24,), int64
        Pixels of each color.
    table : ndarray of shape (2^24,), unsigned
        Every color's cell, bin or level.
    n : int
        More than any value in the table.

    Returns
    -------
    ndarray of shape (n,), int64
    """
    out = np.zeros(n, np.int64)
    _gather(color_counts, table, out)
    return out


def gather_by_level(
    colors: SparseCounts, levels: NDArray[np.uint8], table: NDArray[Any], n_levels: int, n: int
) -> Counts:
    """Return the counts of cells or bins in each level of lightness from the counts of colors.

    Parameters
    ----------
    colors : SparseCounts
    levels : ndarray of shape (len(colors.colors),), uint8
        The level of each of these colors, below `n_levels`.
    table : ndarray of shape (2^24,), unsigned
        Every color's cell or bin.
    n : int
        More than any value in the table.

    Returns
    -------
    ndarray of shape (n_levels, n), int64

    Examples
    --------
    >>> colors = SparseCounts(np.array([0, 1], np.uint32), np.array([5, 7]))
    >>> even = (np.arange(N_COLORS) % 2 == 0).astype(np.uint8)
    >>> gather_by_level(colors, np.array([0, 2], np.uint8), even, 3, 2).tolist()
    [[0, 5], [0, 0], [7, 0]]
    """
    out = np.zeros(n_levels * n, np.int64)
    np.add.at(out, levels.astype(np.intp) * n + table[colors.colors], colors.counts)
    return out.reshape(n_levels, n)


def _pixels(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(image).reshape(-1)


@compiled
def _color(pixels: Any, i: int) -> Any:
    return index_of(pixels[i], pixels[i + 1], pixels[i + 2])


@compiled
def _count_cells(pixels: Any, table: Any, counters: Any) -> None:
    # While the cells of a block are counted, the memory looks up those of the next. Pixels go to
    # the two sets of counters in turn, so that equal neighbors need not wait for each other.
    colors, cell = np.empty((2, _BLOCK), np.uint32), np.empty(_BLOCK, np.uint16)
    n_blocks = pixels.shape[0] // (3 * _BLOCK)
    for block in range(n_blocks + 1):
        ahead, now = colors[block & 1], colors[1 - (block & 1)]
        if block < n_blocks:
            start = 3 * _BLOCK * block
            for j in range(_BLOCK):
                ahead[j] = _color(pixels, start + 3 * j)
            for j in range(_BLOCK):
                prefetch(table, np.int64(ahead[j]))
        if block > 0:
            for j in range(_BLOCK):
                cell[j] = table[now[j]]
            for j in range(0, _BLOCK, 2):
                counters[0, cell[j]] += 1
                counters[1, cell[j + 1]] += 1
    for i in range(3 * _BLOCK * n_blocks, pixels.shape[0], 3):
        counters[0, table[_color(pixels, i)]] += 1


@compiled
def _count_colors(pixels: Any, counters: Any) -> None:
    for i in range(0, pixels.shape[0], 3):
        counters[_color(pixels, i)] += 1


@compiled
def _count_bins(pixels: Any, table: Any, counts: Any) -> None:
    for i in range(0, pixels.shape[0], 3):
        counts[table[_color(pixels, i)]] += 1


@compiled
def _gather(color_counts: Any, table: Any, out: Any) -> None:
    for color in range(table.shape[0]):
        if color_counts[color] != 0:
            out[table[color]] += color_counts[color]
