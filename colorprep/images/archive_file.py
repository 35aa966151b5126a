"""Reading an archive at any offset, from many threads and processes.

Each process opens an archive once, when it first reads from it, no matter how often the source was
sent to it; of very many archives, only some are open at a time. A gzipped tar, in which one cannot
seek, is unpacked once into a temporary plain tar.
"""

from __future__ import annotations

import atexit
import gzip
import io
import os
import shutil
import tempfile
import threading
import weakref
import zlib
from collections import deque
from pathlib import Path

from ..atomic import NO_ROOM
from ..errors import BadImage, InputError
from .stamps import change_stamp

AGAIN = "copy or download it again"
Stamp = tuple[int, int, int]
MOST_OPEN = 256  # archives; systems allow a process 1024 files, often


class ArchiveFile:
    """An archive that can be read at any offset, and sent to other processes.

    Parameters
    ----------
    gzipped : bool
        Whether it must be decompressed first.

    Attributes
    ----------
    plain : Path
        The file that is read: the archive itself, or the temporary file that it was unpacked to.
    size : int
        The number of bytes of `plain`.
    changed : int
        The `change_stamp` of the archive.

    Raises
    ------
    InputError
        If the gzip data are damaged, or there is not enough disk space to unpack them.
    """

    read_ahead = io.DEFAULT_BUFFER_SIZE  # a disk jumps sooner than it reads an image

    def __init__(self, archive: Path, gzipped: bool = False) -> None:
        status = archive.stat()
        self.archive = archive
        self.changed = change_stamp(status)
        self._inode = status.st_ino
        # Another archive under the same name must not be read through a descriptor of the first.
        self._stamp = (status.st_size, status.st_mtime_ns, self.changed)
        self._gzipped = gzipped
        self.plain = _unpacked(archive, self._stamp) if gzipped else archive
        self.size = self.plain.stat().st_size
        self._opened: _Opened | None = None

    @property
    def shown(self) -> str:
        """The path of the archive."""
        return str(self.archive)

    def __getstate__(self) -> dict[str, object]:
        """Leave out the descriptor, which is invalid in another process."""
        return self.__dict__ | {"_opened": None}

    def read(self, start: int, size: int) -> bytes:
        """Return bytes of the archive.

        Parameters
        ----------
        start, size : int
            In bytes, within the plain archive.

        Raises
        ------
        BadImage
            ``unreadable``, if they cannot be read.
        InputError
            If the archive has disappeared.
        """
        opened = self._opened or self._open()
        try:
            data = os.pread(opened.descriptor, size, start)
            while len(data) < size and (more := _pread_more(opened, start, size, data)):
                data += more
        except OSError as error:
            self._check_there()
            raise BadImage("unreadable", f"in the archive: {error.strerror}") from error
        if len(data) < size:
            self._check_there()
            raise BadImage("unreadable", "the archive now ends before it; it was cut short")
        return data

    def _open(self) -> _Opened:
        with _LOCK:
            self._check_there()
            if self._gzipped and not _has_size(self.plain, self.size):
                self._check_same(self.archive.stat())
                self.plain = _unpacked(self.archive, self._stamp)
                if not _has_size(self.plain, self.size):
                    raise self._other()
            opened = _OPENED.get((self.plain, self._stamp))
            if opened is None:
                try:
                    opened = _Opened(self.plain)
                except OSError as error:
                    raise InputError(
                        f"cannot open the archive {self.archive}: {error.strerror}; when it can be "
                        "read, run the same command again"
                    ) from error
                if not self._gzipped:
                    self._check_same(os.fstat(opened.descriptor))
                _OPENED[self.plain, self._stamp] = opened
            self._opened = opened
            self._close_others()
            return opened

    def _close_others(self) -> None:
        """Close the archives that were opened first, if many are open."""
        _HOLDERS.append(weakref.ref(self))
        while len(_HOLDERS) > MOST_OPEN:
            holder = _HOLDERS.popleft()()
            if holder is not None:
                holder._opened = None  # a thread that reads from it keeps it open until then

    def _check_same(self, status: os.stat_result) -> None:
        """Refuse an archive that was replaced: its images are at other offsets."""
        size, changed, _ = self._stamp
        # A file that was only truncated is still valid up to its end.
        cut = status.st_ino == self._inode and status.st_size < size
        # Copies on several machines agree in these two, but not in the inode.
        if not cut and (status.st_size, status.st_mtime_ns) != (size, changed):
            raise self._other()

    def _other(self) -> InputError:
        return InputError(
            f"the archive {self.archive} has changed since its images were listed; run the same "
            "command again"
        )

    def _check_there(self) -> None:
        if not self.archive.exists():
            raise InputError(
                f"the archive {self.archive} disappeared while it was being read; when it is back, "
                "run the same command again"
            )


class _Opened:
    """A file descriptor that is closed when it is no longer used."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self.descriptor)


_LOCK = threading.RLock()
_HOLDERS: deque[weakref.ref[ArchiveFile]] = deque()
_OPENED: weakref.WeakValueDictionary[tuple[Path, Stamp], _Opened] = weakref.WeakValueDictionary()
_UNPACKED: dict[tuple[Path, Stamp], Path] = {}


def _pread_more(opened: _Opened, start: int, size: int, data: bytes) -> bytes:
    """Return the next bytes; systems read at most 2 GiB at once."""
    return os.pread(opened.descriptor, size - len(data), start + len(data))


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def _unpacked(archive: Path, stamp: Stamp) -> Path:
    """Return the temporary file that a gzip file is unpacked to; unpack it if it is missing."""
    with _LOCK:
        plain = _UNPACKED.get((archive.absolute(), stamp))
        if plain is None or not plain.exists():
            plain = _unpack(archive)
            _UNPACKED[archive.absolute(), stamp] = plain
        return plain


def _unpack(archive: Path) -> Path:
    folder = Path(tempfile.gettempdir())
    if shutil.disk_usage(folder).free < archive.stat().st_size:
        raise _disk_full(archive, folder)
    descriptor, name = tempfile.mkstemp(".tar", "colorprep-", folder)
    plain = Path(name)
    # Registered before it is filled, so that an interrupted run leaves nothing behind.
    atexit.register(_remove, plain, os.getpid())
    try:
        with os.fdopen(descriptor, "wb") as target:
            try:
                _copy_unpacked(archive, target.fileno())
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise damaged_gzip(archive, error) from error
            except OSError as error:
                if error.errno in NO_ROOM:
                    raise _disk_full(archive, folder, error) from error
                raise InputError(f"cannot unpack the archive {archive}: {error}") from error
    except BaseException:
        plain.unlink(missing_ok=True)
        raise
    return plain


def _copy_unpacked(archive: Path, target: int) -> None:
    with gzip.open(archive, "rb") as packed:
        while block := packed.read(1 << 20):
            rest = memoryview(block)
            while rest:
                rest = rest[os.write(target, rest) :]


def _remove(path: Path, maker: int) -> None:
    # A forked process leaves the file to the process that created it.
    if os.getpid() == maker:
        path.unlink(missing_ok=True)


def damaged_gzip(archive: Path, error: Exception) -> InputError:
    """Return the error for gzip data that end early or are corrupt."""
    what = (
        "ends before its gzip data do" if isinstance(error, EOFError) else "has damaged gzip data"
    )
    return InputError(f"the archive {archive} {what} ({error}); {AGAIN}")


def _disk_full(archive: Path, folder: Path, error: OSError | None = None) -> InputError:
    why = f" ({error.strerror})" if error else ""
    return InputError(
        f"no room in {folder} to unpack {archive}{why}; set the variable TMPDIR to a folder with "
        "room for the whole unpacked tar, or unpack it yourself and give the plain .tar"
    )
