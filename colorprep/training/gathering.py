"""Copying rows of mapped files into batches, all rows of a batch in one compiled loop.

The loops are serial and without Python's lock, so that threads gather while others compute.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch
from numba.typed import List

compiled = numba.njit(nogil=True, cache=True)


def map_files(sizes: Iterable[tuple[Path, int]]) -> Any:
    """Map files into memory, to be read alone.

    Parameters
    ----------
    sizes : iterable of (Path, int)
        Each file, and how many of its bytes are needed.

    Returns
    -------
    list of ndarray of shape (size,), uint8
        Numba's. No file stays open: torch closes what it has mapped, where numpy and Python's mmap
        hold a descriptor for each map.

    Raises
    ------
    OSError, RuntimeError
        If a file is missing, shorter than that, or cannot be mapped.
    """
    files = List()
    for path, size in sizes:
        content = torch.from_file(str(path), shared=False, size=size, dtype=torch.uint8).numpy()
        content.flags.writeable = False
        files.append(content)
    return files


@compiled
def copy_rows(files: Any, chosen: Any, starts: Any, out: Any) -> None:
    """Copy to each row of `out` (N, n_bytes) uint8 what begins at `starts` in the chosen file."""
    for i in range(out.shape[0]):
        row, target = files[chosen[i]][starts[i] :], out[i]
        for k in range(target.shape[0]):
            target[k] = row[k]


@compiled
def widen_rows(files: Any, chosen: Any, starts: Any, out: Any) -> None:
    """Do as `copy_rows`, from little-endian uint16 to `out` (N, n) int32."""
    for i in range(out.shape[0]):
        row, target = files[chosen[i]][starts[i] :], out[i]
        for k in range(target.shape[0]):
            target[k] = np.int32(row[2 * k]) | np.int32(row[2 * k + 1]) << 8
