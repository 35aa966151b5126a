"""Archives, one by one: what kind each is, what it holds, and how a member of it is read.

The kind of an archive is determined by its content, not by its name.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from ..errors import BadImage, InputError
from ..places import is_url
from .archive_file import ArchiveFile, damaged_gzip
from .cifar import cifar_members, read_record
from .formats import format_of
from .members import Members
from .neighbors import Extent, JoinedFile
from .parquet import parquet_members
from .parquet_file import START as PARQUET_START
from .parquet_rows import read_row
from .ranges import RangedFile
from .remote_file import open_remote
from .sorting import Place
from .tar_members import BLOCK, extent_in_tar, is_tar_head, read_tar_member, tar_members
from .zip_members import extent_in_zip, is_zip, read_zip_head, read_zip_member, zip_members

Kind: TypeAlias = Literal["tar", "zip", "cifar", "parquet"]
MemberReader: TypeAlias = Callable[[RangedFile, Place, int], bytes]

GZIP_START = b"\x1f\x8b"
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
NAME_ENDINGS = (".tar.gz", ".tgz", ".tar", ".zip", ".parquet")
VIDEO_ENDINGS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv")
READERS: dict[Kind, MemberReader] = {
    "tar": read_tar_member,
    "zip": read_zip_member,
    "cifar": read_record,
    "parquet": read_row,
}
EXTENTS: dict[Kind, Callable[[RangedFile, Place, int], Extent]] = {
    "tar": extent_in_tar,
    "zip": extent_in_zip,
}
HEAD_READERS: dict[Kind, MemberReader] = {**READERS, "zip": read_zip_head}


class Contents(NamedTuple):
    """What an archive holds, before links are followed."""

    kind: Kind
    members: Members


@dataclass(frozen=True)
class Volume:
    """An archive whose members can be read by their place and size."""

    file: RangedFile
    kind: Kind

    def read(self, place: Place, size: int) -> bytes:
        """Return the bytes of a member; see `Source.read`."""
        return READERS[self.kind](self.file, place, size)

    def joined(self, members: Iterable[tuple[Place, int]]) -> Volume:
        """Return the archive for one thread that reads these members, each a place and a size."""
        extent = EXTENTS.get(self.kind)
        if extent is None or not is_url(self.file.shown):
            return self
        extents = [extent(self.file, place, size) for place, size in members]
        return replace(self, file=JoinedFile(self.file, extents))

    def read_head(self, place: Place, size: int) -> bytes:
        """Return the first bytes of a member; empty if they cannot be read."""
        try:
            return HEAD_READERS[self.kind](self.file, place, size)
        except BadImage:
            return b""


def open_archive(place: str | Path) -> RangedFile:
    """Open an archive, given by its path or URL.

    Raises
    ------
    InputError
        If it is missing, cannot be opened, or is gzipped and damaged.
    """
    return open_remote(str(place)) if is_url(place) else _open_local(Path(place))


def read_contents(file: RangedFile, image_column: str | None = None) -> Contents:
    """Index an archive.

    Parameters
    ----------
    image_column : str or None
        The column of a parquet file that holds images; None to find it.

    Raises
    ------
    InputError
        If it is not in a supported format, or is damaged.
    """
    try:
        head = file.read(0, min(BLOCK, file.size))
        if is_tar_head(head):
            members = tar_members(file)
            records = cifar_members(members, file)
            return Contents("tar", members) if records is None else Contents("cifar", records)
        if is_zip(file, head):
            return Contents("zip", zip_members(file))
        if head.startswith(PARQUET_START):
            stem = archive_name(file.shown)
            return Contents("parquet", parquet_members(file, stem, image_column))
    except BadImage as error:
        raise InputError(f"the archive {file.shown} cannot be read: {error.detail}") from error
    raise _unsupported(file.shown, head)


def archive_name(path: str) -> str:
    """Return the name of an archive without its ending.

    Examples
    --------
    >>> archive_name("shards/train-00.tar.gz")
    'train-00'
    """
    name = path.rpartition("/")[2]
    for ending in NAME_ENDINGS:
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    return name


def is_archive_name(name: str) -> bool:
    """Return whether a file is an archive by its name, and not hidden.

    Examples
    --------
    >>> is_archive_name("train.TAR"), is_archive_name(".tar")
    (True, False)
    """
    return not name.startswith(".") and name.lower().endswith(NAME_ENDINGS)


def _open_local(path: Path) -> ArchiveFile:
    try:
        with path.open("rb") as file:
            gzipped = file.read(len(GZIP_START)) == GZIP_START
    except OSError as error:
        raise InputError(f"cannot open the archive {path}: {error.strerror}") from error
    if gzipped:
        try:
            with gzip.open(path) as packed:
                gzipped = is_tar_head(packed.read(BLOCK))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise damaged_gzip(path, error) from error
    return ArchiveFile(path, gzipped)


def _unsupported(shown: str, head: bytes) -> InputError:
    what = "is not an archive in a supported format, or its start is damaged"
    if not head:
        what = "is empty"
    elif format_of(head) is not None:
        return InputError(
            f"{shown} is a single image; give the folder or the archive that holds it"
        )
    elif shown.lower().endswith(VIDEO_ENDINGS):
        return InputError(
            f"{shown} is a video, and only images are read; write its frames to a folder first, "
            f"such as one a second by `ffmpeg -i {shown} -vf fps=1 frames/%06d.png`"
        )
    elif head.startswith(GZIP_START) and is_url(shown):
        return InputError(
            f"{shown} is gzipped, so it cannot be read in parts; copy it to a disk and give the "
            "copy, or put the plain tar (`gunzip`) beside it"
        )
    for magic, unpacker in UNPACKERS.items():
        if head.startswith(magic):
            what = f"is in an unsupported archive format; unpack it first with `{unpacker} {shown}`"
    return InputError(
        f"{shown} {what}; give a folder of images, a .tar, a .tar.gz or .tgz, a .zip, a tar of "
        "tars as ImageNet's, CIFAR's binary archive, or a .parquet; unpack or convert other "
        "archives first"
    )
