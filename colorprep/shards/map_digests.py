"""Digests of the images that label maps were made from: `digests.csv`, where shards have sidecars.

While maps are made, a journal beside it records them, so that a killed run can be continued without
losing finished maps. A map whose image is in neither file is made again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..atomic import write_text
from ..errors import OutputError

DIGESTS = "digests.csv"
JOURNAL = f"{DIGESTS}.tmp"
HEADER = ("key", "digest")


def read_map_digests(folder: Path) -> dict[str, str | None] | None:
    """Return the digests of the images that label maps were made from.

    Returns
    -------
    dict of str to str or None, or None
        By key; None for maps by earlier versions, which recorded no digests. None in place of the
        dict if an earlier version made the whole folder.
    """
    found: dict[str, str | None] = {}
    paths = [path for path in (folder / DIGESTS, folder / JOURNAL) if path.exists()]
    for path in paths:
        text = path.read_text(encoding="utf-8", errors="replace")
        # A killed run may have left half a line at the end, which has no newline.
        lines = text[: text.rfind("\n") + 1].splitlines()
        rows = [row for row in csv.reader(lines) if len(row) == len(HEADER)]
        found.update((key, digest or None) for key, digest in rows if (key, digest) != HEADER)
    return found if paths else None


def write_map_digests(folder: Path, digests: Mapping[str, str | None]) -> None:
    """Write the table of a finished folder, in order of the keys, and remove the journal."""
    rows = ((key, digests[key]) for key in sorted(digests))
    path, text = folder / DIGESTS, _lines([HEADER, *rows])
    # A run that changes nothing leaves the file as it is, with its time of change.
    if not path.exists() or path.read_text(encoding="utf-8", errors="replace") != text:
        write_text(path, text)
    (folder / JOURNAL).unlink(missing_ok=True)


def begin_journal(folder: Path, digests: Mapping[str, str | None]) -> None:
    """Begin the journal with the entries of the existing maps."""
    write_text(folder / JOURNAL, _lines(digests.items()))


def has_journal(folder: Path) -> bool:
    """Return whether maps are being written to a folder."""
    return (folder / JOURNAL).exists()


def add_to_journal(folder: Path, digests: Mapping[str, str | None]) -> None:
    """Record what finished maps were made from.

    Raises
    ------
    OutputError
        If there is no room, or the folder cannot be written to.
    """
    path = folder / JOURNAL
    try:
        with path.open("a", encoding="utf-8", newline="") as stream:
            stream.write(_lines(digests.items()))
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}; make room or give another output, "
            "and run the same command again; finished labels are kept"
        ) from error


def remove_map_digests(folder: Path) -> None:
    """Remove the table and the journal."""
    for name in (DIGESTS, JOURNAL):
        (folder / name).unlink(missing_ok=True)


def _lines(rows: Iterable[tuple[str, str | None]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
