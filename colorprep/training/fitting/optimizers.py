"""The optimizer, and learning rates of their own for parts of a network, by names' patterns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import torch
from torch import nn

from ...errors import InputError

WEIGHT_DECAY = 0.01
MOMENTS = ("exp_avg", "exp_avg_sq")  # of AdamW, for each parameter

Multipliers: TypeAlias = Mapping[str, float]


def make_optimizer(model: nn.Module, multipliers: Multipliers) -> torch.optim.Optimizer:
    """Return AdamW over a network's parameters, all of them updated by one fused loop.

    Parameters
    ----------
    model : Module
        On its device.
    multipliers : mapping of str to float
        See `parameter_groups`.

    Returns
    -------
    Optimizer
        Its learning rates are those of `set_learning_rate`.
    """
    groups = parameter_groups(model, 1.0, multipliers)
    for group in groups:
        group["multiplier"] = group["lr"]
    return torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY, fused=True)


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """Set every group's learning rate to its multiple of the given one."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate * group["multiplier"]


def check_state(optimizer: torch.optim.Optimizer) -> None:
    """Raise ValueError unless an optimizer's state, as it was loaded, fits its parameters.

    torch accepts any state, and fails at the next step, or silently starts from zero.
    """
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            state = optimizer.state.get(parameter, {})
            for name in MOMENTS:
                if name not in state:
                    raise ValueError(f"the optimizer lacks {name} for a parameter")
                if state[name].shape != parameter.shape:
                    raise ValueError(
                        f"the optimizer's {name} is of shape {tuple(state[name].shape)} for a "
                        f"parameter of {tuple(parameter.shape)}"
                    )
                if state[name].isnan().any():
                    raise ValueError(f"the optimizer's {name} contains values that are not finite")


def parameter_groups(
    model: nn.Module, learning_rate: float, multipliers: Multipliers
) -> list[dict[str, Any]]:
    """Return the parameters in groups with their learning rates, as torch's optimizers take them.

    Parameters
    ----------
    model : Module
    learning_rate : float
    multipliers : mapping of str to float
        The first pattern that a parameter's name contains multiplies its learning rate; a
        parameter without one keeps the learning rate as it is. 0 freezes, but for what batch norm
        sees.

    Returns
    -------
    list of dict
        With ``params``, ``lr`` and ``pattern``, "" for the group without one; no group is empty.

    Raises
    ------
    InputError
        If a multiplier is negative, or a pattern is the first for no parameter.

    References
    ----------
    Seed 000's LR_SGD, in whose published scripts a misspelt pattern silently matches nothing.
    """
    groups: dict[str, list[nn.Parameter]] = {pattern: [] for pattern in [*multipliers, ""]}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[next(pattern for pattern in groups if pattern in name)].append(parameter)
    for pattern, multiplier in multipliers.items():
        if not multiplier >= 0:
            raise InputError(f"a multiplier must be 0 or more, got {multiplier} for {pattern!r}")
        if not groups[pattern]:
            raise InputError(
                f"the pattern {pattern!r} decides for no parameter; there are, among others, "
                f"{', '.join(_some_names(model))}"
            )
    rates = {"": learning_rate, **{p: learning_rate * m for p, m in multipliers.items()}}
    return [
        {"params": parameters, "lr": rates[pattern], "pattern": pattern}
        for pattern, parameters in groups.items()
        if parameters
    ]


def _some_names(model: nn.Module) -> list[str]:
    """Return the names of up to five parts of the network, the first and the last among them."""
    parts = list(dict.fromkeys(name.partition(".")[0] for name, _ in model.named_parameters()))
    return parts if len(parts) <= 5 else [*parts[:2], "...", *parts[-2:]]
