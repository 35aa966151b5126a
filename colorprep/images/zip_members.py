"""An index of the members of a zip, from its directory, and reading a member by it."""

from __future__ import annotations

import bz2
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence

from ..errors import BadImage, InputError
from .archive_file import AGAIN
from .members import Members, Place, key_of, why_unsafe
from .neighbors import Extent
from .ranges import RangedFile, stream_of
from .zip_directory import HEADER_START, ZipDamage, ZipEntry, zip_entries

HEADER_SIZE = 30
USUAL_NAME = 512  # bytes of a name and its extra fields, seldom more
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
# Programs use dictionaries of 64 MiB at most; a damaged header could request 4 GiB.
LARGEST_DICTIONARY = 1 << 30
LONGEST_LINK = 4096


def is_zip(file: RangedFile, head: bytes) -> bool:
    """Return whether a file that starts with `head` is a zip."""
    return head.startswith((HEADER_START, b"PK\x05\x06")) or zipfile.is_zipfile(stream_of(file))


def zip_members(file: RangedFile) -> Members:
    """Index a zip.

    Returns
    -------
    Members
        Places are the offset of a member's header, its compressed size, its compression method,
        and the CRC of its bytes.

    Raises
    ------
    InputError
        If the zip's directory is damaged or missing.
    """
    try:
        with stream_of(file) as stream:
            entries = list(zip_entries(stream))
    except ZipDamage as error:
        raise InputError(
            f"the archive {file.shown} is incomplete: the zip directory at its end "
            f"cannot be read ({error}); {AGAIN}"
        ) from error
    members = Members()
    names = _slashed(entries)
    for name, entry in zip(names, entries, strict=True):
        if isinstance(entry, ZipEntry):
            _add_member(members, name, entry, file)
        else:
            members.refuse(key_of(name) or name, "corrupt", entry[1])
    return members


def _slashed(entries: Sequence[ZipEntry | tuple[str, str]]) -> list[str]:
    r"""Return the names of members, with slashes for backslashes that separate folders.

    Some programs for Windows, such as Compress-Archive of PowerShell 5, write ``a\b.jpg``. Unix
    names may contain a backslash, so a name is unchanged if it or, unless Windows packed it, any
    other name in the zip has a slash, or if the zip contains the converted name as well.
    """
    names = [entry[0] for entry in entries]
    no_slash = not any("/" in name for name in names)
    there = set(names)
    return [
        slashed
        if "\\" in name
        and (no_slash or ("/" not in name and isinstance(entry, ZipEntry) and entry.by_windows))
        and (slashed := name.replace("\\", "/")) not in there
        else name
        for name, entry in zip(names, entries, strict=True)
    ]


def _add_member(members: Members, name: str, entry: ZipEntry, file: RangedFile) -> None:
    if name.endswith("/"):
        return
    key = key_of(name)
    unsafe = why_unsafe(name)
    if unsafe or not key:
        members.refuse(name, "bad-name", unsafe or "an empty name")
    elif entry.is_encrypted:
        members.refuse(key, "unreadable", "encrypted; pack it without a password")
    elif entry.method not in METHODS:
        members.refuse(
            key,
            "unreadable",
            f"compression method {entry.method} is not supported; repack it with deflate",
        )
    elif stat.S_ISLNK(entry.mode):
        _add_link(members, key, entry, file)
    else:
        members.add_file(key, entry.size, *_place(entry))


def _add_link(members: Members, key: str, entry: ZipEntry, file: RangedFile) -> None:
    if entry.size > LONGEST_LINK:
        members.refuse(key, "corrupt", "a damaged link: its target is too long")
        return
    try:
        target = read_zip_member(file, _place(entry), entry.size)
    except BadImage as error:
        members.refuse(key, "corrupt", f"a damaged link: {error.detail}")
    else:
        members.add_link(key, target.decode("utf-8", "surrogateescape"))


def _place(entry: ZipEntry) -> Place:
    return entry.start, entry.compressed_size, entry.method, entry.crc


def read_zip_member(file: RangedFile, place: Place, size: int) -> bytes:
    """Return the bytes of a member; see `Source.read`."""
    _, compressed_size, _, crc = place
    # One byte more than expected is enough to notice that the member is too long.
    data = _unpacked(file, place, compressed_size, size + 1)
    if len(data) != size or zlib.crc32(data) != crc:
        raise BadImage("corrupt", "its bytes in the zip do not match their checksum")
    return data


def extent_in_zip(file: RangedFile, place: Place, size: int) -> Extent:
    """Return the bytes that reading a member takes."""
    start, compressed_size, *_ = place
    return Extent(start, min(start + HEADER_SIZE + compressed_size + USUAL_NAME, file.size))


def read_zip_head(file: RangedFile, place: Place, size: int) -> bytes:
    """Return the first bytes of a member, without checking them.

    Raises
    ------
    BadImage
        If they cannot be read.
    """
    _, compressed_size, method, _ = place
    # Deflate data begin with tables, of less than 1 KiB; other methods pack large blocks.
    if method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        compressed_size = min(compressed_size, size + 1024)
    return _unpacked(file, place, compressed_size, size)


def _unpacked(file: RangedFile, place: Place, compressed_size: int, size: int) -> bytes:
    """Return at most `size` bytes of a member, from its first `compressed_size` bytes."""
    start, _, method, _ = place
    # The header repeats the name, with other extra fields, so where the data begin is not known.
    least = HEADER_SIZE + compressed_size
    found = file.read(start, least + max(0, min(USUAL_NAME, file.size - start - least)))
    if not found.startswith(HEADER_START):
        raise BadImage("corrupt", "the zip has no header where its directory says there is one")
    name_size, extra_size = struct.unpack_from("<HH", found, 26)
    begin = HEADER_SIZE + name_size + extra_size
    data = found[begin : begin + compressed_size]
    if len(data) < compressed_size:
        data = file.read(start + begin, compressed_size)
    if method == zipfile.ZIP_STORED:
        return data[:size]
    try:
        return _decompressed(data, method, size)
    except (zlib.error, OSError, EOFError, lzma.LZMAError, struct.error) as error:
        raise BadImage("corrupt", f"its compressed data in the zip: {error}") from error


def _decompressed(data: bytes, method: int, limit: int) -> bytes:
    """Return at most `limit` bytes of compressed data."""
    if method == zipfile.ZIP_DEFLATED:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, limit)
    if method == zipfile.ZIP_BZIP2:
        return bz2.BZ2Decompressor().decompress(data, limit)
    # In a zip, the properties follow a version and their own size. A .lzma file continues with the
    # size of the data, all ones if there is an end mark instead.
    (n_properties,) = struct.unpack_from("<H", data, 2)
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=LARGEST_DICTIONARY)
    unpacker.decompress(data[4 : 4 + n_properties] + b"\xff" * 8, 0)
    return unpacker.decompress(data[4 + n_properties :], limit)
