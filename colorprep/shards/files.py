"""The files of a label folder, on a disk or in a store, and the facts of its finished shards."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from ..errors import ArtifactError
from ..images.skip import Skip
from ..places import Location
from ..storage import read_each, remove, size_of, sizes_in
from .sidecar import Sidecar, parse_sidecar, sidecar_path
from .writer import shard_path


class ShardFacts(NamedTuple):
    """What is kept in memory of a finished shard, see `colorprep.shards.sidecar.Sidecar`."""

    n_images: int
    n_bytes: int
    sha256: str
    skipped: list[Skip]


class LabelFiles:
    """The files of a label folder, which only this process changes.

    A disk is asked for each file. A folder in a store is listed once, since each request takes
    tens of milliseconds; sidecars are read several at once, and the facts of their shards kept.

    Parameters
    ----------
    folder : Path or Url
    """

    def __init__(self, folder: Location) -> None:
        self.folder = folder
        self._listed: dict[str, int] | None = None
        self._facts: dict[int, ShardFacts] = {}

    def size(self, name: str) -> int | None:
        """Return the size of a file in bytes by its relative path; None if it is missing."""
        if isinstance(self.folder, Path):
            return size_of(self.folder / name)
        return self._listing().get(name)

    def names(self) -> Collection[str]:
        """Return the relative paths of all files, also in folders below."""
        return sizes_in(self.folder) if isinstance(self.folder, Path) else self._listing()

    def remove(self, name: str) -> None:
        """Remove a file by its relative path, if it is there."""
        remove(self.folder / name)
        if self._listed is not None:
            self._listed.pop(name, None)

    def has_shard(self, number: int) -> bool:
        """Return whether any file of a shard is there."""
        shard = shard_path(self.folder, number)
        return any(self.size(path.name) is not None for path in (shard, sidecar_path(shard)))

    def sidecars(self, numbers: Iterable[int]) -> Iterator[tuple[int, Sidecar]]:
        """Yield the sidecars that can be read, with the numbers of their shards, in order."""
        paths = ((number, sidecar_path(shard_path(self.folder, number))) for number in numbers)
        there = [(number, path) for number, path in paths if self.size(path.name) is not None]
        contents = read_each(path for _, path in there)
        for (number, path), content in zip(there, contents, strict=True):
            try:
                if content is not None:
                    yield number, parse_sidecar(path, content)
            except ArtifactError:
                continue

    def finished(self, numbers: Iterable[int]) -> Iterator[tuple[int, Sidecar]]:
        """Yield the numbers and sidecars of finished shards, in order.

        Only their sizes are checked, so that resuming is quick; `colorprep verify` checks digests.
        """
        for number, sidecar in self.sidecars(numbers):
            if self.size(shard_path(self.folder, number).name) == sidecar.n_bytes:
                self.add(number, sidecar)
                yield number, sidecar

    def facts(self, numbers: Iterable[int]) -> dict[int, ShardFacts]:
        """Return the facts of finished shards by number; no sidecar is read twice for them."""
        numbers = list(numbers)
        for _ in self.finished(number for number in numbers if number not in self._facts):
            pass
        return {number: self._facts[number] for number in numbers if number in self._facts}

    def add(self, number: int, sidecar: Sidecar) -> None:
        """Keep the facts of a shard that is finished."""
        self._facts[number] = ShardFacts(
            len(sidecar.rows), sidecar.n_bytes, sidecar.sha256, sidecar.skipped
        )

    def remove_shard(self, number: int) -> None:
        """Remove a shard; its sidecar stays, since it names the shard's images."""
        self._facts.pop(number, None)
        self.remove(shard_path(self.folder, number).name)

    def _listing(self) -> dict[str, int]:
        if self._listed is None:
            self._listed = sizes_in(self.folder)
        return self._listed
