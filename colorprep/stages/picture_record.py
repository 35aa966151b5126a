"""What each picture of `colorprep colorize` was made of, so that none is made twice.

``colorized.jsonl`` lies beside the pictures, a line of JSON a picture: its name, a digest of its
bytes, of its photograph's bytes, and of what colored it. A line is added once its picture is whole,
so what an interrupt leaves is true. A picture that was changed since, or whose photograph or
network is another, does not match its line and is made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..atomic import check_replaceable, write_text

RECORD_NAME = "colorized.jsonl"


class Made(NamedTuple):
    """What a picture was made of.

    Attributes
    ----------
    picture, photograph : str
        Digests of the bytes of both files.
    by : str
        A digest of the network and all settings.
    """

    picture: str
    photograph: str
    by: str


class PictureRecord:
    """The record of a folder of pictures.

    Parameters
    ----------
    folder : Path
    by : str
        What colors pictures now.

    Attributes
    ----------
    path : Path
    """

    def __init__(self, folder: Path, by: str) -> None:
        self._folder, self.path, self._by = folder, folder / RECORD_NAME, by
        check_replaceable(self.path)
        data = self.path.read_bytes() if self.path.exists() else b""
        self._known = dict(_entries(data))
        self._mend = "" if data.endswith(b"\n") or not data else "\n"  # of a line cut short
        self._new: dict[str, Made] = {}

    def holds(self, target: Path, photograph: bytes) -> bool:
        """Tell whether a picture is there that was made of this photograph in this way.

        May be asked from several threads.
        """
        made = self._known.get(self._name(target))
        if made is None or (made.photograph, made.by) != (digest(photograph), self._by):
            return False
        try:
            return made.picture == digest(target.read_bytes())
        except OSError:
            return False

    def made(self, target: Path, photograph: bytes) -> tuple[str, Made]:
        """Return the entry of a picture that was just made. May be asked from several threads."""
        made = Made(digest(target.read_bytes()), digest(photograph), self._by)
        return self._name(target), made

    def add(self, name: str, made: Made) -> None:
        """Add an entry at once."""
        self._new[name] = made
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(self._mend + _line(name, made))
        self._mend = ""

    def put_in_order(self) -> None:
        """Write all entries in order of the names, each once, if there are new ones."""
        if self._new:
            entries = sorted((self._known | self._new).items())
            write_text(self.path, "".join(_line(name, made) for name, made in entries))

    def _name(self, target: Path) -> str:
        return target.relative_to(self._folder).as_posix()


def digest(data: bytes) -> str:
    """Return 32 hexadecimal digits that stand for some bytes."""
    return hashlib.sha256(data).hexdigest()[:32]


def _line(name: str, made: Made) -> str:
    return json.dumps({"name": name, **made._asdict()}, ensure_ascii=False) + "\n"


def _entries(data: bytes) -> Iterator[tuple[str, Made]]:
    """Give the entries of a record. What is no whole line of ours is as if it were not there."""
    for line in data.splitlines():
        try:
            entry = json.loads(line)
            yield entry.pop("name"), Made(**entry)
        except (ValueError, TypeError, AttributeError, KeyError):
            continue
