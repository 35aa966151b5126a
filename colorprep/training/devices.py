"""Where to compute: a GPU where there is one, else the CPU."""

from __future__ import annotations

import torch

from ..errors import InputError


def choose_device(name: str) -> torch.device:
    """Return a torch device; ``auto`` takes a GPU where there is one.

    Parameters
    ----------
    name : str

    Returns
    -------
    torch.device

    Raises
    ------
    InputError
        If there is no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f"device {name!r} cannot be used here; choose auto, cpu, or a GPU such as cuda:1"
        ) from error
    return device
