"""A network in training: what a step changes, and all that it takes to go on from there."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..data.batch import Batch
from ..losses.terms import WeighedLoss
from ..models import logits_at
from .optimizers import Multipliers, check_state, make_optimizer, set_learning_rate


@dataclass(frozen=True)
class StepOptions:
    """How a step is taken.

    Attributes
    ----------
    multipliers : mapping of str to float
        Of learning rates, see `optimizers.parameter_groups`.
    amp : bool
        Whether the network computes in bfloat16 where that is safe (autocast); the loss and the
        parameters stay float32.
    clip : float or None
        The norm that the gradient is cut to, over all parameters.
    ema : float or None
        Decay of the exponential moving average of the network, which is then what is validated and
        used. In the first steps it is lower, see `average_in`.
    """

    multipliers: Multipliers
    amp: bool = False
    clip: float | None = None
    ema: float | None = None


class Trainer:
    """A network, its loss, its optimizer and its average, and how many steps they have taken.

    Parameters
    ----------
    model : Module
    loss : WeighedLoss
        Both are moved to the device.
    told : callable
        From a mean loss to the figure that is reported, see `losses.LossKind`.
    options : StepOptions
    device : torch.device

    Attributes
    ----------
    step : int
        How many steps were taken.
    model : Module
    loss : WeighedLoss
    device : torch.device
    """

    def __init__(
        self,
        model: nn.Module,
        loss: WeighedLoss,
        told: Callable[[float], float],
        options: StepOptions,
        device: torch.device,
    ) -> None:
        self.model: nn.Module = model.to(
            device,
            memory_format=torch.channels_last,  # type: ignore[call-overload]
        )
        self.loss, self.told = loss.to(device), told
        self.device = device
        self.step = 0
        self._options = options
        self._optimizer = make_optimizer(model, options.multipliers)
        self._average = None if options.ema is None else deepcopy(model).requires_grad_(False)
        self._forward = model

    @property
    def shown(self) -> nn.Module:
        """The network to validate and to use: the average, if there is one."""
        return self.model if self._average is None else self._average

    def forward_through(self, wrap: Callable[[nn.Module], nn.Module]) -> None:
        """Take steps through a wrapped network, whose gradients are averaged over processes."""
        self._forward = wrap(self.model)

    def take_step(self, batch: Batch, learning_rate: float) -> Tensor:
        """Take an optimizer step.

        Parameters
        ----------
        batch : dict of str to Tensor
            On the device of the network.
        learning_rate : float
            Before multipliers.

        Returns
        -------
        Tensor
            The loss before the step, a scalar that is not waited for.
        """
        set_learning_rate(self._optimizer, learning_rate)
        loss = train_step(
            self._forward, self.loss, self._optimizer, batch, self._options.amp, self._options.clip
        )
        if self._average is not None and self._options.ema is not None:
            average_in(self._average, self.model, self._options.ema, self.step)
        self.step += 1
        return loss

    def is_finite(self) -> bool:
        """Tell whether all of the network's numbers are."""
        networks = {self.model, self.shown}
        tensors = [tensor for network in networks for tensor in network.state_dict().values()]
        return bool(torch.stack([tensor.isfinite().all() for tensor in tensors]).all())

    def trains(self) -> None:
        """Set the network to training mode."""
        self.model.train()

    def evaluates(self) -> None:
        """Set the networks to evaluation mode."""
        self.model.eval()
        self.shown.eval()

    def state_dict(self) -> dict[str, Any]:
        """Return tensors and plain values from which `load_state_dict` goes on exactly."""
        average = self._average
        return {
            "step": self.step,
            "model": self.model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "average": None if average is None else average.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state of another trainer of the same network and options.

        Raises
        ------
        RuntimeError, ValueError, LookupError, TypeError, AttributeError
            If the state is damaged, or of another network.
        """
        self.step = int(state["step"])
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        if self.step:
            check_state(self._optimizer)
        if self._average is not None:
            self._average.load_state_dict(state["average"])


@torch.no_grad()
def average_in(average: nn.Module, model: nn.Module, decay: float, step: int) -> None:
    """Move an exponential moving average towards a network.

    Parameters
    ----------
    average : Module
        Changed in place, what batch norm has seen as well as the parameters.
    model : Module
    decay : float
        The share that the average keeps; in early steps n no more than (1 + n) / (10 + n), so that
        it does not hold on to a network that has learned nothing.
    step : int
        n, how many steps the network had taken before this one.

    References
    ----------
    Warm-up as in TensorFlow's ExponentialMovingAverage with `num_updates`.
    """
    kept = min(decay, (1 + step) / (10 + step))
    for mean, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(new, 1 - kept)
        else:
            mean.copy_(new)


def train_step(
    model: nn.Module,
    loss: nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    amp: bool = False,
    clip: float | None = None,
) -> Tensor:
    """Take one optimizer step on a batch.

    Parameters
    ----------
    model, loss : Module
    optimizer : Optimizer
    batch : dict of str to Tensor
    amp : bool
        Whether the network, not the loss, computes under bfloat16 autocast.
    clip : float or None
        The norm that the gradient is cut to.

    Returns
    -------
    Tensor
        The loss before the step, a scalar, detached.
    """
    optimizer.zero_grad(set_to_none=True)
    height, width = batch["label"].shape[1:]
    with torch.autocast(batch["lightness"].device.type, torch.bfloat16, enabled=amp):
        outputs = logits_at(model, batch["lightness"], (height, width))
    value: Tensor = loss(outputs, batch)
    value.backward()  # type: ignore[no-untyped-call]
    if clip is not None:
        nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return value.detach()
