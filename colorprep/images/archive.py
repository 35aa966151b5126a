"""Images in an archive, which is never unpacked: tar, zip, ImageNet's tar of tars, CIFAR.

The kind of an archive is determined by its content. Its images have the keys that they would have
in the folder it unpacks to.
"""

from __future__ import annotations

import gzip
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import BadImage, InputError
from .archive_file import ArchiveFile, damaged_gzip
from .cifar import cifar_members, read_record
from .formats import format_of
from .members import Members, SourceNames
from .skip import Skip
from .sorting import Place, ReadHeads
from .source import USUAL, Keys, Search
from .tar_members import BLOCK, is_tar_head, read_tar_member, tar_members
from .zip_members import is_zip, read_zip_head, read_zip_member, zip_members

MemberReader = Callable[[ArchiveFile, Place, int], bytes]

# Commands that unpack other formats, by the first bytes of a file.
UNPACKERS = {
    b"BZh": "bunzip2 --keep",
    b"\xfd7zXZ\0": "xz --decompress --keep",
    b"\x28\xb5\x2f\xfd": "zstd --decompress",
    b"\x04\x22\x4d\x18": "lz4 --decompress",
    b"LZIP": "lzip --decompress --keep",
    b"\x1f\x9d": "uncompress -k",
    b"7z\xbc\xaf\x27\x1c": "7z x",
    b"Rar!": "unrar x",
}
NAME_ENDINGS = (".tar.gz", ".tgz", ".tar", ".zip")


@dataclass(frozen=True, eq=False)
class ArchiveSource:
    """An archive of images.

    Attributes
    ----------
    read_member : callable
        Returns the bytes of an image by its place and size.
    sizes : ndarray of shape (n,), int64
    places : ndarray of shape (n, ...), int64
    skipped : list of Skip
        Members whose names a list cannot contain or lead out of the archive, broken links,
        unreadable members, missing listed images.
    """

    file: ArchiveFile
    read_member: MemberReader
    keys: Keys
    sizes: NDArray[np.int64]
    places: NDArray[np.int64]
    skipped: list[Skip]
    passed_over: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the archive file without its ending."""
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
    path: Path,
    lines: Iterable[str] | None = None,
    list_name: str = "the list",
    search: Search = USUAL,
) -> ArchiveSource:
    """Find the images in an archive.

    Parameters
    ----------
    path : Path
        A tar, gzipped tar or zip file of any name.
    lines : iterable of str or None
        Lines of a list of images to select; None selects all.
    list_name : str
        For messages.

    Returns
    -------
    ArchiveSource
        Members that are images by the same rules as in a folder, or those listed. Links within the
        archive are followed, also to folders; pipes and devices are passed over.

    Raises
    ------
    InputError
        If the file is not a supported archive, is damaged, or contains no image.

    Warns
    -----
    UserWarning
        If the archive is odd in a way that may hide images, such as a tar without an end mark.
    """
    is_tar, gzipped = _kind(path)
    file = ArchiveFile(path, gzipped)
    members, read_member = _members(file) if is_tar else (zip_members(file), read_zip_member)
    members.follow_links(search.follows_links)
    for warning in members.warnings(str(path)):
        warnings.warn(warning, stacklevel=2)
    names = SourceNames(_name(path), str(path), list_name)
    read_heads = _read_heads(file, members.files, read_tar_member if is_tar else read_zip_head)
    found = members.images(names, lines, read_heads, search)
    return ArchiveSource(
        file, read_member, found.keys, found.sizes, found.places, found.skipped, found.passed_over
    )


def _read_heads(file: ArchiveFile, files: Mapping[str, Place], read: MemberReader) -> ReadHeads:
    def read_heads(keys: Sequence[str], n_bytes: int) -> Iterator[bytes]:
        """Yield the first bytes of members."""
        for key in keys:
            size, *place = files[key]
            try:
                yield read(file, tuple(place), min(size, n_bytes))
            except BadImage:
                yield b""

    return read_heads


def _members(file: ArchiveFile) -> tuple[Members, MemberReader]:
    members = tar_members(file.plain, str(file.archive))
    records = cifar_members(members, file)
    return (members, read_tar_member) if records is None else (records, read_record)


def _kind(path: Path) -> tuple[bool, bool]:
    """Return whether a file is a tar rather than a zip, and whether it is gzipped."""
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
    what = "is not an archive in a supported format, or its start is damaged"
    if not head:
        what = "is empty"
    elif format_of(head) is not None:
        raise InputError(f"{path} is a single image; give the folder or the archive that holds it")
    for magic, unpacker in UNPACKERS.items():
        if head.startswith(magic):
            what = f"is in an unsupported archive format; unpack it first with `{unpacker} {path}`"
    raise InputError(
        f"{path} {what}; give a folder of images, a .tar, a .tar.gz or .tgz, a .zip, a tar of tars "
        "as ImageNet's, or CIFAR's binary archive; unpack or convert other archives first"
    )


def _name(path: Path) -> str:
    for ending in NAME_ENDINGS:
        if path.name.lower().endswith(ending) and len(path.name) > len(ending):
            return path.name[: -len(ending)]
    return path.name
