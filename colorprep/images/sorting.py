"""Separating the images of an archive or a store from its other files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import TypeAlias

from ..marks import MARK, MAX_BYTES, parse_mark
from .formats import HEAD_BYTES
from .naming import is_ambiguous, is_hidden, is_image, is_system_folder, kind_of
from .passed_over import OWN_PICTURES, own_folder, system_folder
from .skip import Skip
from .source import Search, has_image_ending

Place: TypeAlias = tuple[int, ...]
# Endings of the keys under which members are refused whose name is missing or cut.
NAMELESS, CUT_NAME = "(no name)", "(name cut)"
# Takes keys and a number of bytes; yields the first bytes of each member, empty if unreadable.
ReadHeads: TypeAlias = Callable[[Sequence[str], int], Iterable[bytes]]


class Sorting:
    """The files of an archive or a store, sorted into images and others as in a folder.

    Parameters
    ----------
    files : mapping of str to tuple of int
        The places of all files, by key.

    Attributes
    ----------
    skipped : list of Skip
        Images that cannot be read.
    """

    def __init__(self, files: Mapping[str, Place], read: ReadHeads, search: Search) -> None:
        self.images: dict[str, Place] = {}
        self.skipped: list[Skip] = []
        self.passed_over: Counter[str] = Counter()
        self._own_folders: set[str] = set()
        self._own_pictures: set[str] = set()
        self._sheets: set[str] = set()
        self._kinds_of_folders: dict[str, str] = {"": ""}
        self._read_marks([key for key in files if _name(key) == MARK], read, search.takes_own)
        doubtful = []
        for key, place in files.items():
            if is_ambiguous(_name(key)) and not self._kind(key):
                doubtful.append(key)
            elif _name(key) != MARK:
                self._add(key, place, self._kind(key))
        for key, head in zip(doubtful, read(doubtful, HEAD_BYTES), strict=True):
            name = _name(key)
            self._add(key, files[key], "" if is_image(name, head) else kind_of(name))

    def add_refused(self, refused: Mapping[str, Skip]) -> None:
        """Add unreadable members by key, except those whose name shows that they are not images."""
        for key, skip in refused.items():
            kind = self._kind(key)
            if not kind and (has_image_ending(key) or skip.key.endswith((NAMELESS, CUT_NAME))):
                self.skipped.append(skip)
            else:
                self.passed_over[kind or kind_of(_name(key))] += 1

    def _add(self, key: str, place: Place, kind: str) -> None:
        if kind:
            self.passed_over[kind] += 1
        elif key not in self._sheets:
            self.images[key] = place

    def _read_marks(self, keys: Sequence[str], read: ReadHeads, takes_own: bool) -> None:
        for key, content in zip(keys, read(keys, MAX_BYTES), strict=True):
            mark, folder = parse_mark(content), key[: -len(MARK)]
            self._sheets.update(folder + name for name in mark.sheets)
            if takes_own:
                continue
            self._own_pictures.update(folder + name for name in mark.names)
            if mark.whole and folder:
                self._own_folders.add(folder.rstrip("/"))

    def _kind(self, key: str) -> str:
        """Return the kind under which a member is passed over; empty if it may be an image."""
        folder, _, name = key.rpartition("/")
        if kind := self._kind_of_folder(folder):
            return kind
        if key in self._own_pictures:
            return OWN_PICTURES
        may_be = not is_hidden(name) and (has_image_ending(name) or is_ambiguous(name))
        return "" if may_be else kind_of(name)

    def _kind_of_folder(self, folder: str) -> str:
        """Return the kind under which a whole folder is passed over; empty if it is not."""
        kind = self._kinds_of_folders.get(folder)
        if kind is None:
            folders = accumulate(folder.split("/"), lambda above, name: f"{above}/{name}")
            kind = next(filter(None, map(self._kind_of_one_folder, folders)), "")
            self._kinds_of_folders[folder] = kind
        return kind

    def _kind_of_one_folder(self, folder: str) -> str:
        if folder in self._own_folders:
            return own_folder(folder)
        return system_folder(_name(folder)) if is_system_folder(_name(folder)) else ""


def _name(key: str) -> str:
    return key.rpartition("/")[2]
