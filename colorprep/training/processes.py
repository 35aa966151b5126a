"""Processes that train together, as torchrun starts them, each on its own device."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed, nn

from .devices import choose_device


@dataclass(frozen=True)
class Process:
    """One of the processes that train together."""

    device: torch.device
    rank: int = 0
    world_size: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this process writes files and messages."""
        return self.rank == 0

    def all_sum(self, values: Sequence[float]) -> list[float]:
        """Return the sums over all processes, on each process."""
        if self.world_size == 1:
            return list(values)
        sums = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.all_reduce(sums)
        return [float(value) for value in sums.tolist()]

    def any(self, value: bool) -> bool:
        """Return whether the value is true on any process, on each process."""
        return self.all_sum([value])[0] > 0

    def broadcast(self, value: Any) -> Any:
        """Return the main process's value on each process; all wait for it."""
        if self.world_size == 1:
            return value
        box = [value]
        distributed.broadcast_object_list(box)
        return box[0]

    def broadcast_buffers(self, model: nn.Module) -> None:
        """Copy the main process's buffers, such as statistics of batch norm, to all processes."""
        if self.world_size > 1:
            for buffer in model.buffers():
                distributed.broadcast(buffer, 0)

    def data_parallel(self, model: nn.Module) -> nn.Module:
        """Return a network whose gradients are averaged over the processes."""
        if self.world_size == 1:
            return model
        from torch.nn.parallel import DistributedDataParallel

        wrapped = DistributedDataParallel(model)
        if hasattr(model, "takes"):  # what it is fed, see `models.inputs`
            wrapped.takes = model.takes
        return wrapped


def rank_and_size(rank: int | None, world_size: int | None) -> tuple[int, int]:
    """Return this process's number and the number of all.

    Parameters
    ----------
    rank, world_size : int or None
        None for those of torch.distributed, if initialized; else 0 and 1.
    """
    initialized = distributed.is_available() and distributed.is_initialized()
    if rank is None:
        rank = distributed.get_rank() if initialized else 0
    if world_size is None:
        world_size = distributed.get_world_size() if initialized else 1
    return rank, world_size


@contextmanager
def process_group(device: str) -> Iterator[Process]:
    """Join the processes that torchrun has started, if it has.

    Parameters
    ----------
    device : str
        See `choose_device`; on GPUs each process gets its own.

    Yields
    ------
    Process
        A single one without torchrun. Processes communicate by NCCL on GPUs, else by gloo.

    Raises
    ------
    InputError
        If the device cannot be used.
    """
    world_size = int(os.environ.get("WORLD_SIZE", "1"))
    if world_size == 1:
        yield Process(choose_device(device))
        return
    own = choose_device(device, int(os.environ.get("LOCAL_RANK", "0")))
    if own.type == "cuda":
        torch.cuda.set_device(own)
    distributed.init_process_group("nccl" if own.type == "cuda" else "gloo")
    try:
        yield Process(own, distributed.get_rank(), world_size)
    finally:
        distributed.destroy_process_group()
