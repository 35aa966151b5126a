"""Digests of the images that label maps were made from: `digests.csv`, where shards have sidecars.

While maps are made, a journal beside it records them, so that a killed run can be continued without
losing finished maps. A map whose image is in neither is made again. On a disk the journal is a file
to which lines are added; objects of a store cannot grow, so that there it is a folder of parts.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from ..atomic import write_text
from ..errors import OutputError
from ..places import Location, Url
from ..storage import read_each, remove, remove_each, size_of, sizes_in

DIGESTS = "digests.csv"
JOURNAL = f"{DIGESTS}.tmp"
HEADER = ("key", "digest")
PAUSE = 10.0  # seconds between two parts of the journal; maps of the last ones are made again

Digests: TypeAlias = Mapping[str, str | None]


def read_map_digests(folder: Location) -> dict[str, str | None] | None:
    """Return the digests of the images that label maps were made from.

    Returns
    -------
    dict of str to str or None, or None
        By key; None for maps by earlier versions, which recorded no digests. None in place of the
        dict if an earlier version made the whole folder.

    Raises
    ------
    InputError
        If a store denies access or does not answer.
    """
    found: dict[str, str | None] = {}
    contents = read_each([folder / DIGESTS, *_journal_files(folder)])
    texts = [content.decode(errors="replace") for content in contents if content is not None]
    for text in texts:
        # A killed run may have left half a line at the end, which has no newline.
        lines = text[: text.rfind("\n") + 1].splitlines()
        rows = [row for row in csv.reader(lines) if len(row) == len(HEADER)]
        found.update((key, digest or None) for key, digest in rows if (key, digest) != HEADER)
    return found if texts else None


def write_map_digests(folder: Location, digests: Digests) -> None:
    """Write the table of a finished folder, in order of the keys, and remove the journal."""
    rows = ((key, digests[key]) for key in sorted(digests))
    path, text = folder / DIGESTS, _lines([HEADER, *rows])
    # A run that changes nothing leaves the file as it is, with its time of change.
    if next(read_each([path])) != text.encode():
        write_text(path, text)
    remove_each(_journal_files(folder))


def has_journal(folder: Location) -> bool:
    """Return whether maps are being written to a folder, as far as this machine sees it."""
    return any(size_of(file) is not None for file in _journal_files(folder))


@contextmanager
def journal(folder: Location, digests: Digests) -> Iterator[Callable[[Digests], None]]:
    """Begin the journal with the entries of the existing maps.

    Yields
    ------
    callable
        Records what finished maps were made from.

    Raises
    ------
    OutputError
        If there is no room, or the folder or store cannot be written to.
    """
    if isinstance(folder, Path):
        write_text(folder / JOURNAL, _lines(digests.items()))
        yield lambda new: _append(folder / JOURNAL, new)
    else:
        parts = _Parts(folder / JOURNAL, digests)
        try:
            yield parts.add
        finally:
            parts.write()


class _Parts:
    """The journal of maps in a store: parts, numbered in order."""

    def __init__(self, folder: Url, digests: Digests) -> None:
        earlier = sorted(sizes_in(folder))
        self._folder = folder
        self._number = int(Path(earlier[-1]).stem) + 1 if earlier else 0
        self._pending = dict(digests)
        self._written = 0.0
        self._write()  # even if empty: maps without a journal are those of earlier versions
        remove_each(folder / name for name in earlier)

    def add(self, digests: Digests) -> None:
        """Record entries, in the part that is written next."""
        self._pending.update(digests)
        if time.monotonic() - self._written >= PAUSE:
            self.write()

    def write(self) -> None:
        """Write a part, if there are entries for it."""
        if self._pending:
            self._write()

    def _write(self) -> None:
        self._written = time.monotonic()
        write_text(self._folder / f"{self._number:09d}.csv", _lines(self._pending.items()))
        self._number += 1
        self._pending.clear()


def remove_map_digests(folder: Location) -> None:
    """Remove the table and the journal."""
    remove(folder / DIGESTS)
    remove_each(_journal_files(folder))


def _journal_files(folder: Location) -> list[Location]:
    """Return the files that the journal may have."""
    path = folder / JOURNAL
    return [path] if isinstance(path, Path) else [path / name for name in sorted(sizes_in(path))]


def _append(path: Path, digests: Digests) -> None:
    try:
        with path.open("a", encoding="utf-8", newline="") as stream:
            stream.write(_lines(digests.items()))
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}; make room or give another output, "
            "and run the same command again; finished labels are kept"
        ) from error


def _lines(rows: Iterable[tuple[str, str | None]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
