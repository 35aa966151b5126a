"""Frozen parts of a network: no gradients, and batch norm keeps its statistics."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from ...errors import InputError


def freeze(network: nn.Module, patterns: Sequence[str]) -> list[nn.Module]:
    """Exclude parameters from training whose names contain one of the patterns.

    Parameters
    ----------
    network : Module
        Changed in place.

    Returns
    -------
    list of Module
        The layers with frozen parameters only, to be kept in evaluation mode.

    Raises
    ------
    InputError
        If a pattern is in no parameter's name, or nothing is left to train.
    """
    names = [name for name, _ in network.named_parameters()]
    parts = dict.fromkeys(name.partition(".")[0] for name in names)
    for pattern in patterns:
        if not any(pattern in name for name in names):
            raise InputError(
                f"no parameter has {pattern!r} in its name, so nothing is frozen; names begin with "
                f"{', '.join(parts)}"
            )
    for name, parameter in network.named_parameters():
        if any(pattern in name for pattern in patterns):
            parameter.requires_grad_(False)
    if not any(parameter.requires_grad for parameter in network.parameters()):
        raise InputError("all parameters are frozen, so nothing can be trained; freeze fewer")
    return [layer for layer in network.modules() if _is_frozen(layer)]


def _is_frozen(layer: nn.Module) -> bool:
    parameters = list(layer.parameters())
    return bool(parameters) and not any(each.requires_grad for each in parameters)
