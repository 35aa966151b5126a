"""Images in a folder and its subfolders."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import BadImage, InputError
from .lists import listed
from .skip import Skip
from .source import ENDINGS, Found, Keys, has_image_ending, in_order
from .stamps import change_stamp


@dataclass(frozen=True)
class FolderSource:
    """A folder of images, subfolders included.

    Attributes
    ----------
    root : Path
    keys : Keys
    sizes : ndarray of shape (n,), int64
    stamps : ndarray of shape (n,), int64
        Of each file's last change, see `change_stamp`.
    skipped : list of Skip
        Names that no list could hold, folders that cannot be opened, listed files that are missing.
    """

    root: Path
    keys: Keys
    sizes: NDArray[np.int64]
    stamps: NDArray[np.int64]
    skipped: list[Skip]

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.root.resolve().name

    def read(self, index: int) -> bytes:
        """Return the bytes of an image; see `Source.read`."""
        try:
            return read_image_file(self.root / self.keys[index])
        except BadImage as error:
            if not self.root.is_dir():
                raise InputError(
                    f"the folder {self.root} has gone while it was read; when it is back, run the "
                    "same command again"
                ) from error
            raise


def read_image_file(path: Path) -> bytes:
    """Return the bytes of a file; raise BadImage, ``missing`` or ``unreadable``."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise BadImage("missing", "there is no such file, or its link leads nowhere") from error
    except OSError as error:
        raise BadImage("unreadable", error.strerror or str(error)) from error


def folder_source(
    root: Path, lines: Iterable[str] | None = None, list_name: str = "the list"
) -> FolderSource:
    """Find the images of a folder and its subfolders.

    Parameters
    ----------
    root : Path
    lines : iterable of str or None
        Lines of a list that narrows the folder; None takes all images.
    list_name : str
        For messages.

    Returns
    -------
    FolderSource
        Files whose names end as images do, or those listed. Links to files are followed, links to
        folders are not; pipes, sockets and devices are passed over.

    Raises
    ------
    InputError
        If there is no such folder, or no image in it.
    """
    if not root.exists():
        raise InputError(f"there is no folder {root}; give the folder that holds the images")
    if not root.is_dir():
        raise InputError(f"{root} is not a folder; give the folder that holds the images")
    found = _all_images(root) if lines is None else _listed_images(root, lines, list_name)
    return FolderSource(root, found.keys, found.sizes, found.places[:, 0], found.skipped)


def _all_images(root: Path) -> Found:
    files: dict[str, tuple[int, ...]] = {}
    skipped: list[Skip] = []
    _walk(os.path.join(root, ""), "", files, skipped)  # noqa: PTH118
    if not files and not skipped:
        endings = " ".join(sorted(ENDINGS))
        raise InputError(
            f"no image in {root}: looked for {endings} in all its subfolders, but not in links to "
            "folders"
        )
    return in_order(files, skipped)


def _listed_images(root: Path, lines: Iterable[str], list_name: str) -> Found:
    def find(key: str) -> tuple[int, ...] | None:
        """Return the size and stamp of a file, None where there is none."""
        return _size_and_stamp(os.path.join(root, key))  # noqa: PTH118

    return listed(lines, root.resolve().name, find, list_name)


def _walk(root: str, prefix: str, files: dict[str, tuple[int, ...]], skipped: list[Skip]) -> None:
    try:
        with os.scandir(root + prefix) as entries:
            children = list(entries)
    except OSError as error:
        skipped.append(Skip(prefix.rstrip("/") or ".", "unreadable", error.strerror or str(error)))
        return
    for entry in children:
        key = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            _walk(root, key + "/", files, skipped)
        elif has_image_ending(entry.name):
            file = _size_and_stamp(entry.path)
            if file is not None:
                files[key] = file


def _size_and_stamp(path: str) -> tuple[int, int] | None:
    """Return the size of a file and its `change_stamp`; None for what is no file.

    Size -1 is that of a file which can only fail to be read.
    """
    try:
        status = os.stat(path)  # noqa: PTH116  (a Path is slow to make, and there may be millions)
    except FileNotFoundError:
        return (-1, 0) if os.path.islink(path) else None  # noqa: PTH114
    except OSError:
        return -1, 0
    return (status.st_size, change_stamp(status)) if stat.S_ISREG(status.st_mode) else None
