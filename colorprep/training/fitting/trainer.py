"""A method in training: its networks, their optimizers and average, and how a step changes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ...errors import InputError
from ..checkpoint import MAIN
from ..data.batch import Batch
from ..losses.terms import Losses, TermValue, total
from ..models import run_network
from ..models.outputs import Heads
from ..models.winograd import use_winograd
from ..options import MachineOptions, PaceOptions
from .freezing import freeze
from .methods import Method
from .optimizers import check_state, make_optimizer, set_learning_rate


class Trainer:
    """Takes the steps of a method.

    Parameters
    ----------
    method : Method
        Moved to the device.
    pace : PaceOptions
        The optimizer, clipping, averaging and accumulation.
    machine : MachineOptions
        Mixed precision and synchronized batch norm.
    device : torch.device
    frozen : tuple of str
        Patterns of the main network's parameters that are not trained, see `freezing.freeze`.
    fewest : int
        How many images a part of a batch must have, see `models.normalization.fewest_images`.

    Attributes
    ----------
    step : int
        How many steps were taken.
    """

    def __init__(
        self,
        method: Method,
        pace: PaceOptions,
        machine: MachineOptions,
        device: torch.device,
        frozen: tuple[str, ...] = (),
        fewest: int = 1,
    ) -> None:
        self.method = method.to(device)
        self.device = device
        self.step = 0
        self._pace, self._amp, self._fewest = pace, machine.amp, fewest
        if machine.sync_batch_norm:
            _synchronize_batch_norm(method, device)
        if device.type == "cpu" and not (machine.deterministic or machine.compile):
            for network in method.networks.values():
                use_winograd(network)
        self._frozen = freeze(method.network, frozen)
        for network in method.networks.values():
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimizers = {
            name: make_optimizer(network, _for_network(pace, name == MAIN))
            for name, network in method.networks.items()
        }
        average = None if pace.ema is None else deepcopy(method.network)
        self._average = None if average is None else average.requires_grad_(False)
        self._wrapped = dict(method.networks.items())

    @property
    def averaged(self) -> nn.Module:
        """The network to validate and to use: the moving average, if there is one."""
        return self.method.network if self._average is None else self._average

    def wrap(self, wrapper: Callable[[nn.Module], nn.Module]) -> None:
        """Train wrapped networks, such as those that average gradients over processes."""
        self._wrapped = {name: wrapper(net) for name, net in self.method.networks.items()}

    def take_step(self, batch: Batch, learning_rate: float) -> Losses:
        """Take a step on a batch.

        Parameters
        ----------
        batch : dict of str to Tensor
            On the device of the networks.
        learning_rate : float
            Before multipliers.

        Returns
        -------
        dict of str to TermValue
            The losses before the step, without gradients, and without waiting for the device.
        """
        for optimizer in self._optimizers.values():
            set_learning_rate(optimizer, learning_rate)
        losses = self._learn(batch)
        if self._average is not None and self._pace.ema is not None:
            average_in(self._average, self.method.network, self._pace.ema, self.step)
        self.step += 1
        return losses

    def validate(self, batch: Batch) -> tuple[Losses, Heads]:
        """Return the losses of a held-out batch and the heads of the averaged network."""

        def run(name: str, batch: Batch) -> Heads:
            main = name == MAIN
            return self._run(self.averaged if main else self.method.networks[name], name, batch)

        return self.method.validate(run, batch)

    def is_finite(self) -> bool:
        """Return whether all numbers of the networks are finite."""
        networks = {*self.method.networks.values(), self.averaged}
        tensors = [tensor for network in networks for tensor in network.state_dict().values()]
        return bool(torch.stack([tensor.isfinite().all() for tensor in tensors]).all())

    def train(self) -> None:
        """Set the networks to training mode, except for frozen layers."""
        self.method.networks.train()
        for layer in self._frozen:
            layer.eval()

    def eval(self) -> None:
        """Set the networks to evaluation mode."""
        self.method.networks.eval()
        self.averaged.eval()

    def state_dict(self) -> dict[str, Any]:
        """Return tensors and plain values from which `load_state_dict` resumes exactly."""
        average = self._average
        networks = self.method.networks
        return {
            "step": self.step,
            "networks": {name: network.state_dict() for name, network in networks.items()},
            "optimizers": {name: each.state_dict() for name, each in self._optimizers.items()},
            "average": None if average is None else average.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state of another trainer of the same method and options.

        Raises
        ------
        RuntimeError, ValueError, LookupError, TypeError, AttributeError
            If the state is damaged, or of other networks.
        """
        self.step = int(state["step"])
        for name, network in self.method.networks.items():
            network.load_state_dict(state["networks"][name])
            self._optimizers[name].load_state_dict(state["optimizers"][name])
            if self.step:
                check_state(self._optimizers[name], self._pace)
        if self._average is not None:
            self._average.load_state_dict(state["average"])

    def _learn(self, batch: Batch) -> Losses:
        """Let the method learn from the parts of a batch, whose gradients add up."""
        parts = _parts(batch, self._pace.accumulate, self._fewest)
        n_images = len(batch["label"])
        done = []
        for number, part in enumerate(parts):
            weight = len(part["label"]) / n_images
            learner = _Learner(self, number == 0, number == len(parts) - 1, weight)
            with self._synchronized(number == len(parts) - 1):
                losses = self.method.step(learner.run, part, learner.learn)
            done.append((weight, losses))
        return _mean(done)

    @contextmanager
    def _synchronized(self, is_last: bool) -> Iterator[None]:
        """Average gradients over processes in the last part only, as their numbers may differ."""
        with ExitStack() as stack:
            for network in self._wrapped.values():
                if not is_last and isinstance(network, DistributedDataParallel):
                    stack.enter_context(network.no_sync())
            yield

    def _run(self, network: nn.Module, name: str, batch: Batch) -> Heads:
        height, width = batch["label"].shape[1:]
        return run_network(network, batch, self.method.channels(name), (height, width))


class _Learner:
    """Runs and changes a trainer's networks for one part of a batch."""

    def __init__(self, trainer: Trainer, is_first: bool, is_last: bool, weight: float) -> None:
        self._trainer = trainer
        self._is_first, self._is_last, self._weight = is_first, is_last, weight
        self._learned: set[str] = set()

    def run(self, name: str, batch: Batch) -> Heads:
        """Run a network, in bfloat16 where that is safe and wanted."""
        trainer = self._trainer
        with torch.autocast(trainer.device.type, torch.bfloat16, enabled=trainer._amp):
            return trainer._run(trainer._wrapped[name], name, batch)

    def learn(self, name: str, losses: Losses) -> None:
        """Add the gradients of a network's parameters; with the last part, take the step."""
        if name in self._learned:
            raise RuntimeError(f"a step calls learn once for each network; twice for {name}")
        self._learned.add(name)
        trainer, loss = self._trainer, total(losses)
        optimizer, network = trainer._optimizers[name], trainer.method.networks[name]
        if self._is_first:
            optimizer.zero_grad(set_to_none=True)
        parameters = [each for each in network.parameters() if each.requires_grad]
        scaled = loss if self._weight == 1.0 else self._weight * loss
        # Only into this network's parameters: a loss may pass through other networks.
        scaled.backward(inputs=parameters)  # type: ignore[no-untyped-call]
        if not self._is_last:
            return
        if trainer._pace.clip is not None:
            nn.utils.clip_grad_norm_(parameters, trainer._pace.clip)
        optimizer.step()


@torch.no_grad()
def average_in(average: nn.Module, model: nn.Module, decay: float, step: int) -> None:
    """Move an exponential moving average towards a network.

    Parameters
    ----------
    average : Module
        Changed in place, including the statistics of batch norm.
    model : Module
    decay : float
        The fraction that the average keeps; in early steps n at most (1 + n) / (10 + n), so that it
        soon forgets the untrained network.
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


def _parts(batch: Batch, n_parts: int, fewest: int) -> list[Batch]:
    """Return a batch in up to so many parts, each of `fewest` images or more."""
    n = min(n_parts, len(batch["label"]) // fewest)
    if n <= 1:
        return [batch]
    pieces = [tensor.tensor_split(n) for tensor in batch.values()]
    return [dict(zip(batch, part, strict=True)) for part in zip(*pieces, strict=True)]


def _mean(parts: list[tuple[float, Losses]]) -> Losses:
    """Return the losses of a batch from those of its parts, without gradients."""
    if len(parts) == 1:
        return {name: _detached(term) for name, term in parts[0][1].items()}
    names = parts[0][1]
    return {
        name: TermValue(
            torch.stack([weight * each[name].value.detach() for weight, each in parts]).sum(),
            torch.stack([weight * each[name].fraction for weight, each in parts]).sum(),
            names[name].scale,
        )
        for name in names
    }


def _detached(term: TermValue) -> TermValue:
    value: Tensor = term.value.detach()
    return term._replace(value=value)


def _for_network(pace: PaceOptions, is_main: bool) -> PaceOptions:
    """Return the options of a network's optimizer; multipliers are for the main one."""
    return pace if is_main else replace(pace, multipliers=())


def _synchronize_batch_norm(method: Method, device: torch.device) -> None:
    """Let batch norm take its statistics over all processes."""
    if device.type != "cuda":
        raise InputError("--sync-bn needs GPUs: torch synchronizes batch norm on them only")
    for name, network in method.networks.items():
        convert = nn.SyncBatchNorm.convert_sync_batchnorm
        method.networks[name] = convert(network)  # type: ignore[no-untyped-call]
