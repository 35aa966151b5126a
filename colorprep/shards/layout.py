"""The frame of a shard: all of its .h5 file but the large arrays, and where these belong.

HDF5 makes the frame in memory, in a few kilobytes; the arrays are then written into it like any
other bytes. So a full disk is an ordinary error (HDF5 crashes on one), nothing large is copied, and
the digest is taken on the way.
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
    """A file in memory for HDF5; what was not written is zeros and takes no room."""

    def __init__(self) -> None:
        self._pages: defaultdict[int, bytearray] = defaultdict(lambda: bytearray(PAGE))
        self._place = 0
        self.size = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.size}[whence]
        self._place = base + offset
        return self._place

    def tell(self) -> int:
        """Return the place."""
        return self._place

    def write(self, data: Any) -> int:
        """Write bytes at the place."""
        rest = memoryview(data).cast("B")
        while len(rest):
            number, start = divmod(self._place, PAGE)
            part = rest[: PAGE - start]
            self._pages[number][start : start + len(part)] = part
            self._place += len(part)
            rest = rest[len(part) :]
        self.size = max(self.size, self._place)
        return len(data)

    def readinto(self, buffer: Any) -> int:
        """Read bytes at the place."""
        data = self.part(self._place, min(self._place + len(buffer), self.size))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    def truncate(self, size: int | None = None) -> int:
        """Set the size."""
        self.size = self._place if size is None else size
        return self.size

    def part(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` to `stop`, not included."""
        first, last = start // PAGE, -(-stop // PAGE)
        empty = bytes(PAGE)
        pages = b"".join(self._pages.get(number, empty) for number in range(first, last))
        return pages[start - first * PAGE : stop - first * PAGE]


def frame_arrays(
    file: h5py.File, arrays: Mapping[str, tuple[tuple[int, ...], Any]]
) -> dict[str, int]:
    """Make room for arrays in a file.

    Parameters
    ----------
    file : h5py.File
    arrays : mapping of str to tuple of shape and dtype
        None of them empty.

    Returns
    -------
    dict of str to int
        Where the bytes of each array begin; they are contiguous.
    """
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    properties.set_obj_track_times(False)
    places = {}
    for name, (shape, dtype) in arrays.items():
        space = h5py.h5s.create_simple(shape)
        kind = h5py.h5t.py_create(np.dtype(dtype), logical=True)
        dataset = h5py.h5d.create(file.id, name.encode(), kind, space, properties)
        places[name] = dataset.get_offset()
    return places


def pieces(
    frame: Frame, places: Mapping[str, int], parts: Sequence[Mapping[str, Any]]
) -> Iterator[Any]:
    """Give the bytes of a whole file, in order.

    Parameters
    ----------
    frame : Frame
        After HDF5 has closed it.
    places : mapping of str to int
        Where the bytes of each array begin.
    parts : sequence of mapping of str to ndarray
        The rows of all arrays, in parts.

    Yields
    ------
    bytes or ndarray
    """
    done = 0
    for name, place in sorted(places.items(), key=lambda item: item[1]):
        yield frame.part(done, place)
        done = place
        for part in parts:
            rows = np.ascontiguousarray(part[name])
            done += rows.nbytes
            yield rows.reshape(-1).view(np.uint8)
    yield frame.part(done, frame.size)
