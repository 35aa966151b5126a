"""Images that are neighbors in an archive in a store: they are asked for together.

A request costs milliseconds of processor time here and the time to answer there, as much as sending
many small images. Images are mostly read in order of their keys, and lie in that order in archives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from .ranges import RangedFile
from .source import Source

LONGEST_RUN = 4 << 20  # bytes that are asked for together, and kept in memory
LONGEST_GAP = 32 << 10  # bytes between two neighbors, such as captions; sent sooner than asked for


@runtime_checkable
class Joins(Protocol):
    """A source that can ask for several images together."""

    def joined(self, indices: Sequence[int]) -> Source:
        """Return the source for one thread that reads these images, in this order."""


def joined(source: Source, indices: Sequence[int]) -> Source:
    """Return a source for one thread that reads these images, in this order, with few requests."""
    return source.joined(indices) if isinstance(source, Joins) else source


class Extent(NamedTuple):
    """Bytes of a file, from `start` up to `end`."""

    start: int
    end: int


class JoinedFile:
    """A file in which neighbors are read together; see `colorprep.images.ranges.RangedFile`.

    Parameters
    ----------
    extents : sequence of Extent
        Those of the images, in the order in which they are read.
    """

    def __init__(self, file: RangedFile, extents: Sequence[Extent]) -> None:
        self._file = file
        self._runs = runs_of(extents)
        self._run, self._data = Extent(0, 0), b""  # the last one that was read
        self.shown, self.size, self.changed = file.shown, file.size, file.changed
        self.read_ahead = file.read_ahead

    def read(self, start: int, size: int) -> bytes:
        """Return some bytes, see `RangedFile.read`."""
        for run in (self._run, *self._runs):
            if run.start <= start and start + size <= run.end:
                return self._read_run(run)[start - run.start : start - run.start + size]
        return self._file.read(start, size)

    def _read_run(self, run: Extent) -> bytes:
        if run != self._run:
            self._data = self._file.read(run.start, run.end - run.start)
            self._run = run
        return self._data


def runs_of(extents: Iterable[Extent]) -> list[Extent]:
    """Join neighbors; those that have none are left out.

    Examples
    --------
    >>> runs_of([Extent(0, 10), Extent(20, 30), Extent(20, 40), Extent(90_000, 90_010)])
    [Extent(start=0, end=40)]
    """
    runs: list[Extent] = []
    n_joined: list[int] = []
    for extent in extents:
        last = runs[-1] if runs else None
        if last is not None and _are_neighbors(last, extent):
            runs[-1] = Extent(last.start, max(last.end, extent.end))
            n_joined[-1] += 1
        else:
            runs.append(extent)
            n_joined.append(1)
    return [run for run, n in zip(runs, n_joined, strict=True) if n > 1]


def _are_neighbors(run: Extent, extent: Extent) -> bool:
    gap = extent.start - run.end
    return (
        run.start <= extent.start and gap <= LONGEST_GAP and extent.end - run.start <= LONGEST_RUN
    )
