"""What a tar holds, and where: an index of its members, of tars within it too, and of its damage.

Python's `tarfile` reads the headers. As it ends quietly at some kinds of damage, the end that it
came to is looked at here: a list of images is never shorter because an archive is damaged.
"""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import BinaryIO

from ..errors import InputError
from .archive_file import AGAIN, ArchiveFile
from .members import Members, Place, key_of, why_unsafe
from .naming import is_noise
from .passed_over import SPECIAL

BLOCK = tarfile.BLOCKSIZE
# Tars are padded with zeros to 10 KiB, those for tapes to a few MiB at most.
LONGEST_PADDING = 16 << 20


def is_tar_head(head: bytes) -> bool:
    """Tell whether a file that starts with these 512 bytes is a tar."""
    if len(head) < BLOCK:
        return False
    if head[257:262] == b"ustar" or not any(head[:BLOCK]):
        return True
    try:
        tarfile.TarInfo.frombuf(head[:BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def tar_members(plain: Path, shown: str) -> Members:
    """Index a tar.

    Parameters
    ----------
    plain : Path
        A tar that is not compressed.
    shown : str
        The archive, for messages.

    Returns
    -------
    Members
        Places are where a file's bytes begin. What is in a member ``a.tar`` is under ``a/``; tars
        in that one, and hidden ones, are not looked into.

    Raises
    ------
    InputError
        If the tar, or one within it, is damaged or ends early.
    """
    members = Members()
    with plain.open("rb") as file:
        _add_members(members, file, (os.fstat(file.fileno()).st_size, 0), "", shown)
        inner = [
            (key, place)
            for key, place in members.files.items()
            if key.lower().endswith(".tar") and not is_noise(key)
        ]
        for key, place in inner:
            del members.files[key]
            _add_members(members, file, place, key[: -len(".tar")], f"{key} in {shown}")
    members.follow_links()
    return members


def read_tar_member(file: ArchiveFile, place: Place, size: int) -> bytes:
    """Return the bytes of a member; see `Source.read`."""
    return file.read(place[0], size)


def _add_members(members: Members, file: BinaryIO, place: Place, folder: str, shown: str) -> None:
    """Add the members of the tar of some size at some place of a file."""
    size, start = place
    end = start + size
    if size < BLOCK:
        raise _damaged(shown, "it is cut short")
    file.seek(start)
    try:
        with tarfile.open(
            fileobj=file, mode="r:", encoding="utf-8", errors="surrogateescape"
        ) as tar:
            while (member := tar.next()) is not None:
                if member.size < 0 or tar.offset > end:
                    raise _damaged(shown, f"it ends within its member {member.name!r}")
                _add_member(members, member, folder)
                # tarfile would keep a kilobyte for each of millions of members.
                tar.members.clear()  # type: ignore[attr-defined]
                if tar.offset == end:
                    break
            reached = tar.offset
    except (tarfile.TarError, ValueError, OverflowError, EOFError) as error:
        raise _damaged(shown, f"it ends early or has a damaged header ({error})") from error
    _check_end(file, reached, end, shown)


def _add_member(members: Members, member: tarfile.TarInfo, folder: str) -> None:
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
    elif is_file and member.issparse():
        members.refuse(key, "unreadable", "kept as a sparse file; pack it without --sparse")
    elif is_file:
        members.add_file(key, member.size, member.offset_data)
    elif member.islnk():
        members.add_second_name(key, key_of(member.linkname, folder))
    elif member.linkname.startswith("/"):
        members.add_link(key, "")
    else:
        members.add_link(key, key_of(member.linkname, key.rpartition("/")[0]))


def _check_end(file: BinaryIO, reached: int, end: int, shown: str) -> None:
    """Raise InputError unless a tar ends with its end mark of zeros, and nothing after it."""
    file.seek(reached)
    block = file.read(min(BLOCK, end - reached))
    if any(block):
        raise _damaged(shown, f"it has a damaged header at byte {reached}")
    if len(block) < BLOCK:
        raise _damaged(shown, "it ends without the two empty blocks that end a tar")
    rest = end - reached - BLOCK
    if rest > LONGEST_PADDING:
        raise _damaged(
            shown, f"it has an empty header at byte {reached}, {rest} bytes before its end"
        )
    if any(file.read(rest)):
        raise _damaged(shown, f"it has an empty header at byte {reached}, and more after it")


def _damaged(shown: str, what: str) -> InputError:
    return InputError(f"the archive {shown} is not whole: {what}; {AGAIN}")
