"""Images in a folder and its subfolders."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import BadImage, InputError
from ..marks import MARK, read_mark
from .formats import HEAD_BYTES
from .lists import listed
from .naming import is_ambiguous, is_hidden, is_image, is_system_folder, kind_of
from .passed_over import (
    FOLDER_LINKS,
    LINK_LOOPS,
    OWN_PICTURES,
    SPECIAL,
    no_image,
    own_folder,
    system_folder,
)
from .skip import Skip
from .source import USUAL, Found, Keys, Listed, Search, has_image_ending, in_order
from .spelling import FolderSpellings
from .stamps import change_stamp
from .stems import Stems


@dataclass(frozen=True, repr=False)
class FolderSource(Listed):
    """A folder of images, subfolders included.

    Attributes
    ----------
    sizes : ndarray of shape (n,), int64
    stamps : ndarray of shape (n,), int64
        The `change_stamp` of each file.
    skipped : list of Skip
        Files whose names a list cannot contain, folders that cannot be opened, missing listed
        files.
    """

    root: Path
    keys: Keys
    sizes: NDArray[np.int64]
    stamps: NDArray[np.int64]
    skipped: list[Skip]
    passed_over: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.root.resolve().name

    @property
    def shown(self) -> str:
        """The path of the folder."""
        return str(self.root)

    def read(self, index: int) -> bytes:
        """Return the bytes of an image; see `Source.read`."""
        try:
            return _read_image_file(self.root / self.keys[index])
        except BadImage as error:
            if not self.root.is_dir():
                raise InputError(
                    f"the folder {self.root} disappeared while it was being read; when it is back, "
                    "run the same command again"
                ) from error
            raise


def _read_image_file(path: Path) -> bytes:
    """Return the bytes of a file, read without a buffer, which saves a third of the time.

    Raises
    ------
    BadImage
        As ``missing`` or ``unreadable``.
    """
    try:
        with path.open("rb", buffering=0) as file:
            return file.readall()
    except FileNotFoundError as error:
        raise BadImage("missing", "there is no such file, or its link leads nowhere") from error
    except OSError as error:
        raise BadImage("unreadable", error.strerror or str(error)) from error


def folder_source(
    root: Path,
    lines: Iterable[str] | None = None,
    list_name: str = "the list",
    search: Search = USUAL,
) -> FolderSource:
    """Find the images of a folder and its subfolders.

    Parameters
    ----------
    lines : iterable of str or None
        Lines of a list of images to select; None selects all.
    list_name : str
        For messages.

    Returns
    -------
    FolderSource
        The listed files or, without a list, files whose ending is that of an image format, and
        those with an ambiguous name whose first bytes are those of an image. Hidden files, system
        folders and what colorprep itself made are passed over, as are pipes, sockets and devices;
        a list may still name them. A link to a folder is followed, unless it leads to a folder
        above it.

    Raises
    ------
    InputError
        If the folder is missing or contains no image.
    """
    if not root.exists():
        raise InputError(f"there is no folder {root}; give one that exists")
    if not root.is_dir():
        raise InputError(f"{root} is not a folder; give one, or an archive")
    if lines is None:
        found = _all_images(root, search)
    else:
        found = _listed_images(root, lines, list_name, search)
    stamps = found.places[:, 0]
    return FolderSource(root, found.keys, found.sizes, stamps, found.skipped, found.passed_over)


def holds_images(root: Path, search: Search = USUAL) -> bool:
    """Return whether a folder or one of its subfolders holds an image."""
    return bool(_Walk(root, search).files)


def _all_images(root: Path, search: Search) -> Found:
    walk = _Walk(root, search)
    if not walk.files and not walk.skipped:
        raise no_image(str(root), walk.passed_over)
    return in_order(walk.files, walk.skipped, walk.passed_over)


def _listed_images(root: Path, lines: Iterable[str], list_name: str, search: Search) -> Found:
    def find(key: str) -> tuple[int, ...] | None:
        """Return the size and stamp of a file; None if missing."""
        return _size_and_stamp(os.path.join(root, key))  # noqa: PTH118

    spellings = FolderSpellings(str(root))
    stems = Stems(lambda: _Walk(root, search).files)
    return listed(lines, root.resolve().name, find, list_name, spellings.get, stems.get)


class _Walk:
    """Walks a folder and sorts its files.

    Attributes
    ----------
    files : dict of str to tuple of int
        The size and stamp of each image.
    """

    def __init__(self, root: Path, search: Search) -> None:
        self._root = os.path.join(root, "")  # noqa: PTH118
        self._search = search
        self.files: dict[str, tuple[int, ...]] = {}
        self.skipped: list[Skip] = []
        self.passed_over: Counter[str] = Counter()
        # Folders to enter: the prefix of their keys, and the real paths of themselves and all
        # folders above them, by which a circle of links is detected.
        self._pending: list[tuple[str, tuple[str, ...]]] = [("", (os.path.realpath(root),))]
        while self._pending:
            self._enter(*self._pending.pop())

    def _enter(self, prefix: str, above: tuple[str, ...]) -> None:
        folder = self._root + prefix
        mark = read_mark(folder)
        own = frozenset() if self._search.takes_own else mark.names
        if mark.whole and prefix and not self._search.takes_own:
            self.passed_over[own_folder(prefix)] += _count_files(folder)
            return
        try:
            with os.scandir(folder) as entries:
                children = list(entries)
        except OSError as error:
            reason = error.strerror or str(error)
            self.skipped.append(Skip(prefix.rstrip("/") or ".", "unreadable", reason))
            return
        for entry in children:
            if _is_folder(entry):
                self._add_folder(entry, prefix, above)
            elif entry.name in own:
                self.passed_over[OWN_PICTURES] += 1
            elif entry.name in mark.sheets or (mark.whole and _is_record(entry.name)):
                continue
            elif entry.name != MARK:
                self._add_file(entry, prefix)

    def _add_folder(self, entry: os.DirEntry[str], prefix: str, above: tuple[str, ...]) -> None:
        # Asking the system for the real path is slow, so it is done for links only.
        real = f"{above[-1].rstrip('/')}/{entry.name}"
        if is_system_folder(entry.name):
            self.passed_over[system_folder(entry.name)] += _count_files(entry.path)
        elif not entry.is_symlink():
            self._enqueue(f"{prefix}{entry.name}/", real, above)
        elif self._search.follows_links:
            self._enqueue(f"{prefix}{entry.name}/", os.path.realpath(entry.path), above)
        else:
            self.passed_over[FOLDER_LINKS] += 1

    def _enqueue(self, prefix: str, real: str, above: tuple[str, ...]) -> None:
        if real in above:
            self.passed_over[LINK_LOOPS] += 1
        else:
            self._pending.append((prefix, (*above, real)))

    def _add_file(self, entry: os.DirEntry[str], prefix: str) -> None:
        name = entry.name
        doubtful = is_ambiguous(name)
        if is_hidden(name) or not (doubtful or has_image_ending(name)):
            special = not entry.is_symlink() and not entry.is_file()
            self.passed_over[SPECIAL if special else kind_of(name)] += 1
            return
        file = _size_and_stamp(entry.path)
        if file is None:
            self.passed_over[SPECIAL] += 1
        elif doubtful and not is_image(name, _head(entry.path)):
            self.passed_over[kind_of(name)] += 1
        else:
            self.files[prefix + name] = file


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder or a link to one; False for a circular link."""
    if entry.is_symlink():
        return os.path.isdir(entry.path)  # noqa: PTH112
    return entry.is_dir()


def _is_record(name: str) -> bool:
    """Return whether a file in a folder made by colorprep is not a picture."""
    return not has_image_ending(name)


def _head(path: str) -> bytes:
    """Return the first bytes of a file; empty if it cannot be read."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            return file.read(HEAD_BYTES)
    except OSError:
        return b""


def _count_files(folder: str) -> int:
    """Return the number of files in a folder and those of its subfolders that can be opened."""
    return sum(len(names) - (MARK in names) for _, _, names in os.walk(folder))


def _size_and_stamp(path: str) -> tuple[int, int] | None:
    """Return the size of a file and its `change_stamp`; None if it is not a file.

    The size is -1 for a file that cannot be read.
    """
    try:
        status = os.stat(path)  # noqa: PTH116  (a Path is slow to make, and there may be millions)
    except FileNotFoundError:
        return (-1, 0) if os.path.islink(path) else None  # noqa: PTH114
    except OSError:
        return -1, 0
    return (status.st_size, change_stamp(status)) if stat.S_ISREG(status.st_mode) else None
