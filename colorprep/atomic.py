"""Writing files so that a half-written one never has its final name.

A file is written under a temporary name in the same folder, flushed to the disk, and renamed. One
for an object store is written to a temporary folder of this machine, and sent when it is whole.
"""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import ColorprepError, InputError, OutputError, OutputExists, UnusableName
from .marks import MARK, OWN, TEMPORARY, holds_nothing, mark_folder, mark_picture
from .places import Location, Url
from .storage import COPIES, remove, send, sizes_in, temporary_folder
from .storage import NO_ROOM as NO_ROOM

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_NAME = 255  # bytes, on nearly all file systems; a few take less
NOT_ALLOWED = frozenset([errno.EACCES, errno.EPERM, errno.EROFS])
PROBE = 1 << 20  # bytes: more than a full disk may have left in a last block


def check_replaceable(path: Location) -> None:
    """Refuse an output path at which there is something other than a file.

    Renaming over a device or a pipe would delete it for every program on the machine. In a store,
    an empty file is written and removed, so that long work is not lost at its end.

    Raises
    ------
    OutputExists
        If `path` is a folder, a device, a pipe or a socket, or if a folder above it is a file.
    OutputError
        If a store cannot be written to.
    """
    if isinstance(path, Url):
        probe = path.parent / f".{path.name}{TEMPORARY}"
        try:
            write_bytes(probe, b"")
        except OutputError as error:
            raise OutputError(str(error).replace(str(probe), str(path))) from error
        with suppress(InputError):  # some may write, but not remove
            remove(probe)
        return
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
def replacing(location: Location, is_photograph: bool = False) -> Iterator[Path]:
    """Yield a temporary path whose file gets its final place when the block ends without an error.

    Parameters
    ----------
    location : Path or Url
        The final place; missing folders above it are created.
    is_photograph : bool
        Whether a picture is an input for later commands; other pictures are marked as output of
        colorprep, see `colorprep.marks`.

    Yields
    ------
    Path
        Where to write; removed if the block raises.

    Raises
    ------
    OutputExists
        If there is something that is not a file.
    OutputError
        If there is no room, or the folder or store cannot be written to.
    UnusableName
        If the name is too long for the file system, or has characters that it does not allow.
    """
    if isinstance(location, Url):
        with temporary_folder() as folder:
            temporary = folder / f"whole{location.suffix}"
            with writing(temporary), _room_noticed(temporary):
                yield temporary
            send(temporary, location)
    else:
        with _replacing(location, is_photograph) as temporary:
            yield temporary


@contextmanager
def _replacing(path: Path, is_photograph: bool) -> Iterator[Path]:
    """Yield a temporary path that replaces a path, see `replacing`."""
    temporary = path.with_name(_temporary_name(path.name))
    try:
        with writing(path):
            check_replaceable(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            with _room_noticed(temporary):
                yield temporary
            # Else the name could reach the disk before the content, and a power cut leave it empty.
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            if not is_photograph:
                mark_picture(path)
            temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def _room_noticed(temporary: Path) -> Iterator[None]:
    """Raise the system's error about room in place of whatever a library made of it."""
    try:
        yield
    except ColorprepError:
        raise
    except Exception as error:
        lack = _lack_of_room(temporary)
        if lack is None:
            raise
        raise lack from error


def make_own_folder(folder: Location) -> None:
    """Create a folder for output of colorprep, see `colorprep.marks.mark_folder`.

    Raises
    ------
    OutputExists
        If the folder, or one above it, is a file.
    OutputError
        If there is no room, or the folder above or the store cannot be written to.
    """
    if isinstance(folder, Url):
        if holds_nothing(sizes_in(folder)):
            write_bytes(folder / MARK, OWN)
        return
    check_replaceable(folder / MARK)
    with writing(folder):
        mark_folder(folder)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an `OSError` about room, permission or the name into one that says what to do.

    Raises
    ------
    OutputError
        If there is no room, or the folder cannot be written to.
    UnusableName
        If the name is too long for the file system, or has characters that it does not allow.
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
    """Return a name that is short enough for the file system if the final name is."""
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

    When a disk is full, libraries raise various errors (torch a `RuntimeError`, numpy an `OSError`
    without a number), so write once more to see the system's.
    """
    try:
        with path.open("ab") as stream:
            stream.write(bytes(PROBE))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        return error if error.errno in NO_ROOM else None
    return None


def remove_leftovers(folder: Location) -> None:
    """Remove the temporary files that killed processes left in a folder, or on the way to it."""
    if isinstance(folder, Url):
        for copies in Path(tempfile.gettempdir()).glob(f"{COPIES}*-*"):
            owner = copies.name.removeprefix(COPIES).partition("-")[0]
            if owner.isdigit() and not _is_running(int(owner)):
                shutil.rmtree(copies, ignore_errors=True)
        return
    for path in folder.glob(f".*{TEMPORARY}"):
        writer = path.name.removesuffix(TEMPORARY).rpartition(".")[2]
        if writer.isdigit() and not _is_running(int(writer)):
            path.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is another user's
        pass
    return True


def write_bytes(location: Location, data: bytes) -> None:
    """Write a file, replaced atomically."""
    with replacing(location) as temporary:
        temporary.write_bytes(data)


def write_text(location: Location, text: str) -> None:
    """Write a UTF-8 text file, replaced atomically; line ends are kept."""
    write_bytes(location, text.encode("utf-8"))


def write_json(location: Location, value: Any) -> None:
    """Write a JSON file, replaced atomically: indented, keys in order, with a final newline."""
    write_text(location, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_csv(location: Location, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    r"""Write a UTF-8 table with a header, replaced atomically; lines end in ``\n``.

    Parameters
    ----------
    rows : iterable of iterable
        Written one by one, so it may be a generator over more rows than fit into memory. Floats
        are written so that they read back exactly.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "scores.csv")
    ...     write_csv(path, ("key", "score"), [("a, b.jpg", 0.1), ("c.jpg", None)])
    ...     path.read_text()
    'key,score\n"a, b.jpg",0.1\nc.jpg,\n'
    """
    with (
        replacing(location) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)


def write_npy(location: Location, array: NDArray[Any]) -> int:
    """Write an array as an .npy file, replaced atomically, and return its size in bytes.

    Examples
    --------
    >>> import numpy as np
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_npy(Path(folder, "probs.npy"), np.array([0.25, 0.75]))
    144
    """
    import numpy as np  # here, so that --help, which needs this module, stays fast

    with replacing(location) as temporary, temporary.open("wb") as stream:
        np.save(stream, array, allow_pickle=False)
        return stream.tell()
