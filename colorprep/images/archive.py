"""Images in an archive, which is never unpacked: tar, zip, ImageNet's tar of tars, CIFAR.

What an archive is is told by its content. Its images have the keys that they would have in the
folder it unpacks to.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .archive_file import ArchiveFile, damaged_gzip
from .cifar import cifar_members, read_record
from .members import Members, Place
from .skip import Skip
from .source import Keys
from .tar_members import BLOCK, is_tar_head, read_tar_member, tar_members
from .zip_members import is_zip, read_zip_member, zip_members

MemberReader = Callable[[ArchiveFile, Place, int], bytes]

NAME_ENDINGS = (".tar.gz", ".tgz", ".tar", ".zip")


@dataclass(frozen=True, eq=False)
class ArchiveSource:
    """An archive of images.

    Attributes
    ----------
    file : ArchiveFile
    read_member : callable
        How bytes at a place become those of an image.
    keys : Keys
    sizes : ndarray of shape (n,), int64
    places : ndarray of shape (n, ...), int64
    skipped : list of Skip
        Names that no list could hold or that lead out of the archive, links to nothing, members
        that cannot be read, listed images that are missing.
    """

    file: ArchiveFile
    read_member: MemberReader
    keys: Keys
    sizes: NDArray[np.int64]
    places: NDArray[np.int64]
    skipped: list[Skip]

    @property
    def name(self) -> str:
        """The archive's own name without its ending."""
        return _name(self.file.archive)

    @property
    def stamps(self) -> NDArray[np.int64]:
        """The `change_stamp` of the archive; the same for all its images."""
        return np.full(len(self.keys), self.file.changed)

    def read(self, index: int) -> bytes:
        """Return the bytes of an image; see `Source.read`."""
        place = tuple(self.places[index].tolist())
        return self.read_member(self.file, place, int(self.sizes[index]))


def archive_source(
    path: Path, lines: Iterable[str] | None = None, list_name: str = "the list"
) -> ArchiveSource:
    """Find the images of an archive.

    Parameters
    ----------
    path : Path
        A .tar, .tar.gz or .zip file, whatever it is called.
    lines : iterable of str or None
        Lines of a list that narrows the archive; None takes all images.
    list_name : str
        For messages.

    Returns
    -------
    ArchiveSource
        Members whose names end as images do, or those listed. Links within the archive are
        followed; links to folders, pipes and devices are passed over.

    Raises
    ------
    InputError
        If it is no archive that can be read, is damaged, or holds no image.
    """
    is_tar, gzipped = _kind(path)
    file = ArchiveFile(path, gzipped)
    members, read_member = _members(file) if is_tar else (zip_members(path), read_zip_member)
    found = members.images(_name(path), str(path), lines, list_name)
    return ArchiveSource(file, read_member, found.keys, found.sizes, found.places, found.skipped)


def _members(file: ArchiveFile) -> tuple[Members, MemberReader]:
    members = tar_members(file.plain, str(file.archive))
    records = cifar_members(members, file)
    return (members, read_tar_member) if records is None else (records, read_record)


def _kind(path: Path) -> tuple[bool, bool]:
    """Tell whether a file is a tar, else it is a zip, and whether it is gzipped."""
    try:
        with path.open("rb") as file:
            head = file.read(BLOCK)
    except OSError as error:
        raise InputError(f"cannot open the archive {path}: {error.strerror}") from error
    if head.startswith(b"\x1f\x8b"):
        try:
            with gzip.open(path) as packed:
                inner = packed.read(BLOCK)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise damaged_gzip(path, error) from error
        if is_tar_head(inner):
            return True, True
    elif is_tar_head(head):
        return True, False
    elif is_zip(path, head):
        return False, False
    what = "is empty" if not head else "is no archive that can be read, or its start is damaged"
    raise InputError(
        f"{path} {what}; give a folder of images, a .tar, a .tar.gz or .tgz, a .zip, a tar of tars "
        "as ImageNet's, or CIFAR's binary archive; unpack or convert other archives first"
    )


def _name(path: Path) -> str:
    for ending in NAME_ENDINGS:
        if path.name.lower().endswith(ending) and len(path.name) > len(ending):
            return path.name[: -len(ending)]
    return path.name
