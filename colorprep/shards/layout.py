"""The frame of a shard: its whole .h5 file except the large arrays, and the offsets of these.

HDF5 makes the frame in memory, in a few kilobytes; then the file is written in order, the arrays
like any other bytes. So a full disk is an ordinary error (HDF5 itself crashes on one), nothing
large is copied, and the digest is computed while writing.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import h5py
import numpy as np

PAGE = 4096


class Frame(io.RawIOBase):
    """A sparse file in memory for HDF5: what was never written is zero, and takes no room."""

    def __init__(self) -> None:
        self._pages: defaultdict[int, bytearray] = defaultdict(lambda: bytearray(PAGE))
        self._position = 0
        self.size = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position, and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def write(self, data: Any) -> int:
        """Write bytes at the position."""
        rest = memoryview(data).cast("B")
        while len(rest):
            number, start = divmod(self._position, PAGE)
            part = rest[: PAGE - start]
            self._pages[number][start : start + len(part)] = part
            self._position += len(part)
            rest = rest[len(part) :]
        self.size = max(self.size, self._position)
        return len(data)

    def readinto(self, buffer: Any) -> int:
        """Read bytes at the position."""
        data = self.read_range(self._position, min(self._position + len(buffer), self.size))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def truncate(self, size: int | None = None) -> int:
        """Set the size."""
        self.size = self._position if size is None else size
        return self.size

    def read_range(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` up to `stop`."""
        first, last = start // PAGE, -(-stop // PAGE)
        empty = bytes(PAGE)
        pages = b"".join(self._pages.get(number, empty) for number in range(first, last))
        return pages[start - first * PAGE : stop - first * PAGE]


def allocate_arrays(
    file: h5py.File, arrays: Mapping[str, tuple[tuple[int, ...], Any]]
) -> dict[str, int]:
    """Create contiguous datasets in a file without writing them, and return their offsets in it.

    Parameters
    ----------
    arrays : mapping of str to tuple of shape and dtype
        None of them empty, since HDF5 gives these no place.
    """
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    # Offsets are fixed at once; fill values, which would fill memory, and times are not written.
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    properties.set_obj_track_times(False)
    offsets = {}
    for name, (shape, dtype) in arrays.items():
        space = h5py.h5s.create_simple(shape)
        kind = h5py.h5t.py_create(np.dtype(dtype), logical=True)
        dataset = h5py.h5d.create(file.id, name.encode(), kind, space, properties)
        offsets[name] = dataset.get_offset()
    return offsets


def pieces(
    frame: Frame, offsets: Mapping[str, int], parts: Sequence[Mapping[str, Any]]
) -> Iterator[Any]:
    """Yield the bytes of a whole file, in order.

    Parameters
    ----------
    frame : Frame
        After HDF5 has closed it.
    offsets : mapping of str to int
        As `allocate_arrays` returns them.
    parts : sequence of mapping of str to ndarray
        Consecutive rows of all arrays.
    """
    done = 0
    for name, offset in sorted(offsets.items(), key=lambda item: item[1]):
        yield frame.read_range(done, offset)
        done = offset
        for part in parts:
            rows = np.ascontiguousarray(part[name])
            done += rows.nbytes
            yield rows.reshape(-1).view(np.uint8)
    yield frame.read_range(done, frame.size)
