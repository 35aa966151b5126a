"""The record of how `colorprep colorize` made its pictures, so that none is made twice.

``colorized.jsonl`` contains one line of JSON per picture: its name, and digests of its bytes, of
its photograph's bytes, and of what colored it. A line is added once its picture is complete, so the
record is right after an interrupt. If a picture, its photograph, its hints or the network has
changed, the line no longer matches and the picture is made again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ...atomic import check_replaceable, write_text
from ...images.digests import digest_of_bytes

RECORD_NAME = "colorized.jsonl"


class Made(NamedTuple):
    """How a picture was made.

    Attributes
    ----------
    picture, photograph : str
        Digests of the bytes of both files.
    by : str
        A digest of the network, all settings, and the photograph's hints, if it has any.
    """

    picture: str
    photograph: str
    by: str


class PictureRecord:
    """The record of a folder of pictures."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.path = folder, folder / RECORD_NAME
        check_replaceable(self.path)
        data = self.path.read_bytes() if self.path.exists() else b""
        self._known = dict(_entries(data))
        self._mend = (
            "" if data.endswith(b"\n") or not data else "\n"
        )  # ends a line that was cut short
        self._new: dict[str, Made] = {}

    def holds(self, target: Path, photograph: bytes, by: str) -> bool:
        """Return whether a picture exists that was made from this photograph in this way.

        Thread-safe.

        Parameters
        ----------
        photograph : bytes
            Of its file.
        by : str
            See `Made`.
        """
        made = self._known.get(self._name(target))
        if made is None or (made.photograph, made.by) != (digest_of_bytes(photograph), by):
            return False
        try:
            return made.picture == digest_of_bytes(target.read_bytes())
        except OSError:
            return False

    def made(self, target: Path, photograph: bytes, by: str) -> tuple[str, Made]:
        """Return the entry of a picture that was just made; see `holds`. Thread-safe."""
        made = Made(digest_of_bytes(target.read_bytes()), digest_of_bytes(photograph), by)
        return self._name(target), made

    def entry(self, target: Path) -> Made:
        """Return the entry of a picture that has one."""
        name = self._name(target)
        return self._new.get(name) or self._known[name]

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


def _line(name: str, made: Made) -> str:
    return json.dumps({"name": name, **made._asdict()}, ensure_ascii=False) + "\n"


def _entries(data: bytes) -> Iterator[tuple[str, Made]]:
    """Yield the entries of a record. Incomplete and foreign lines are ignored."""
    for line in data.splitlines():
        try:
            entry = json.loads(line)
            yield entry.pop("name"), Made(**entry)
        except (ValueError, TypeError, AttributeError, KeyError):
            continue
