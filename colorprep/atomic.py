"""Writing files so that a half-written one never bears its final name.

A file is written under a temporary name in the same folder, flushed to the disk, and renamed.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import ColorprepError, OutputError, OutputExists, UnusableName
from .marks import MARK, TEMPORARY, mark_folder, mark_picture

NO_ROOM = frozenset([errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
LONGEST_NAME = 255  # bytes, on nearly all file systems; a few take less
NOT_ALLOWED = frozenset([errno.EACCES, errno.EPERM, errno.EROFS])
PROBE = 1 << 20  # bytes: more than a full disk may still have in a last block


def check_replaceable(path: Path) -> None:
    """Refuse an output name that bears something other than a file.

    Renaming over a device or a pipe would delete it for every program on the machine.

    Raises
    ------
    OutputExists
        If `path` is there and is a folder, a device, a pipe or a socket; or if a file bears the
        name of a folder above it.
    """
    for folder in path.parents:
        if folder.exists() and not folder.is_dir():
            raise OutputExists(f"{folder} is a file, not a folder; give the output another name")
    try:
        mode = path.stat().st_mode  # once, since another process may remove the file meanwhile
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return
        raise
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a device, pipe or socket"
        raise OutputExists(f"{path} is {kind}, not a file; give the output another name")


@contextmanager
def replacing(path: Path, is_photograph: bool = False) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` when the block ends without an error.

    Parameters
    ----------
    path : Path
        The final name; missing folders above it are made.
    is_photograph : bool
        Whether a picture is an input for later commands; other pictures are marked as
        colorprep's own, see `colorprep.marks`.

    Yields
    ------
    Path
        Where to write. Removed if the block raises.

    Raises
    ------
    OutputExists
        If `path` exists and is not a file.
    OutputError
        If there is no room, or the folder cannot be written to.
    UnusableName
        If the name is too long for the file system, or has characters that it does not allow.
    """
    temporary = path.with_name(_temporary_name(path.name))
    try:
        with writing(path):
            check_replaceable(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                yield temporary
            except ColorprepError:
                raise
            except Exception as error:
                lack = _lack_of_room(temporary)
                if lack is None:
                    raise
                raise lack from error
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            if not is_photograph:
                mark_picture(path)
            temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def make_own_folder(folder: Path) -> None:
    """Make a folder for what colorprep writes, see `colorprep.marks.mark_folder`.

    Raises
    ------
    OutputExists
        If a file bears the name of the folder, or of one above it.
    OutputError
        If there is no room, or the folder above cannot be written to.
    """
    check_replaceable(folder / MARK)
    with writing(folder):
        mark_folder(folder)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Explain why a file cannot be written if room or permission is missing.

    Raises
    ------
    OutputError
        If the block raises an `OSError` of one of these kinds; others are left as they are.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            what = "there is no room for it"
            how = "make room, and run the same command again"
        elif error.errno in NOT_ALLOWED:
            what = "the folder cannot be written to"
            how = "choose another output, or change its permissions"
        elif error.errno in (errno.ENAMETOOLONG, errno.EILSEQ):
            raise UnusableName(str(path), _why_unusable(path)) from error
        else:
            raise
        reason = f"{what} ({error.strerror}); {how}; what was finished before is kept"
        raise OutputError(f"cannot write {path}: {reason}") from error


def _temporary_name(name: str) -> str:
    """Return a name that is short enough for the file system, if the final name is."""
    ending = f".{os.getpid()}{TEMPORARY}"
    if len(os.fsencode(f".{name}{ending}")) > LONGEST_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:32]
    return f".{name}{ending}"


def _why_unusable(path: Path) -> str:
    """Describe a path that is too long, as a whole or in one name."""
    for part in path.parts:
        n_bytes = len(os.fsencode(part))
        if n_bytes > LONGEST_NAME:
            what = "its name" if part == path.name else f"the name of its folder {part[:40]}..."
            return f"{what} has {n_bytes} bytes, but the file system allows {LONGEST_NAME}"
    return "the file system does not allow its name"


def _lack_of_room(path: Path) -> OSError | None:
    """Return the system's error if there is no room to write more to a file.

    Libraries raise errors of their own when a disk is full (torch a `RuntimeError`, numpy an
    `OSError` without a number), so the system is asked once more.
    """
    try:
        with path.open("ab") as stream:
            stream.write(bytes(PROBE))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        return error if error.errno in NO_ROOM else None
    return None


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files that processes left in a folder when they were killed."""
    for path in folder.glob(f".*{TEMPORARY}"):
        writer = path.name.removesuffix(TEMPORARY).rpartition(".")[2]
        if writer.isdigit() and not _runs(int(writer)):
            path.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file at once."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file at once, line ends as given."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file at once, indented, keys in their order, with a trailing newline."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")
