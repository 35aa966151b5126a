"""Memory for batches that is used again, since a system gives fresh memory slowly, page by page."""

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
    """Makes tensors in memory that goes back once a tensor and all that shares it are gone.

    Parameters
    ----------
    n_kept : int
        How many pieces of each size are kept for the next tensors.

    Notes
    -----
    Whoever holds a tensor, a part of it or its numpy array holds the memory: it never changes under
    them. Threads may share it.
    """

    def __init__(self, n_kept: int) -> None:
        self._free: defaultdict[int, deque[Bytes]] = defaultdict(partial(deque, maxlen=n_kept))

    def empty(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Return a tensor whose values are whatever the memory held.

        Parameters
        ----------
        shape : tuple of int
        dtype : dtype

        Returns
        -------
        Tensor
        """
        n_bytes = prod(shape) * dtype.itemsize
        free = self._free[n_bytes]
        try:
            memory = free.pop()
        except IndexError:
            memory = np.empty(n_bytes, np.uint8)
        lent = memory[:]  # which torch holds as long as anything uses it
        weakref.finalize(lent, free.append, memory)
        return torch.from_numpy(lent).view(dtype).view(shape)
