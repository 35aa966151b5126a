"""Copying rows of mapped files into batches, all rows of a batch in one compiled loop.

The loops are serial and release the GIL, so that other threads compute meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numba.typed import List
from numpy.typing import NDArray

from ...compiling import compiled

Bytes = NDArray[np.uint8]


def map_file(path: Path, size: int) -> Bytes:
    """Map a file into memory, read-only.

    Parameters
    ----------
    size : int
        The number of its bytes that are needed.

    Returns
    -------
    ndarray of shape (size,), uint8
        The file does not stay open: torch closes a file that it has mapped, whereas numpy and
        Python's mmap keep a descriptor for each map.

    Raises
    ------
    OSError, RuntimeError
        If the file is missing, shorter than that, or cannot be mapped.
    """
    content = torch.from_file(str(path), shared=False, size=size, dtype=torch.uint8).numpy()
    content.flags.writeable = False
    return content


def listed(files: Iterable[Bytes]) -> Any:
    """Return mapped files in the form that the loops take: a typed list of numba."""
    made = List()
    for file in files:
        made.append(file)
    return made


@compiled
def copy_rows(files: Any, chosen: Any, starts: Any, out: Any) -> None:
    """Copy to each row of `out` (N, n_bytes) uint8 the bytes from `starts` in the chosen file."""
    for i in range(out.shape[0]):
        row, target = files[chosen[i]][starts[i] :], out[i]
        for k in range(target.shape[0]):
            target[k] = row[k]


@compiled
def widen_rows(files: Any, chosen: Any, starts: Any, out: Any, n_bins: int, n_ignored: int) -> bool:
    """Like `copy_rows`, from little-endian uint16 to `out` (N, n) int32.

    Returns whether all values are below `n_bins`, or 65535 if `n_ignored` is 1: adding 1 takes
    65535 to 0, so that one maximum checks both.
    """
    largest, added = np.int32(0), np.int32(n_ignored)
    for i in range(out.shape[0]):
        row, target = files[chosen[i]][starts[i] :], out[i]
        for k in range(target.shape[0]):
            value = np.int32(np.int32(row[2 * k]) | np.int32(row[2 * k + 1]) << 8)
            target[k] = value
            largest = max(largest, np.int32((value + added) & np.int32(0xFFFF)))
    return bool(largest < n_bins + n_ignored)


@compiled
def all_finite(halves: Any) -> bool:
    """Return whether float16 numbers, given by their bits as uint16 (N, n), are all finite."""
    largest = np.uint16(0)
    for i in range(halves.shape[0]):
        row = halves[i]
        for k in range(row.shape[0]):
            largest = max(largest, np.uint16(row[k] & np.uint16(0x7FFF)))
    return bool(largest < 0x7C00)
