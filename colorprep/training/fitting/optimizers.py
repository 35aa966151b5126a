"""Optimizers, behind one literal table, and learning rates of their own for parts of a network.

=========  ======================================================================
optimizer  is
=========  ======================================================================
``adamw``  Adam with decoupled weight decay, 0.01 by default
``adam``   Adam; weight decay, 0 by default, is part of the gradient
``sgd``    stochastic gradient descent with momentum, also Nesterov's; weight decay as in ``adam``
=========  ======================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from ...errors import InputError
from ..options import PaceOptions

Multipliers: TypeAlias = Mapping[str, float]
Groups: TypeAlias = list[dict[str, Any]]


@dataclass(frozen=True)
class OptimizerKind:
    """An optimizer of the table.

    Attributes
    ----------
    make : callable
        From groups of parameters and options to an optimizer.
    weight_decay : float
        By default.
    state : tuple of str
        The tensors that it keeps for each parameter.
    """

    make: Callable[[Groups, PaceOptions], Optimizer]
    weight_decay: float
    state: tuple[str, ...]


OPTIMIZERS = {
    "adamw": OptimizerKind(
        lambda groups, pace: AdamW(groups, betas=pace.betas, fused=True),
        0.01,
        ("exp_avg", "exp_avg_sq"),
    ),
    "adam": OptimizerKind(
        lambda groups, pace: Adam(groups, betas=pace.betas, fused=True),
        0.0,
        ("exp_avg", "exp_avg_sq"),
    ),
    "sgd": OptimizerKind(
        lambda groups, pace: SGD(
            groups, lr=1.0, momentum=pace.momentum, nesterov=pace.nesterov, fused=True
        ),
        0.0,
        ("momentum_buffer",),
    ),
}


def make_optimizer(network: nn.Module, pace: PaceOptions) -> Optimizer:
    """Return an optimizer of a network's parameters; one fused loop updates all of them.

    Parameters
    ----------
    network : Module
        On its device.
    pace : PaceOptions
        Which optimizer, its constants and the multipliers of learning rates.

    Returns
    -------
    Optimizer
        `set_learning_rate` sets its learning rates.

    Raises
    ------
    InputError
        See `parameter_groups`.
    """
    kind = OPTIMIZERS[pace.optimizer]
    decay = kind.weight_decay if pace.weight_decay is None else pace.weight_decay
    groups = []
    for group in parameter_groups(network, 1.0, dict(pace.multipliers)):
        group["multiplier"] = group["lr"]
        groups += _with_decay(group, decay, pace.decay_norms)
    return kind.make(groups, pace)


def set_learning_rate(optimizer: Optimizer, learning_rate: float) -> None:
    """Set every group's learning rate to its multiple of the given one."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate * group["multiplier"]


def check_state(optimizer: Optimizer, pace: PaceOptions) -> None:
    """Raise ValueError unless an optimizer's loaded state fits its parameters.

    torch accepts any state, and fails at the next step, or silently starts from zero.
    """
    names = OPTIMIZERS[pace.optimizer].state
    if pace.optimizer == "sgd" and not pace.momentum:
        return
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            state = optimizer.state.get(parameter, {})
            for name in names:
                _check_tensor(name, state.get(name), parameter)


def _check_tensor(name: str, value: Any, parameter: nn.Parameter) -> None:
    if not isinstance(value, torch.Tensor):
        raise ValueError(f"the optimizer lacks {name} for a parameter")
    if value.shape != parameter.shape:
        raise ValueError(
            f"the optimizer's {name} is of shape {tuple(value.shape)} for a parameter of "
            f"{tuple(parameter.shape)}"
        )
    if value.isnan().any():
        raise ValueError(f"the optimizer's {name} contains values that are not finite")


def parameter_groups(network: nn.Module, learning_rate: float, multipliers: Multipliers) -> Groups:
    """Return the parameters in groups with their learning rates, as torch's optimizers take them.

    Parameters
    ----------
    network : Module
        Parameters without gradients are left out.
    learning_rate : float
    multipliers : mapping of str to float
        The first pattern that a parameter's name contains multiplies its learning rate; other
        parameters keep it. 0 stops learning, but batch norm still updates its statistics.

    Returns
    -------
    list of dict
        With ``params``, ``lr`` and ``pattern``, "" for parameters without one; no group is empty.

    Raises
    ------
    InputError
        If a multiplier is negative, or a pattern is the first for no parameter.

    References
    ----------
    Keras-FCN's LR_SGD, in whose published scripts a misspelled pattern silently matches nothing.
    """
    groups: dict[str, list[nn.Parameter]] = {pattern: [] for pattern in [*multipliers, ""]}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            groups[next(pattern for pattern in groups if pattern in name)].append(parameter)
    for pattern, multiplier in multipliers.items():
        if not multiplier >= 0:
            raise InputError(f"a multiplier must be 0 or more, got {multiplier} for {pattern!r}")
        if not groups[pattern]:
            raise InputError(
                f"the pattern {pattern!r} matches no parameter first; parts of the network are "
                f"{', '.join(_some_names(network))}"
            )
    rates = {"": learning_rate, **{p: learning_rate * m for p, m in multipliers.items()}}
    return [
        {"params": parameters, "lr": rates[pattern], "pattern": pattern}
        for pattern, parameters in groups.items()
        if parameters
    ]


def _with_decay(group: dict[str, Any], decay: float, decay_norms: bool) -> Groups:
    """Return a group with its weight decay, or two if vectors have none."""
    if decay_norms or not decay:
        return [{**group, "weight_decay": decay}]
    # Biases and the parameters of normalization layers are vectors.
    vectors = [each for each in group["params"] if each.ndim < 2]
    others = [each for each in group["params"] if each.ndim >= 2]
    parts = (others, decay), (vectors, 0.0)
    return [{**group, "params": each, "weight_decay": value} for each, value in parts if each]


def _some_names(network: nn.Module) -> list[str]:
    """Return the names of up to five parts of the network, the first and the last among them."""
    parts = list(dict.fromkeys(name.partition(".")[0] for name, _ in network.named_parameters()))
    return parts if len(parts) <= 5 else [*parts[:2], "...", *parts[-2:]]
