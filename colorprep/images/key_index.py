"""Finding the indices of many keys, in a tenth of the memory of a dict."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

MISSING = -1


class KeyIndex:
    """The indices of keys, found by their hashes: 16 bytes for each key.

    Parameters
    ----------
    keys : sequence of str
        All different; looked into again at each search.

    Examples
    --------
    >>> KeyIndex(["a.jpg", "b.jpg"]).find(["b.jpg", "c.jpg"])
    array([ 1, -1])
    """

    def __init__(self, keys: Sequence[str]) -> None:
        hashes = _hashes(keys)
        self._keys = keys
        self._order = np.argsort(hashes)
        self._hashes = hashes[self._order]

    def find(self, keys: Collection[str]) -> NDArray[np.int64]:
        """Return the index of each key; -1 where it is missing."""
        ranks = np.searchsorted(self._hashes, _hashes(keys)).tolist()
        found = (self._find(key, rank) for key, rank in zip(keys, ranks, strict=True))
        return np.fromiter(found, np.int64, len(keys))

    def _find(self, key: str, rank: int) -> int:
        """Return the index of a key, given the first rank of its hash."""
        wanted = hash(key)
        while rank < len(self._hashes) and self._hashes.item(rank) == wanted:
            index = self._order.item(rank)
            if self._keys[index] == key:
                return index
            rank += 1  # another key has the same hash
        return MISSING


def _hashes(keys: Collection[str]) -> NDArray[np.int64]:
    return np.fromiter(map(hash, keys), np.int64, len(keys))
