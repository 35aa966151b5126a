"""The shards of a folder, mapped into memory: all at once, or from a store those of each batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import ArtifactError
from ...shards.reader import LabelFolder
from ...shards.remote import RemoteShards
from ...shards.shard import REMEDY, ShardReader
from .gathering import Bytes, listed, map_file
from .order import Indices

Reached = Callable[[int], object]


@dataclass(frozen=True, eq=False)
class Mapped:
    """Mapped shards.

    Attributes
    ----------
    files : list of ndarray of uint8
        A typed list of numba.
    offsets : dict of str to ndarray of int64
        By array, where its rows begin in each file; compressed arrays are left out.
    """

    files: Any
    offsets: dict[str, NDArray[np.int64]]


class MappedShards(Protocol):
    """Shards from which rows are copied."""

    def of(self, shards: Indices) -> tuple[Mapped, Indices]:
        """Return shards mapped, those of given numbers included, and the place of each there."""

    def ahead(self, shards: Indices) -> AbstractContextManager[Reached]:
        """Prepare the shards of images in advance, in this order, as long as the block runs.

        The function is to be told how many of the images have been read.
        """

    def n_together(self, shards: Indices) -> int | None:
        """Return how many of these shards may be read alternately; None for all."""


class LocalShards:
    """Shards on this disk, all mapped."""

    def __init__(self, labels: LabelFolder) -> None:
        files = [(shard, _map(shard)) for shard in labels.shards]
        self._mapped = _mapped(files, labels.rows)

    def of(self, shards: Indices) -> tuple[Mapped, Indices]:
        """Return all shards."""
        return self._mapped, shards

    def ahead(self, shards: Indices) -> AbstractContextManager[Reached]:
        """Do nothing."""
        return nullcontext(lambda n_read: None)

    def n_together(self, shards: Indices) -> None:
        """Return None."""


class DownloadedShards:
    """Shards in a store, of which those of a batch are downloaded and mapped."""

    def __init__(self, shards: RemoteShards, names: Iterable[str]) -> None:
        self._shards, self._names = shards, list(names)

    def of(self, shards: Indices) -> tuple[Mapped, Indices]:
        """Return the shards of these numbers."""
        numbers, places = np.unique(shards, return_inverse=True)
        files = [self._shards.using(number, _reader_and_map) for number in numbers.tolist()]
        return _mapped(files, self._names), places

    def ahead(self, shards: Indices) -> AbstractContextManager[Reached]:
        """Download shards in advance."""
        return self._shards.ahead(shards)

    def n_together(self, shards: Indices) -> int | None:
        """Return how many shards half of the cache holds; None if it holds all of these."""
        return self._shards.n_together(np.unique(shards))


def map_labels(labels: LabelFolder) -> MappedShards:
    """Return the shards of a folder, from which rows are copied.

    Raises
    ------
    ArtifactError
        If a shard cannot be mapped.
    """
    if isinstance(labels.shards, RemoteShards):
        return DownloadedShards(labels.shards, labels.rows)
    try:
        return LocalShards(labels)
    except (OSError, RuntimeError) as error:
        raise ArtifactError(
            f"cannot map the shards of {labels.path} ({error}); {REMEDY}"
        ) from error


def _map(shard: ShardReader) -> Bytes:
    return map_file(shard.path, shard.mapped_size)


def _reader_and_map(shard: ShardReader) -> tuple[ShardReader, Bytes]:
    return shard, _map(shard)


def _mapped(files: Sequence[tuple[ShardReader, Bytes]], names: Iterable[str]) -> Mapped:
    offsets = {}
    for name in names:
        found = [shard.stored[name].offset if len(shard) else 0 for shard, _ in files]
        if None not in found:
            offsets[name] = np.array(found, np.int64)
    return Mapped(listed(file for _, file in files), offsets)
