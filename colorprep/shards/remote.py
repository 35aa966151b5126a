"""The shards of labels in an object store, read through a cache on this disk, and ahead."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from ..errors import ColorprepError
from .cache import RemoteFile, ShardCache
from .shard import ShardReader

DOWNLOADS = 4  # at once

T = TypeVar("T")


class RemoteShards(Sequence[ShardReader]):
    """Shards in a store, downloaded when they are used.

    Parameters
    ----------
    folder : Path
        Of the copies, in the cache.
    files : sequence of RemoteFile
    cache : ShardCache
    open_shard : callable
        Opens the copy of a shard, given its path and number, and checks it.

    Attributes
    ----------
    sizes : ndarray of shape (n,), int64
        Of the files, in bytes.
    """

    def __init__(
        self,
        folder: Path,
        files: Sequence[RemoteFile],
        cache: ShardCache,
        open_shard: Callable[[Path, int], ShardReader],
    ) -> None:
        self.sizes = np.array([file.n_bytes for file in files], np.int64)
        self._paths = [folder / file.url.name for file in files]
        self._files, self._cache = files, cache
        self._open = open_shard
        self._readers: dict[int, ShardReader] = {}

    def __len__(self) -> int:
        """Return the number of shards."""
        return len(self._files)

    @overload
    def __getitem__(self, number: int) -> ShardReader: ...
    @overload
    def __getitem__(self, number: slice) -> list[ShardReader]: ...
    def __getitem__(self, number: int | slice) -> ShardReader | list[ShardReader]:
        """Return a shard, downloaded if it is not in the cache."""
        if isinstance(number, slice):
            return [self[each] for each in range(len(self))[number]]
        return self.using(range(len(self))[number], lambda shard: shard)

    def using(self, number: int, use: Callable[[ShardReader], T]) -> T:
        """Return what `use` returns for a shard, downloaded if it is not in the cache.

        Another process may remove the file between its download and its use. Then it is downloaded
        again.
        """
        path = self._paths[number]
        while True:
            self.fetch(number)
            try:
                if number not in self._readers:
                    self._readers[number] = self._open(path, number)
                return use(self._readers[number])
            except (ColorprepError, OSError, RuntimeError):
                if path.exists():
                    raise

    def fetch(self, number: int) -> None:
        """Download a shard, unless it is in the cache."""
        self._cache.fetch(self._paths[number], self._files[number])

    def n_together(self, numbers: NDArray[np.intp]) -> int | None:
        """Return how many shards may be used alternately, so that no shard is downloaded twice.

        Parameters
        ----------
        numbers : ndarray of intp
            Of the shards that are used, each once.

        Returns
        -------
        int or None
            As many as fill half of the cache, while the next ones fill the other half; None for
            all, if all fit into the cache.
        """
        sizes = self.sizes[numbers]
        if sizes.sum() <= self._cache.n_bytes:
            return None
        return max(1, self._cache.n_bytes // 2 // int(sizes.max()))

    @contextmanager
    def ahead(self, numbers: NDArray[np.intp]) -> Iterator[Callable[[int], None]]:
        """Download shards in threads, as long as the block runs, before they are needed.

        Parameters
        ----------
        numbers : ndarray of intp
            The shard of each image, in the order of use.

        Yields
        ------
        callable
            Takes the number of these images that have been used so far.
        """
        plan = Ahead(numbers, self.sizes, self._cache.n_bytes // 2)

        def needed() -> set[Path]:
            return {self._paths[number] for number in plan.needed()}

        def download() -> None:
            while (number := plan.next()) is not None:
                try:
                    self.fetch(number)
                except ColorprepError:  # what needs the shard will fail likewise, and says why
                    return

        with (
            ThreadPoolExecutor(DOWNLOADS, "colorprep-ahead") as threads,
            self._cache.keeping(needed),
        ):
            try:
                for _ in range(DOWNLOADS):
                    threads.submit(download)
                yield plan.reached
            finally:
                plan.close()


class Ahead:
    """Which shard to download next: in the order in which they are needed, but not too early.

    Parameters
    ----------
    numbers : ndarray of intp
        The shard of each image, in the order of use.
    sizes : ndarray of int64
        Of all shards, in bytes.
    n_bytes : int
        Size of the shards that are downloaded before the first image of them is used.

    Examples
    --------
    Of shards of 10 bytes, two may be here before they are needed:

    >>> ahead = Ahead(np.array([3, 3, 0, 3, 1, 2]), np.full(4, 10), 20)
    >>> ahead.next(), ahead.next(), ahead.next()
    (3, 0, 1)
    >>> ahead.reached(4)
    >>> ahead.next(), sorted(ahead.needed())
    (2, [1, 2])
    """

    def __init__(self, numbers: NDArray[np.intp], sizes: NDArray[np.int64], n_bytes: int) -> None:
        used, first = np.unique(numbers, return_index=True)
        last = len(numbers) - 1 - np.unique(numbers[::-1], return_index=True)[1]
        order = np.argsort(first)
        self._numbers, self._first, self._last = used[order], first[order], last[order]
        self._bytes = np.append(0, np.cumsum(sizes[self._numbers]))  # of the shards before each
        self._n_bytes = n_bytes
        self._n_begun = self._n_used = 0
        self._closed = False
        self._changed = threading.Condition()

    def next(self) -> int | None:
        """Wait until a shard may be downloaded, and return its number; None after the last."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._may_begin)
            if self._ended:
                return None
            self._n_begun += 1
            return int(self._numbers[self._n_begun - 1])

    def reached(self, n_used: int) -> None:
        """Tell how many images have been used."""
        with self._changed:
            self._n_used = max(self._n_used, n_used)
            self._changed.notify_all()

    def needed(self) -> list[int]:
        """Return the shards that were begun, and have images that are not used yet."""
        begun = slice(self._n_begun)
        return list(map(int, self._numbers[begun][self._last[begun] >= self._n_used]))

    def close(self) -> None:
        """Return None from `next` from now on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def _ended(self) -> bool:
        return self._closed or self._n_begun == len(self._numbers)

    @property
    def _may_begin(self) -> bool:
        """Whether the next shard is needed now, or there is room for it before it is."""
        n_needed = int(np.searchsorted(self._first, self._n_used, "right"))
        ahead = self._bytes[self._n_begun + 1] - self._bytes[n_needed]
        return self._n_begun < n_needed or bool(ahead <= self._n_bytes)
