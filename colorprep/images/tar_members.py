"""An index of the members of a tar, including tars within it, and of its damage.

Python's `tarfile` reads the headers. As it stops silently at some kinds of damage, this module
checks the end that it reached: damage never shortens a list of images silently.
"""

from __future__ import annotations

import tarfile
from typing import BinaryIO

from ..errors import InputError
from .archive_file import AGAIN
from .members import Members, Place, key_of, why_unsafe
from .naming import is_noise
from .neighbors import Extent
from .passed_over import SPECIAL
from .ranges import RangedFile, stream_of
from .sorting import CUT_NAME

BLOCK = tarfile.BLOCKSIZE
MAGIC, MAGIC_PLACE = b"ustar", 257
# Tars are padded with zeros to 10 KiB, those for tapes to a few MiB at most.
LONGEST_PADDING = 16 << 20
PAX_TYPES = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)


def is_tar_head(head: bytes) -> bool:
    """Return whether a file that starts with these 512 bytes is a tar."""
    if len(head) < BLOCK:
        return False
    if head[MAGIC_PLACE : MAGIC_PLACE + len(MAGIC)] == MAGIC or not any(head[:BLOCK]):
        return True
    try:
        tarfile.TarInfo.frombuf(head[:BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def tar_members(tar: RangedFile) -> Members:
    """Index a tar.

    Returns
    -------
    Members
        Places are the offsets of the files' bytes. The members of a member ``a.tar`` are in the
        folder ``a``; tars within it, and hidden ones, are not opened.

    Raises
    ------
    InputError
        If the tar, or one within it, is damaged or ends early.
    """
    members, shown = Members(), tar.shown
    with stream_of(tar) as file:
        _add_members(members, file, (tar.size, 0), "", shown)
        inner = [
            (key, place)
            for key, place in members.files.items()
            if key.lower().endswith(".tar") and not is_noise(key)
        ]
        for key, place in inner:
            del members.files[key]
            _add_members(members, file, place, key[: -len(".tar")], f"{key} in {shown}")
    return members


def read_tar_member(file: RangedFile, place: Place, size: int) -> bytes:
    """Return the bytes of a member; see `Source.read`."""
    return file.read(place[0], size)


def extent_in_tar(file: RangedFile, place: Place, size: int) -> Extent:
    """Return the bytes that reading a member takes."""
    return Extent(place[0], place[0] + size)


def _add_members(members: Members, file: BinaryIO, place: Place, folder: str, shown: str) -> None:
    """Add the members of a tar, which has the given size and offset in a file."""
    size, start = place
    end = start + size
    if size < BLOCK:
        raise _damaged(shown, "it is cut short")
    reached, after = start, _after_broken_pax(file, start)
    while True:
        is_certain = after is None
        reached = _add_run(members, file, (after or reached, end), folder, shown, is_certain)
        after = _after_broken_pax(file, reached) if reached < end else None
        if after is None:
            break
    note = _check_end(file, reached, place, shown)
    if note is not None:
        members.notes.append(note)


def _add_run(
    members: Members,
    file: BinaryIO,
    part: tuple[int, int],
    folder: str,
    shown: str,
    is_certain: bool,
) -> int:
    """Add members up to where tarfile stops; return that offset.

    The name of the first one is uncertain if the header with its full name is damaged.
    """
    start, end = part
    file.seek(start)
    try:
        with tarfile.open(
            fileobj=file, mode="r:", encoding="utf-8", errors="surrogateescape"
        ) as tar:
            while (member := tar.next()) is not None:
                if member.size < 0 or tar.offset > end:
                    raise _damaged(shown, f"it ends within its member {member.name!r}")
                if member.offset_data - member.offset > BLOCK:
                    is_certain = is_certain and _after_broken_pax(file, member.offset) is None
                _add_member(members, member, folder, is_certain)
                is_certain = True
                # tarfile would keep a kilobyte for each of millions of members.
                tar.members.clear()  # type: ignore[attr-defined]
                if tar.offset == end:
                    break
            return tar.offset
    except (tarfile.TarError, ValueError, OverflowError, EOFError) as error:
        raise _damaged(shown, f"it ends early or has a damaged header ({error})") from error


def _add_member(members: Members, member: tarfile.TarInfo, folder: str, is_certain: bool) -> None:
    is_file = member.isreg()
    if not (is_file or member.islnk() or member.issym()):
        members.passed_over[SPECIAL] += not member.isdir()
        return
    key = key_of(member.name, folder)
    unsafe = why_unsafe(member.name)
    if unsafe or not key:
        members.refuse(
            f"{folder}/{member.name}" if folder else member.name,
            "bad-name",
            unsafe or "an empty name",
        )
    elif not is_certain:
        # Refused whatever its ending, which may be cut off.
        members.refuse(
            f"{key[:100]} {CUT_NAME}", "bad-name", "the pax header with its name is damaged"
        )
    elif is_file and member.issparse():
        members.refuse(key, "unreadable", "kept as a sparse file; pack it without --sparse")
    elif is_file:
        members.add_file(key, member.size, member.offset_data)
    elif member.islnk():
        members.add_hard_link(key, key_of(member.linkname, folder))
    else:
        members.add_link(key, member.linkname)


def _after_broken_pax(file: BinaryIO, start: int) -> int | None:
    """Return where a pax header with damaged records ends; None if there is no such header.

    Depending on its version, Python reads as much of such a header as it can, or stops.
    """
    file.seek(start)
    block = file.read(BLOCK)
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return None
    if header.type not in PAX_TYPES or not 0 <= header.size <= LONGEST_PADDING:
        return None
    records = file.read(header.size)
    if len(records) < header.size or _is_pax(records):
        return None
    return start + BLOCK + -(-header.size // BLOCK) * BLOCK


def _is_pax(records: bytes) -> bool:
    """Return whether bytes are pax records, such as ``18 path=n01/a.jpg`` and a line feed."""
    start = 0
    while start < len(records):
        digits = records[start : start + 20].partition(b" ")[0]
        end = start + int(digits) if digits.isdigit() else start
        record = records[start:end]
        if not record.endswith(b"\n") or b"=" not in record or end > len(records):
            return False
        start = end
    return True


def _check_end(file: BinaryIO, reached: int, place: Place, shown: str) -> str | None:
    """Return a warning about the end of a tar; None if it is regular.

    Like GNU tar, this accepts a tar that ends after a member, and ignores data after the two empty
    blocks of an end mark. Data after a single empty block means a lost header.

    Raises
    ------
    InputError
        If members are lost.
    """
    size, start = place
    mark, rest = reached - start, start + size - reached
    file.seek(reached)
    block = file.read(min(BLOCK, rest))
    if any(block):
        raise _damaged(shown, f"it has a damaged header at byte {mark}")
    if rest < BLOCK:
        return (
            f"{shown} ends at byte {size} without the two empty blocks that end a tar; all members "
            "up to there are read, but if the file was truncated, images are missing"
        )
    padding = file.read(min(rest - BLOCK, LONGEST_PADDING))
    n_empty = BLOCK + len(padding) - len(padding.lstrip(b"\0"))
    if n_empty == rest:
        return None
    if n_empty == BLOCK + LONGEST_PADDING:
        raise _damaged(shown, f"it has an empty header at byte {mark}, {rest} bytes before its end")
    n_empty -= n_empty % BLOCK
    file.seek(reached + n_empty)
    if n_empty == BLOCK or _has_lost_headers(file.read(min(rest - n_empty, LONGEST_PADDING))):
        raise _damaged(shown, f"it has an empty header at byte {mark}, and data after it")
    return (
        f"{shown} has its end mark at byte {mark}, but continues at byte {mark + n_empty}; the "
        f"last {rest - n_empty} bytes are not read; if these are concatenated tars, unpack "
        "them with `tar --ignore-zeros -xf` and give the folder"
    )


def _has_lost_headers(data: bytes) -> bool:
    """Return whether blocks contain headers of a tar, but do not begin with one."""
    found = data.find(MAGIC)
    if found == MAGIC_PLACE:
        return False
    while found >= 0 and found % BLOCK != MAGIC_PLACE:
        found = data.find(MAGIC, found + 1)
    return found >= 0


def _damaged(shown: str, what: str) -> InputError:
    return InputError(f"the archive {shown} is not whole: {what}; {AGAIN}")
