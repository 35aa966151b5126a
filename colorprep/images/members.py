"""What an archive or a store holds: names turned into keys, unsafe ones refused, links followed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from ..errors import InputError
from .lists import listed
from .passed_over import FOLDER_LINKS, no_image
from .skip import Skip
from .sorting import NAMELESS, ReadHeads, Sorting
from .sorting import Place as Place
from .source import Found, Search, escaped, has_image_ending, in_order
from .spelling import Spellings
from .stems import Stems

DEAD_LINK = "a link whose target is not in the archive"
MOST_LINKS = 40  # in a chain, as in Linux
MOST_COPIES = 100  # of each file on average, through links to folders that hold links to folders


@dataclass
class Members:
    """The members of an archive or a store, added in its own order.

    If several members have the same name, the last one counts, as in unpacking.

    Attributes
    ----------
    files : dict of str to tuple of int
        By key: the size, then the place that the archive's reader needs.
    links : dict of str to str
        By key: the path from the top that a link leads to, perhaps through other links; empty if
        it leads out of the archive.
    refused : dict of str to Skip
        Members that cannot be read.
    passed_over : Counter of str
        Members that are neither files nor links to files, by kind.
    replaced : int
        How many members were replaced by a later one of the same name.
    notes : list of str
        Oddities of the archive, for a warning.
    """

    files: dict[str, Place] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    refused: dict[str, Skip] = field(default_factory=dict)
    passed_over: Counter[str] = field(default_factory=Counter)
    replaced: int = 0
    notes: list[str] = field(default_factory=list)

    def add_file(self, key: str, size: int, *place: int) -> None:
        """Add a file."""
        self._forget(key)
        self.files[key] = (size, *place)

    def add_link(self, key: str, target: str) -> None:
        """Add a symbolic link, whose target is relative to its own folder."""
        self._forget(key)
        folder = key.rpartition("/")[0]
        self.links[key] = "" if target.startswith("/") else f"{folder}/{target}"

    def add_hard_link(self, key: str, target: str) -> None:
        """Add a hard link: another name of the member that has the key `target` at this point."""
        if target in self.files:
            self.add_file(key, *self.files[target])
        else:
            self._forget(key)
            self.links[key] = target

    def refuse(self, key: str, reason: str, detail: str) -> None:
        """Add a member that cannot be read."""
        self._forget(key)
        self.refused[key] = Skip(escaped(key) or NAMELESS, reason, detail)

    def _forget(self, key: str) -> None:
        for members in (self.files, self.links, self.refused):
            if members.pop(key, None) is not None:
                self.replaced += 1

    def follow_links(self, folders: bool) -> None:
        """Resolve links to the places of their files.

        Parameters
        ----------
        folders : bool
            Whether a link to a folder adds all files in it, under the link's own name; otherwise
            it is passed over.
        """
        if not self.links:
            return
        links, self.links = self.links, {}
        tree = _Tree(self.files, links)
        for key in links:
            target = tree.resolved(key)
            if target in self.files:
                tree.found[key] = self.files[target]
            elif target in self.refused:
                self.refuse(key, *self.refused[target][1:])
            elif target is not None and tree.is_folder(target):
                if folders:
                    tree.add_folder(key, target)
                else:
                    self.passed_over[FOLDER_LINKS] += 1
            else:
                self.refuse(key, "missing", DEAD_LINK)
        self.files = tree.found | self.files

    def oddities(self, shown: str) -> list[str]:
        """Return warnings about how an archive was packed."""
        found = list(self.notes)
        if self.replaced:
            found.append(
                f"{shown} contains {self.replaced} members that are followed by another one of the "
                "same name; only the last one of each name is read"
            )
        return found

    def lost_links(self, shown: str) -> list[str]:
        """Return a warning about links that lead nowhere, once links have been followed."""
        lost = [
            skip.key
            for skip in self.refused.values()
            if skip.detail == DEAD_LINK and not has_image_ending(skip.key)
        ]
        if not lost:
            return []
        return [
            f"{len(lost)} links in {shown} have no target in it, such as {lost[0]}; if they "
            "stand for folders of images, these images are missing"
        ]

    def images(
        self, names: SourceNames, lines: Iterable[str] | None, read: ReadHeads, search: Search
    ) -> Found:
        """Return the images among the files.

        Parameters
        ----------
        lines : iterable of str or None
            Lines of a list of images to select; None selects all that are images, by their names
            or, if those are ambiguous, by their first bytes.

        Raises
        ------
        InputError
            If no image is found.
        """
        if lines is not None:
            respell = Spellings(self.files).get
            of_stem = Stems(lambda: filter(has_image_ending, self.files)).get
            found = listed(lines, names.name, self.files.get, names.list, respell, of_stem)
            skipped = [self.refused.get(key_of(skip.key), skip) for skip in found.skipped]
            return replace(found, skipped=sorted(set(skipped)))
        sorting = Sorting(self.files, read, search)
        sorting.add_refused(self.refused)
        passed_over = sorting.passed_over + self.passed_over
        if not sorting.images and not sorting.skipped:
            raise no_image(names.shown, passed_over)
        return in_order(sorting.images, sorting.skipped, passed_over)


class SourceNames(NamedTuple):
    """Names of an archive or a store, and of its list, for messages.

    Attributes
    ----------
    name : str
        The name of the source; lines of lists may begin with it.
    shown : str
        The archive or URL.
    """

    name: str
    shown: str
    list: str


def key_of(name: str, folder: str = "") -> str:
    """Return the key of a name: its path from the top, without empty parts and dots.

    Parameters
    ----------
    folder : str
        The folder that the name is relative to.

    Returns
    -------
    str
        Empty if the path leads out of the archive.

    Examples
    --------
    >>> key_of("./n01//../x.jpg", "train")
    'train/x.jpg'
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
    """Return why a name could lead out of the folder it is unpacked in; None for a safe one.

    Examples
    --------
    >>> why_unsafe("/etc/x.jpg")
    'an absolute path; pack the images under relative ones'
    """
    if name.startswith("/"):
        return "an absolute path; pack the images under relative ones"
    if ".." in name.split("/"):
        return "a path with a part '..'; pack the images under plain relative paths"
    if "\\" in name:
        return "a path with a backslash; pack the images under paths with forward slashes"
    if re.match("[A-Za-z]:", name):
        return "a path with a drive letter; pack the images under relative ones"
    return None


class _Tree:
    """The folders of an archive, through which links are followed.

    Attributes
    ----------
    found : dict of str to tuple of int
        The files that links lead to, by their keys through the links.
    """

    def __init__(self, files: dict[str, Place], links: dict[str, str]) -> None:
        self._files, self._links = files, links
        self.found: dict[str, Place] = {}
        self._n_visits = 0

    @cached_property
    def _folders(self) -> dict[str, set[str]]:
        """The names in each folder; computed only if a link leads to no file."""
        folders: dict[str, set[str]] = {"": set()}
        for key in (*self._files, *self._links):
            folder, _, name = key.rpartition("/")
            while folder not in folders:
                folders[folder] = {name}
                folder, _, name = folder.rpartition("/")
            folders[folder].add(name)
        return folders

    def is_folder(self, path: str) -> bool:
        """Return whether a path without links is a folder."""
        return path in self._folders

    def resolved(self, path: str) -> str | None:
        """Return a path without links, as an unpacked archive has it.

        Returns
        -------
        str or None
            None if it leads out of the archive, or links form a circle.
        """
        rest, at, n_links = path.split("/")[::-1], "", 0
        while rest:
            part = rest.pop()
            if part == "..":
                if not at:
                    return None
                at = at.rpartition("/")[0]
            elif part not in ("", "."):
                at = f"{at}/{part}" if at else part
            target = self._links.get(at)
            if target is not None:
                n_links += 1
                if not target or n_links > MOST_LINKS:
                    return None
                rest += target.split("/")[::-1]
                at = ""
        return at

    def add_folder(self, key: str, folder: str) -> None:
        """Add all files of a folder under another name, without those of a folder within itself."""
        top = self.resolved(key.rpartition("/")[0])
        if top is not None:
            self._add_folder(key, folder, frozenset(_upwards(top)))

    def _add_folder(self, key: str, folder: str, above: Set[str]) -> None:
        if folder in above:
            return
        for name in self._folders[folder]:
            self._n_visits += 1
            if self._n_visits > MOST_COPIES * (len(self._files) + len(self._links) + MOST_LINKS):
                raise InputError(
                    f"the links to folders near {key} multiply the archive's files more than "
                    f"{MOST_COPIES} times; unpack it and pack the images without such links"
                )
            inner, path = f"{key}/{name}", f"{folder}/{name}".lstrip("/")
            target = self.resolved(path)
            if target in self._files:
                self.found[inner] = self._files[target]
            elif target in self._folders:
                self._add_folder(inner, target, above | {folder})


def _upwards(folder: str) -> Iterator[str]:
    """Yield a folder and all above it, including the top, whose name is empty."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""
