"""Candidate duplicates: pairs of images whose fingerprints differ in a few bits.

Pairs that differ in at most seven of 64 bits are found without comparing all pairs: if the words
are cut into four bands of 16 bits, at least one band differs in at most one bit. So each band keeps
the images sorted by its value, and a query looks up the 17 values within one bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compiling import compiled

MAX_DISTANCE = 7  # bits
MOST = 16  # candidates kept for each image

_BANDS = 4
_BAND_VALUES = 1 << 16
_CHUNK = 1 << 14  # images between two reports of progress


def near_pairs(fingerprints: NDArray[np.uint64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Find the pairs of images that may show the same picture.

    Parameters
    ----------
    fingerprints : ndarray of shape (n, v), uint64
        For each image, the fingerprint of the whole image, then those of its cropped versions.

    Yields
    ------
    n_searched : int
        Number of images searched for since the last yield.
    pairs : ndarray of shape (m, 2), int64
        Their pairs (i, j) with i < j, sorted; later yields may repeat a pair.

    Notes
    -----
    A pair is found if a version of one image differs from the whole of the other in at most
    `MAX_DISTANCE` bits. Only the `MOST` nearest of each image are kept, the first ones where
    distances are equal, so that a thousand copies of a picture do not make a million pairs.

    Examples
    --------
    >>> words = np.array([[0], [0b111], [2**60 - 1]], np.uint64)
    >>> [(n, pairs.tolist()) for n, pairs in near_pairs(words)]
    [(3, [[0, 1]])]
    """
    whole = np.ascontiguousarray(fingerprints[:, 0])
    orders = np.empty((_BANDS, len(whole)), np.int64)
    starts = np.empty((_BANDS, _BAND_VALUES + 1), np.int64)
    for band in range(_BANDS):
        values = whole >> np.uint64(16 * band) & np.uint64(0xFFFF)
        orders[band] = np.argsort(values, kind="stable")
        counts = np.bincount(values.astype(np.int64), minlength=_BAND_VALUES)
        starts[band] = np.concatenate([[0], np.cumsum(counts)])
    sorted_words = whole[orders]
    for first in range(0, len(whole), _CHUNK):
        last = min(first + _CHUNK, len(whole))
        found = np.full((last - first, MOST), -1, np.int64)
        _search(fingerprints[first:last], first, sorted_words, orders, starts, found)
        image, place = np.nonzero(found >= 0)
        pairs = np.stack([image + first, found[image, place]], axis=1)
        yield last - first, np.unique(np.sort(pairs, axis=1), axis=0)


@compiled
def _search(
    queries: Any, first: int, sorted_words: Any, orders: Any, starts: Any, found: Any
) -> None:
    """Write the nearest images of each query to the rows of `found`."""
    distances = np.empty(found.shape[1], np.int64)
    for q in range(queries.shape[0]):
        distances[:] = MAX_DISTANCE + 1
        for version in range(queries.shape[1]):
            word = queries[q, version]
            for band in range(_BANDS):
                value = np.int64(word >> np.uint64(16 * band) & np.uint64(0xFFFF))
                for bit in range(-1, 16):
                    near = value if bit < 0 else value ^ (1 << bit)
                    for at in range(starts[band, near], starts[band, near + 1]):
                        distance = _set_bits(word ^ sorted_words[band, at])
                        if distance <= MAX_DISTANCE:
                            other = orders[band, at]
                            if other != first + q:
                                _keep(other, distance, found[q], distances)


@compiled
def _keep(other: int, distance: int, kept: Any, distances: Any) -> None:
    """Insert an image into the nearest ones, which are sorted by distance, then index."""
    end = len(kept) - 1
    for place in range(len(kept)):
        if kept[place] == other:
            if distances[place] <= distance:
                return
            end = place
            break
    if distances[end] < distance or (distances[end] == distance and kept[end] <= other):
        return
    place = end
    while place > 0 and (
        distances[place - 1] > distance
        or (distances[place - 1] == distance and kept[place - 1] > other)
    ):
        kept[place], distances[place] = kept[place - 1], distances[place - 1]
        place -= 1
    kept[place], distances[place] = other, distance


@compiled
def _set_bits(word: Any) -> Any:
    """Return the number of set bits of a 64-bit word."""
    word = word - (word >> np.uint64(1) & np.uint64(0x5555555555555555))
    pairs = np.uint64(0x3333333333333333)
    word = (word & pairs) + (word >> np.uint64(2) & pairs)
    word = word + (word >> np.uint64(4)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64(word * np.uint64(0x0101010101010101) >> np.uint64(56))
