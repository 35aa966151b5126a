"""An order of images that uses few shards at a time, for labels that exceed the local cache."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .order import Indices, shuffled_shards


@dataclass(frozen=True, eq=False)
class Windows:
    """Shards in random order, so many at a time, with the images of each window in random order.

    Attributes
    ----------
    shard_of : ndarray of shape (n,), intp
        The shard of each image.
    n_together : int
        Shards in a window.

    Examples
    --------
    >>> windows = Windows(np.array([0, 0, 1, 1, 2, 2]), 1)
    >>> windows.arranged(np.array([5, 2, 1, 3, 4, 0]), seed=0, epoch=0).tolist()
    [5, 4, 2, 3, 1, 0]
    """

    shard_of: Indices
    n_together: int

    def arranged(self, order: Indices, seed: int, epoch: int) -> Indices:
        """Return images by their windows, and in the given order within each."""
        shards, shard_of = np.unique(self.shard_of, return_inverse=True)
        place = np.empty(len(shards), np.intp)
        place[shuffled_shards(len(shards), seed, epoch)] = np.arange(len(shards))
        window = place[shard_of[order]] // self.n_together
        return order[np.argsort(window, kind="stable")]

    def facts(self) -> bytes:
        """Return what decides the order, for a digest."""
        return f"windows of {self.n_together} ".encode() + self.shard_of.astype("<i8").tobytes()
