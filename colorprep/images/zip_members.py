"""What a zip holds, and where: an index from its own directory, and reading a member by it."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from pathlib import Path

from ..errors import BadImage, InputError
from .archive_file import AGAIN, ArchiveFile
from .members import Members, Place, key_of, why_unsafe

HEADER_SIZE = 30
HEADER_START = b"PK\x03\x04"
IS_ENCRYPTED = 1
IS_UTF8 = 1 << 11
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def is_zip(path: Path, head: bytes) -> bool:
    """Tell whether a file that starts with `head` is a zip."""
    return head.startswith((HEADER_START, b"PK\x05\x06")) or zipfile.is_zipfile(path)


def zip_members(path: Path) -> Members:
    """Index a zip.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Members
        Places are where a member's header begins, the number of bytes it is kept in, how it is
        compressed, and the CRC of its bytes.

    Raises
    ------
    InputError
        If the zip's directory is damaged or not there.
    """
    members = Members()
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                _add_member(members, archive, member)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError) as error:
        raise InputError(
            f"the archive {path} is not whole: a zip's directory, which is at its end, cannot be "
            f"read ({error}); {AGAIN}"
        ) from error
    members.follow_links()
    return members


def _add_member(members: Members, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    if member.is_dir():
        return
    name = _name(member)
    key = key_of(name)
    unsafe = why_unsafe(name)
    if unsafe or not key:
        members.refuse(name, "bad-name", unsafe or "an empty name")
    elif member.flag_bits & IS_ENCRYPTED:
        members.refuse(key, "unreadable", "encrypted; pack it without a password")
    elif member.compress_type not in METHODS:
        members.refuse(
            key, "unreadable", f"compressed by method {member.compress_type}; pack it by deflate"
        )
    elif stat.S_ISLNK(member.external_attr >> 16):
        try:
            target = archive.read(member).decode("utf-8", "surrogateescape")
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            members.refuse(key, "corrupt", f"a link, damaged: {error}")
        else:
            inside = "" if target.startswith("/") else key_of(target, key.rpartition("/")[0])
            members.add_link(key, inside)
    else:
        members.add_file(
            key,
            member.file_size,
            member.header_offset,
            member.compress_size,
            member.compress_type,
            member.CRC,
        )


def _name(member: zipfile.ZipInfo) -> str:
    """Return a member's name; many tools write UTF-8 without saying so."""
    if member.flag_bits & IS_UTF8:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename


def read_zip_member(file: ArchiveFile, place: Place, size: int) -> bytes:
    """Return the bytes of a member; see `Source.read`."""
    _, kept_size, _, crc = place
    # One byte more than promised is enough to see that there is too much.
    data = _unpacked(file, place, kept_size, size + 1)
    if len(data) != size or zlib.crc32(data) != crc:
        raise BadImage("corrupt", "its bytes in the zip do not match their checksum")
    return data


def read_zip_head(file: ArchiveFile, place: Place, size: int) -> bytes:
    """Return the first bytes of a member, which are not checked.

    Raises
    ------
    BadImage
        If they cannot be had.
    """
    # Deflate data begin with tables, of less than 1 KiB.
    return _unpacked(file, place, min(place[1], size + 1024), size)


def _unpacked(file: ArchiveFile, place: Place, kept_size: int, size: int) -> bytes:
    """Return at most `size` bytes of a member, from the first so many bytes that are kept."""
    start, _, method, _ = place
    header = file.read(start, HEADER_SIZE)
    if not header.startswith(HEADER_START):
        raise BadImage("corrupt", "the zip has no header where its directory says there is one")
    name_size, extra_size = struct.unpack_from("<HH", header, 26)
    data = file.read(start + HEADER_SIZE + name_size + extra_size, kept_size)
    if method != zipfile.ZIP_DEFLATED:
        return data[:size]
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size)
    except zlib.error as error:
        raise BadImage("corrupt", f"its compressed data in the zip: {error}") from error
