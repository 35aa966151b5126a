"""Choosing a device, a GPU if there is one, and copying batches to it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch

from ..errors import InputError
from .data.batch import Batch


def choose_device(name: str, number: int = 0) -> torch.device:
    """Return a torch device.

    Parameters
    ----------
    name : str
        ``auto`` for a GPU if there is one, else a device of torch.
    number : int
        Of the GPU, if the name has no number.

    Raises
    ------
    InputError
        If the device cannot be used.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    choose = f"choose auto, cpu{', or a GPU such as cuda:0' * torch.cuda.is_available()}"
    try:
        device = torch.device(f"cuda:{number}" if name == "cuda" else name)
    except RuntimeError as error:
        raise InputError(f"no device is named {name!r}; {choose}") from error
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        why = str(error).partition("\n")[0].rstrip(".")
        raise InputError(f"device {name!r} cannot be used here ({why}); {choose}") from error
    return device


class DeviceMemory(NamedTuple):
    """Memory of a GPU in bytes: the most that this process has used, and all there is."""

    peak: int
    total: int


def device_memory(device: torch.device) -> DeviceMemory | None:
    """Return the memory of a GPU, None for another device."""
    if device.type != "cuda":
        return None
    total = torch.cuda.get_device_properties(device).total_memory
    return DeviceMemory(torch.cuda.max_memory_allocated(device), total)


def synchronize(device: torch.device) -> None:
    """Wait until a GPU has done its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextmanager
def reproducibly(deterministic: bool) -> Iterator[None]:
    """Allow only deterministic algorithms, or also faster ones.

    Parameters
    ----------
    deterministic : bool
        If False, convolutions on a GPU choose the fastest algorithm by trial, and float32 is
        multiplied in TF32, in convolutions as well.
    """
    cudnn = torch.backends.cudnn
    before = (
        torch.are_deterministic_algorithms_enabled(),
        cudnn.benchmark,
        torch.get_float32_matmul_precision(),
        cudnn.allow_tf32,
    )
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # for deterministic cuBLAS
    torch.use_deterministic_algorithms(deterministic)
    cudnn.benchmark = not deterministic
    torch.set_float32_matmul_precision("highest" if deterministic else "high")
    cudnn.allow_tf32 = not deterministic
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        cudnn.benchmark = before[1]
        torch.set_float32_matmul_precision(before[2])
        cudnn.allow_tf32 = before[3]


def on_device(batch: Batch, device: torch.device) -> Batch:
    """Move a batch to a device, in its small types."""
    return {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}


def prefetch_to_device(batches: Iterable[Batch], device: torch.device) -> Iterator[Batch]:
    """Yield batches on a device; the next one is copied to a GPU while it computes with this one.

    Parameters
    ----------
    batches : iterable of dict of str to Tensor
        In page-locked memory, if copying should overlap with computing.
    """
    if device.type != "cuda":
        for batch in batches:
            yield on_device(batch, device)
        return
    copying = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    ahead = None
    for batch in batches:
        with torch.cuda.stream(copying):
            moved = on_device(batch, device)
        if ahead is not None:
            yield ahead
        computing = torch.cuda.current_stream(device)
        computing.wait_stream(copying)
        for tensor in moved.values():
            tensor.record_stream(computing)  # keeps its memory until used there
        ahead = moved
    if ahead is not None:
        yield ahead
