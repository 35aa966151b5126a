"""Keeping memory from step to step, since the system provides new memory slowly, page by page."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Of glibc's malloc.h: free memory above which the heap shrinks, and the size from which on a piece
# of memory comes from the system and returns there.
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
NEVER = 2**31 - 1
USUAL = {TRIM_THRESHOLD: 64 << 20, MMAP_THRESHOLD: 32 << 20}  # what glibc adapts to, bytes


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Let the C library keep all freed memory for later tensors on the CPU, where it can (glibc).

    A step needs the same tensors as the one before. By default, those of 32 MiB and more are new
    each time, and the system fills their pages with zeros first.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is None or not hasattr(libc, "mallopt") or not hasattr(libc, "malloc_trim"):
        yield
        return
    for threshold in USUAL:
        libc.mallopt(threshold, NEVER)
    try:
        yield
    finally:
        for threshold, usual in USUAL.items():
            libc.mallopt(threshold, usual)
        libc.malloc_trim(0)
