"""The mark on folders and pictures that colorprep creates, so that none is taken for input.

A file ``.colorprep`` names what colorprep created in its folder: a line ``./`` for the whole
folder, a line ``./NAME`` for one picture in a folder of the user. Sources pass over what it names.
A line ``sheet ./NAME`` names a sheet of several pictures in either kind of folder, which is passed
over even where pictures made by colorprep are wanted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

MARK = ".colorprep"
TEMPORARY = ".tmp"  # ending of temporary hidden files
MAX_BYTES = 1 << 20  # longest mark that is read from an archive or a store

_PICTURES = frozenset([".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".ppm"])
_WHOLE = b"./"
_SHEET = b"sheet ./"
_HEADER = b"""\
# colorprep made what is named here, and does not take it for photographs.
# ./ stands for the whole folder. Delete this file to have its pictures taken.
"""
OWN = _HEADER + _WHOLE + b"\n"  # the mark of a whole folder


class Mark(NamedTuple):
    """What a mark names.

    Attributes
    ----------
    whole : bool
        Whether colorprep created the whole folder.
    names : frozenset of str
        Pictures that colorprep wrote into a folder of the user.
    sheets : frozenset of str
        Sheets of several pictures.
    """

    whole: bool = False
    names: frozenset[str] = frozenset()
    sheets: frozenset[str] = frozenset()


def parse_mark(content: bytes) -> Mark:
    r"""Return what the content of a mark names.

    Examples
    --------
    >>> parse_mark(b"# a comment\n./curves.png\n")
    Mark(whole=False, names=frozenset({'curves.png'}), sheets=frozenset())
    """
    lines = content.splitlines()
    return Mark(_WHOLE in lines, _names_after(_WHOLE, lines), _names_after(_SHEET, lines))


def _names_after(start: bytes, lines: Iterable[bytes]) -> frozenset[str]:
    names = (line[len(start) :] for line in lines if line.startswith(start))
    return frozenset(os.fsdecode(name) for name in names if name)


def read_mark(folder: str | Path) -> Mark:
    """Return what the mark of a folder names; nothing if the mark is missing."""
    try:
        with open(os.path.join(folder, MARK), "rb") as file:  # noqa: PTH118, PTH123
            return parse_mark(file.read())
    except OSError:
        return Mark()


def mark_folder(folder: Path) -> None:
    """Create a folder, and mark it as colorprep's own if it is new or empty."""
    if folder.exists() and not is_empty(folder):
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_bytes(OWN)


def mark_picture(path: Path) -> None:
    """Record that colorprep is about to write a picture into a folder of the user.

    Other files, and pictures in folders that are marked as a whole, need no record.
    """
    if path.suffix.lower() not in _PICTURES:
        return
    path = path.absolute()
    if any(read_mark(folder).whole for folder in path.parents):
        return
    if path.exists() and path.name in read_mark(path.parent).names:
        return
    _append(path, _WHOLE)


def mark_sheet(path: Path) -> None:
    """Record that colorprep is about to write a sheet of several pictures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name not in read_mark(path.parent).sheets:
        _append(path, _SHEET)


def _append(path: Path, start: bytes) -> None:
    line = start + os.fsencode(path.name) + b"\n"
    with path.with_name(MARK).open("ab") as file:  # one write, since other threads may append too
        file.write(line if file.tell() else _HEADER + line)


def is_empty(folder: Path) -> bool:
    """Return whether a folder contains nothing but a mark and temporary files."""
    return holds_nothing(entry.name for entry in folder.iterdir())


def holds_nothing(names: Iterable[str]) -> bool:
    """Return whether the files of a folder are nothing but a mark and temporary files."""
    return all(
        name == MARK or (name.startswith(".") and name.endswith(TEMPORARY)) for name in names
    )
