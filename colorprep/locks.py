"""Locks on folders, so that two processes do not mix or lose each other's files.

The kernel holds a lock (flock(2)), and releases it when its process ends, however it ends. The lock
file names that process. It ends in ``.tmp``, so it does not count as content of its folder. It is
removed with the lock; a file left by a killed process locks nothing.

Object stores have no locks. A folder there is locked by a file in the workspace, which keeps out
other processes of that workspace only.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from .atomic import check_replaceable, writing
from .errors import OutputError
from .marks import TEMPORARY
from .places import Location, Url
from .progress import Reporter

LOCK, TURN = f".lock{TEMPORARY}", f".turn{TEMPORARY}"
WITHOUT_LOCKS = frozenset([errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])


@contextmanager
def sole_process(
    folder: Location, doing: str, reporter: Reporter, new: bool = False, workspace: Path = Path()
) -> Iterator[None]:
    """Lock a folder; refuse if another process has locked it.

    Parameters
    ----------
    folder : Path or Url
        A local one is created if missing, and removed again if nothing is written to it.
    doing : str
        For the message to others: what is done to the folder, such as "trained".
    reporter : Reporter
        Receives a warning if the file system has no locks; the work is then done without one.
    new : bool
        Whether a local folder must not exist yet.
    workspace : Path
        Where the lock file of a folder in a store is.

    Raises
    ------
    OutputError
        If another process holds the lock, or there is no room or permission to write.
    OutputExists
        If the folder, or one above it, is a file.
    FileExistsError
        With `new`, if the folder exists.
    """
    path = _lock_path(folder, workspace)
    with writing(path):
        check_replaceable(path)
        created = _create(path.parent, new)
        try:
            lock = _acquire(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if lock is None:
                raise OutputError(
                    f"{folder} is being {doing} by {_holder(path)}; wait until it ends, or stop it"
                )
        except BaseException:
            _remove_empty(created)
            raise
    try:
        if not lock.works:
            reporter.warn(
                f"the file system of {path.parent} does not support locks; make sure that no other "
                "process writes there at the same time"
            )
        yield
    finally:
        lock.release()
        _remove_empty(created)


@contextmanager
def in_turn(folder: Location, name: str = "") -> Iterator[None]:
    """Wait for the other processes that write to a folder, then keep others waiting.

    Files that belong together then always come from the same process. The folder is created if
    missing. Threads of one process wait for each other as well. Object stores have no locks: there
    nobody waits.

    Parameters
    ----------
    name : str
        Of a file in the folder, to wait only for those that write this file.

    Raises
    ------
    OutputError
        If there is no room or permission to write.
    """
    if isinstance(folder, Url):
        yield
        return
    path = folder / (f".{name}{TURN}" if name else TURN)
    with writing(path):
        check_replaceable(path)
        _create(folder)
        lock = _acquire(path, fcntl.LOCK_EX)
    assert lock is not None
    try:
        yield
    finally:
        lock.release()


def _lock_path(folder: Location, workspace: Path) -> Path:
    if isinstance(folder, Path):
        return folder / LOCK
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    return workspace / f".lock-{digest}{TEMPORARY}"


class _Lock:
    """A lock file that this process holds open."""

    def __init__(self, path: Path, descriptor: int, works: bool) -> None:
        self.works = works
        self._path, self._descriptor = path, descriptor
        with suppress(OSError):  # of a full disk: the content only serves the message to others
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()} {socket.gethostname()}\n".encode(), 0)

    def release(self) -> None:
        """Remove the file, and let others lock."""
        # Removed before it is unlocked, so that nobody locks a file that is about to vanish.
        if _is_at(self._descriptor, self._path):
            with suppress(OSError):
                self._path.unlink()
        # Closing alone would not unlock it if a forked process holds the descriptor open.
        if self.works:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        os.close(self._descriptor)


def _acquire(path: Path, how: int) -> _Lock | None:
    """Lock a file; return None if another process holds the lock and `how` is not to wait."""
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # another process removed the folder meanwhile
            _create(path.parent)
            continue
        works = True
        try:
            fcntl.flock(descriptor, how)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError as error:
            works = False
            if error.errno not in WITHOUT_LOCKS:
                os.close(descriptor)
                raise
        except BaseException:
            os.close(descriptor)
            raise
        if _is_at(descriptor, path):
            return _Lock(path, descriptor, works)
        os.close(descriptor)  # its last holder removed it meanwhile


def _is_at(descriptor: int, path: Path) -> bool:
    """Return whether an open file is still the one at its path."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _holder(path: Path) -> str:
    """Describe the process that holds a lock, as far as its file names it."""
    try:
        number, host = path.read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return "another process"
    elsewhere = "" if host == socket.gethostname() else f" on {host}"
    return f"process {number}{elsewhere}"


def _create(folder: Path, new: bool = False) -> Sequence[Path]:
    """Create a folder; return the folders that were missing, innermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(exist_ok=not new)
    return missing


def _remove_empty(folders: Sequence[Path]) -> None:
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()
