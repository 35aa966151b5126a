"""Reused memory for batches, since the system provides new memory slowly, page by page."""

from __future__ import annotations

import weakref
from collections import defaultdict, deque
from functools import partial
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Bytes = NDArray[np.uint8]


class RecycledMemory:
    """Makes tensors in memory that is reused once a tensor and its views are gone.

    Parameters
    ----------
    n_kept : int
        How many unused pieces of each size are kept.

    Notes
    -----
    A reference to a tensor, a view or its numpy array keeps the memory: it is never overwritten.
    Threads may share an instance.
    """

    def __init__(self, n_kept: int) -> None:
        self._free: defaultdict[int, deque[Bytes]] = defaultdict(partial(deque, maxlen=n_kept))

    def empty(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Return a tensor whose values are arbitrary."""
        n_bytes = prod(shape) * dtype.itemsize
        free = self._free[n_bytes]
        try:
            memory = free.pop()
        except IndexError:
            memory = np.empty(n_bytes, np.uint8)
        lent = memory[:]  # torch keeps this view as long as a tensor uses it
        weakref.finalize(lent, free.append, memory)
        return torch.from_numpy(lent).view(dtype).view(shape)


def page_locked(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Return a tensor whose values are arbitrary, in memory from which a GPU can copy by itself."""
    return torch.empty(shape, dtype=dtype, pin_memory=True)
