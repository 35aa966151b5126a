"""Where images are found: folders, and lists that narrow them.

An image is known by its **key**, its path within the source with forward slashes. Keys are in
order of their code points, whatever order the file system or a list gives.

Every source offers `keys`, `sizes` and `read`; archives and object stores join by offering them.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..errors import BadImage, InputError
from .skip import Skip

ENDINGS = frozenset(
    ".jpg .jpeg .jpe .png .gif .bmp .tif .tiff .webp .ppm".split()  # in any case
)


class Source(Protocol):
    """Images that can be read by key."""

    @property
    def name(self) -> str:
        """What the source is called, without saying where it is."""

    @property
    def keys(self) -> Sequence[str]:
        """The keys of all images, in order."""

    @property
    def sizes(self) -> Sequence[int]:
        """The number of bytes of each image, as listed; -1 where it could not be told."""

    @property
    def skipped(self) -> Sequence[Skip]:
        """What was found but can be no image, such as a listed file that is missing."""

    def read(self, key: str) -> bytes:
        """Return the bytes of an image; raise BadImage where they cannot be had."""


@dataclass(frozen=True)
class FolderSource:
    """A folder of images, subfolders included.

    Attributes
    ----------
    root : Path
    keys : sequence of str
    sizes : sequence of int
    skipped : sequence of Skip
        Names that no list could hold, folders that cannot be opened, listed files that are missing.
    """

    root: Path
    keys: Sequence[str]
    sizes: Sequence[int]
    skipped: Sequence[Skip] = ()

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.root.resolve().name

    def read(self, key: str) -> bytes:
        """Return the bytes of an image.

        Parameters
        ----------
        key : str

        Returns
        -------
        bytes

        Raises
        ------
        BadImage
            ``missing`` or ``unreadable``.
        """
        try:
            return (self.root / key).read_bytes()
        except FileNotFoundError as error:
            raise BadImage("missing", "there is no such file, or its link leads nowhere") from error
        except OSError as error:
            raise BadImage("unreadable", error.strerror or str(error)) from error


def folder_source(root: Path) -> FolderSource:
    """Find the images of a folder and its subfolders.

    Parameters
    ----------
    root : Path

    Returns
    -------
    FolderSource
        Files whose names end as images do. Links to files are followed, links to folders are
        not; pipes, sockets and devices are passed over.

    Raises
    ------
    InputError
        If there is no such folder, or no image in it.
    """
    _check_folder(root)
    found: list[tuple[str, int]] = []
    skipped: list[Skip] = []
    _walk(root, "", found, skipped)
    if not found and not skipped:
        endings = " ".join(sorted(ENDINGS))
        raise InputError(
            f"no image in {root}: looked for {endings} in all its subfolders, but not in links to "
            "folders"
        )
    found.sort()
    skipped.sort()
    return FolderSource(root, [key for key, _ in found], [size for _, size in found], skipped)


def narrowed(root: Path, paths: Iterable[str], list_name: str) -> FolderSource:
    """Find the listed images of a folder.

    Parameters
    ----------
    root : Path
    paths : iterable of str
        Lines of a list, see `read_list`. A first part that names the folder itself, a leading
        slash and a trailing class number are understood.
    list_name : str
        For messages.

    Returns
    -------
    FolderSource
        Each image once, in order of the keys; what is missing is among the skipped.

    Raises
    ------
    InputError
        If there is no such folder, or none of the listed images is in it.
    """
    _check_folder(root)
    found: dict[str, int] = {}
    missing: list[Skip] = []
    for path in paths:
        for key in _readings(path, root.resolve().name):
            size = _size_of_image(root / key)
            if size is not None:
                found[key] = size
                break
        else:
            missing.append(Skip(path, "missing", f"listed in {list_name}, but not in the source"))
    if not found:
        raise InputError(
            f"none of the {len(missing)} images listed in {list_name} is in {root}; the list "
            "should hold one path a line, relative to that folder"
        )
    keys = sorted(found)
    return FolderSource(root, keys, [found[key] for key in keys], sorted(set(missing)))


def read_list(path: Path) -> list[str]:
    """Read a list of images.

    Parameters
    ----------
    path : Path
        One path a line; empty lines are passed over.

    Returns
    -------
    list of str

    Raises
    ------
    InputError
        If the file cannot be read as UTF-8 text, or lists nothing.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot read the list {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"cannot read the list {path}: it is not UTF-8 text") from error
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise InputError(f"the list {path} is empty: it should hold one image path a line")
    return lines


def keys_digest(keys: Iterable[str], sizes: Iterable[int]) -> str:
    """Return a digest of keys and the sizes of their files; 32 hexadecimal digits."""
    digest = hashlib.sha256()
    for key, size in zip(keys, sizes, strict=True):
        digest.update(f"{key}\n{size}\n".encode())
    return digest.hexdigest()[:32]


def top_folder(key: str) -> str:
    """Return the top-level folder of a key, its class; empty where there is none."""
    return key.partition("/")[0] if "/" in key else ""


def _check_folder(root: Path) -> None:
    if not root.exists():
        raise InputError(f"there is no folder {root}; give the folder that holds the images")
    if not root.is_dir():
        raise InputError(f"{root} is not a folder; give the folder that holds the images")


def _walk(root: Path, prefix: str, found: list[tuple[str, int]], skipped: list[Skip]) -> None:
    try:
        with os.scandir(root / prefix) as entries:
            children = list(entries)
    except OSError as error:
        skipped.append(Skip(prefix.rstrip("/") or ".", "unreadable", error.strerror or str(error)))
        return
    for entry in children:
        key = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            _walk(root, key + "/", found, skipped)
        elif Path(entry.name).suffix.lower() in ENDINGS:
            size = _size_of_image(Path(entry.path))
            if size is None:
                continue
            if _is_listable(key):
                found.append((key, size))
            else:
                detail = "no list could hold this name; rename the file"
                skipped.append(Skip(repr(key)[1:-1], "bad-name", detail))


def _is_listable(key: str) -> bool:
    try:
        key.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return len(key.splitlines()) == 1


def _size_of_image(path: Path) -> int | None:
    """Return the size of a file, -1 where it can only fail to be read, None for what is no file."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return -1 if path.is_symlink() else None
    except OSError:
        return -1
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _readings(line: str, root_name: str) -> Iterator[str]:
    """Give the keys that a line of a list may mean, the most literal one first."""
    without_label = re.sub(r"\s+-?\d+\s*$", "", line)
    for path in dict.fromkeys((line, line.strip(), without_label.strip())):
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if not parts or ".." in parts:
            continue
        yield "/".join(parts)
        if parts[0] == root_name and parts[1:]:
            yield "/".join(parts[1:])
