"""Bytes at an offset: the one way in which archives are read, on a disk or in a store.

An index of an archive is made from a stream of its file. Between the headers of a tar lie the
images, which need not be read; but a store takes longer to answer than to send a few images, so
the stream reads ahead: twice as far each time, up to the `read_ahead` of the file, until a jump is
longer than what was read at once.
"""

from __future__ import annotations

import io
from typing import Protocol

FIRST_READ = 128 << 10  # bytes; the longest end of a zip is half of it


class RangedFile(Protocol):
    """A file of which any bytes can be read, by many threads; it can be sent to other processes."""

    @property
    def shown(self) -> str:
        """The path or URL for messages, without secrets."""

    @property
    def size(self) -> int:
        """In bytes."""

    @property
    def changed(self) -> int:
        """A number that changes whenever the file is changed; 0 if unknown."""

    @property
    def read_ahead(self) -> int:
        """How many bytes at most are read at once while the file is indexed."""

    def read(self, start: int, size: int) -> bytes:
        """Return `size` bytes.

        Raises
        ------
        BadImage
            ``unreadable``, if only these bytes cannot be read.
        InputError
            If the file has disappeared or was replaced, or its store does not answer.
        """


def stream_of(file: RangedFile) -> io.BufferedReader:
    """Return a stream of a file that reads ahead."""
    return io.BufferedReader(_ReadingAhead(file), file.read_ahead)


class RangedStream(io.RawIOBase):
    """A stream of a file that reads exactly what it is asked for."""

    def __init__(self, file: RangedFile) -> None:
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it can be read at any position."""
        return True

    def tell(self) -> int:
        """Return the position, in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position, and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        self._at = base + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return bytes without a copy of them; all that are left if the size is negative."""
        left = max(0, self._file.size - self._at)
        data = self._file.read(self._at, left if size < 0 else min(size, left))
        self._at += len(data)
        return data

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer, as far as the file goes; return the number of bytes."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _ReadingAhead(RangedStream):
    def __init__(self, file: RangedFile) -> None:
        super().__init__(file)
        self._end = 0  # of what was read last
        self._ahead = min(FIRST_READ, file.read_ahead)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if 0 <= self._at - self._end <= self._ahead:
            self._ahead = min(2 * self._ahead, self._file.read_ahead)
        else:
            self._ahead = min(FIRST_READ, self._file.read_ahead)
        n_bytes = super().readinto(buffer[: self._ahead])
        self._end = self._at
        return n_bytes
