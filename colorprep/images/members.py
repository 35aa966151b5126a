"""What an archive or a store holds: names made keys, unsafe ones refused, links followed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from .lists import listed
from .passed_over import FOLDER_LINKS, no_image
from .skip import Skip
from .sorting import Place as Place
from .sorting import ReadHeads, Sorting
from .source import Found, Search, in_order, is_listable


@dataclass
class Members:
    """What an archive or a store holds, added in its own order.

    Of members of one name the last one counts, as it does when an archive is unpacked.

    Attributes
    ----------
    files : dict of str to tuple of int
        By key: the size, then the place.
    links : dict of str to str
        By key: the key that a link leads to; no key where it leads out of the archive.
    refused : dict of str to Skip
        What is in the archive, but cannot be read.
    passed_over : Counter of str
        What is neither a file nor a link to one, by kind.
    """

    files: dict[str, Place] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    refused: dict[str, Skip] = field(default_factory=dict)
    passed_over: Counter[str] = field(default_factory=Counter)

    def add_file(self, key: str, size: int, *place: int) -> None:
        """Add a file."""
        self._forget(key)
        self.files[key] = (size, *place)

    def add_link(self, key: str, target: str) -> None:
        """Add a link to the member that has the key `target` in the end."""
        self._forget(key)
        self.links[key] = target

    def add_second_name(self, key: str, target: str) -> None:
        """Add a hard link: another name of what has the key `target` at this moment."""
        if target in self.files:
            self.add_file(key, *self.files[target])
        else:
            self.add_link(key, self.links.get(target, target))

    def refuse(self, key: str, reason: str, detail: str) -> None:
        """Add what cannot be read."""
        self._forget(key)
        self.refused[key] = Skip(key if is_listable(key) else repr(key)[1:-1], reason, detail)

    def _forget(self, key: str) -> None:
        for members in (self.files, self.links, self.refused):
            members.pop(key, None)

    def follow_links(self) -> None:
        """Give links the places of the files that they lead to; links to folders are dropped."""
        links = self.links
        self.links = {}
        folders = _folders_of(self.files) if links else set()
        followed: dict[str, Place] = {}
        for key in links:
            target, passed = key, set()
            while target in links and target not in passed:
                passed.add(target)
                target = links[target]
            if target in self.files:
                followed[key] = self.files[target]
            elif target in self.refused:
                self.refuse(key, *self.refused[target][1:])
            elif target in folders:
                self.passed_over[FOLDER_LINKS] += 1
            else:
                self.refuse(key, "missing", "a link to what is not in the archive")
        self.files |= followed

    def images(
        self, names: SourceNames, lines: Iterable[str] | None, read: ReadHeads, search: Search
    ) -> Found:
        """Return the images among the files.

        Parameters
        ----------
        names : SourceNames
        lines : iterable of str or None
            Lines of a list that narrows it; None takes all that are images, by their names or,
            where those do not tell, by their first bytes.
        read : ReadHeads
        search : Search

        Returns
        -------
        Found

        Raises
        ------
        InputError
            If there is none.
        """
        if lines is not None:
            found = listed(lines, names.name, self.files.get, names.list)
            skipped = [self.refused.get(key_of(skip.key), skip) for skip in found.skipped]
            return replace(found, skipped=sorted(set(skipped)))
        sorting = Sorting(self.files, read, search)
        sorting.add_refused(self.refused)
        passed_over = sorting.passed_over + self.passed_over
        if not sorting.images and not sorting.skipped:
            raise no_image(names.shown, passed_over)
        return in_order(sorting.images, sorting.skipped, passed_over)


class SourceNames(NamedTuple):
    """What messages call an archive or a store, and its list.

    Attributes
    ----------
    name : str
        What the source is called; lists may begin their lines with it.
    shown : str
        The archive or URL.
    list : str
    """

    name: str
    shown: str
    list: str


def key_of(name: str, folder: str = "") -> str:
    """Return the key of a name: its path from the top, without empty parts and dots.

    Parameters
    ----------
    name : str
    folder : str
        Where the name starts from.

    Returns
    -------
    str
        Empty if the path leads out of the archive.
    """
    parts: list[str] = []
    for part in f"{folder}/{name}".split("/"):
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def why_unsafe(name: str) -> str | None:
    """Tell why a name is refused, as it could lead out of the folder it is unpacked in."""
    if name.startswith("/"):
        return "an absolute path; pack the images under relative ones"
    if ".." in name.split("/"):
        return "a path with a part '..'; pack the images under plain relative paths"
    if "\\" in name:
        return "a path with a backslash; pack the images under paths with forward slashes"
    if re.match("[A-Za-z]:", name):
        return "a path with a drive letter; pack the images under relative ones"
    return None


def _folders_of(keys: Iterable[str]) -> set[str]:
    folders = {""}
    for key in keys:
        folder = key.rpartition("/")[0]
        while folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return folders - {""}
