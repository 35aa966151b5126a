"""Reading the directory of a zip, which lists its members.

Python's `zipfile` refuses a whole zip for one name that is not UTF-8 or one damaged extra field,
and cuts names at a zero byte. Here only such a member is skipped.

References
----------
.. [1] PKWARE. APPNOTE.TXT, .ZIP File Format Specification 6.3.10, 2022.
       https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

HEADER_START = b"PK\x03\x04"
END_START = b"PK\x05\x06"
END = struct.Struct("<4s4H2LH")
END64_START = b"PK\x06\x06"
END64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR = struct.Struct("<4sLQL")
ENTRY_START = b"PK\x01\x02"
ENTRY = struct.Struct("<4s6H3L5H2L")
LONGEST_COMMENT = (1 << 16) - 1
IS_ENCRYPTED, IS_UTF8 = 1, 1 << 11
WINDOWS = (0, 10, 11, 14)  # FAT, NTFS, NTFS as Info-ZIP numbers it, VFAT
MAX32, MAX62 = (1 << 32) - 1, (1 << 62) - 1
ZIP64_FIELD, NAME_FIELD = 0x0001, 0x7075


class ZipDamage(Exception):
    """The directory of a zip is damaged, missing, or in another file."""


class ZipEntry(NamedTuple):
    """The entry of a member in the directory of a zip.

    Attributes
    ----------
    name : str
        If it is flagged as UTF-8, bytes that are not UTF-8 become surrogates.
    by_windows : bool
        Whether it was packed by a program for DOS or Windows.
    method : int
        The number of the compression method.
    crc : int
        The CRC-32 of the bytes of the member.
    compressed_size, size : int
        The number of bytes, compressed and uncompressed.
    start : int
        The offset of its header in the file.
    mode : int
        The mode of a Unix file; 0 if it was packed on another system.
    """

    name: str
    is_encrypted: bool
    by_windows: bool
    method: int
    crc: int
    compressed_size: int
    size: int
    start: int
    mode: int


def zip_entries(file: BinaryIO) -> Iterator[ZipEntry | tuple[str, str]]:
    """Read the directory of a zip.

    Yields
    ------
    ZipEntry, or tuple of str and str
        In order of the directory; for an invalid entry, its name and what is wrong with it.

    Raises
    ------
    ZipDamage
        If the directory is missing or incomplete.
    """
    directory, n_entries, shift = _directory(file)
    at = n_found = 0
    while at < len(directory):
        entry = directory[at : at + ENTRY.size]
        if len(entry) < ENTRY.size or not entry.startswith(ENTRY_START):
            raise ZipDamage(f"entry {n_found + 1} of {n_entries} is damaged")
        fields = ENTRY.unpack(entry)
        name_end = at + ENTRY.size + fields[10]
        extra_end = name_end + fields[11]
        yield _entry(
            fields, directory[at + ENTRY.size : name_end], directory[name_end:extra_end], shift
        )
        at = extra_end + fields[12]
        n_found += 1
    # The field has 16 bits, and old programs count modulo 65536.
    if at > len(directory) or (n_found - n_entries) % (1 << 16):
        raise ZipDamage(f"it lists {n_found} members, but should list {n_entries}")


def _directory(file: BinaryIO) -> tuple[bytes, int, int]:
    """Return the bytes of the directory, its number of entries, and what to add to offsets."""
    size = file.seek(0, 2)
    tail_start = max(0, size - LONGEST_COMMENT - END.size)
    file.seek(tail_start)
    tail = file.read(size - tail_start)
    found = tail.rfind(END_START)
    if found < 0:
        raise ZipDamage("its end record is missing")
    while True:
        try:
            return _directory_before(file, tail_start + found, tail[found : found + END.size])
        except ZipDamage:
            # What was found may be a part of the comment after the true end record.
            earlier = tail.rfind(END_START, 0, found)
            if earlier < 0 or not _comment_holds(tail, earlier, found):
                raise
            found = earlier


def _comment_holds(tail: bytes, end: int, mark: int) -> bool:
    """Return whether the comment after the end of a directory seems to contain another one."""
    comment = end + END.size
    return comment <= mark < comment + int(END.unpack_from(tail, end)[-1])


def _directory_before(file: BinaryIO, end: int, record: bytes) -> tuple[bytes, int, int]:
    if len(record) < END.size:
        raise ZipDamage("its end record is truncated")
    _, disk, first_disk, _, n_entries, size, start, _ = END.unpack(record)
    wide = _wide_end(file, end)
    if wide is not None:
        end, disk, first_disk, n_entries, size, start = wide
    if disk or first_disk:
        raise ZipDamage("it is the last part of a split zip; join the parts with `zip -s 0`")
    # Offsets do not include data that were put in front of the zip afterwards.
    shift = end - size - start
    if shift < 0:
        raise ZipDamage("part of it is missing")
    file.seek(0)
    if shift and file.read(4) == HEADER_START:
        raise ZipDamage("it belongs to another zip, within this one or after it")
    file.seek(start + shift)
    directory = file.read(size)
    if n_entries and not directory.startswith(ENTRY_START):
        raise ZipDamage("it is not at the offset in its end record")
    return directory, n_entries, shift


def _wide_end(file: BinaryIO, end: int) -> tuple[int, int, int, int, int, int] | None:
    """Return the offset of a zip64 end record, and its fields; None if this is not a zip64."""
    if end < LOCATOR.size:
        return None
    file.seek(end - LOCATOR.size)
    start, _, place, _ = LOCATOR.unpack(file.read(LOCATOR.size))
    if start != b"PK\x06\x07":
        return None
    # It precedes its locator, even if something was put in front of the zip.
    for at in (end - LOCATOR.size - END64.size, place):
        if not 0 <= at <= end - LOCATOR.size - END64.size:
            continue
        file.seek(at)
        record = file.read(END64.size)
        if record.startswith(END64_START):
            _, _, _, _, disk, first_disk, _, n_entries, size, offset = END64.unpack(record)
            return at, disk, first_disk, n_entries, size, offset
    raise ZipDamage("its zip64 end record is missing")


def _entry(
    fields: tuple[Any, ...], raw_name: bytes, extra: bytes, shift: int
) -> ZipEntry | tuple[str, str]:
    _, made_by, _, flags, method, _, _, crc, compressed_size, size, *_, mode, start = fields
    extras = _extra_fields(extra)
    name = _name(raw_name, flags, extras)
    if MAX32 in (size, compressed_size, start):
        numbers = extras.get(ZIP64_FIELD, b"")
        wide = iter(struct.unpack_from(f"<{len(numbers) // 8}Q", numbers))
        try:
            size = next(wide) if size == MAX32 else size
            compressed_size = next(wide) if compressed_size == MAX32 else compressed_size
            start = next(wide) if start == MAX32 else start
        except StopIteration:
            return name, "the zip's directory lacks its size or offset"
        if max(size, compressed_size, start) > MAX62:
            return name, "its size in the zip's directory is larger than any disk"
    return ZipEntry(
        name,
        is_encrypted=bool(flags & IS_ENCRYPTED),
        by_windows=made_by >> 8 in WINDOWS,
        method=method,
        crc=crc,
        compressed_size=compressed_size,
        size=size,
        start=start + shift,
        mode=mode >> 16,
    )


def _extra_fields(extra: bytes) -> dict[int, bytes]:
    """Return extra fields by their number, up to the first truncated one."""
    fields: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(extra):
        number, size = struct.unpack_from("<HH", extra, at)
        if at + 4 + size > len(extra):
            break
        fields.setdefault(number, extra[at + 4 : at + 4 + size])
        at += 4 + size
    return fields


def _name(raw: bytes, flags: int, extras: dict[int, bytes]) -> str:
    """Return a member's name; many tools write UTF-8 without setting the flag."""
    if flags & IS_UTF8:
        return raw.decode("utf-8", "surrogateescape")
    field = extras.get(NAME_FIELD, b"")
    try:
        # The field holds the CRC of the name it belongs to, which may have been changed since.
        if len(field) > 5 and field[0] == 1 and field[1:5] == struct.pack("<L", zlib.crc32(raw)):
            return field[5:].decode("utf-8")
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp437")
