"""The training loop, which knows nothing of color: batches in, smaller loss out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..errors import ColorprepError
from .dataset import Batch
from .loader import ShardLoader
from .models import logits_at

WARM_UP = 0.1  # of all steps, during which the learning rate rises

Loss = Callable[[Tensor, Batch], Tensor]


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train.

    Attributes
    ----------
    epochs : int
    steps : int or None
        Ends training after that many optimizer steps, whatever the epochs.
    learning_rate : float
        The peak; it rises over the first tenth of the steps and falls along a cosine.
    """

    epochs: int
    steps: int | None
    learning_rate: float

    def total_steps(self, training: ShardLoader) -> int:
        """Return the number of optimizer steps."""
        return self.steps or sum(map(training.n_batches, range(self.epochs)))

    def total_images(self, training: ShardLoader) -> int:
        """Return how many images those steps see, counted each time."""
        steps, n_images, epoch = self.total_steps(training), 0, 0
        while steps > 0:
            n_images += min(training.n_images(epoch), steps * training.batch_size)
            steps -= training.n_batches(epoch)
            epoch += 1
        return n_images


@dataclass(frozen=True)
class EpochLog:
    """What an epoch came to; losses in nats per pixel.

    Attributes
    ----------
    epoch, step : int
        Counted from 1.
    train_loss : float
        Mean over the epoch's images, while they were learned from.
    val_loss : float
        Mean over the held-out images, after the epoch; NaN where none are held out.
    learning_rate : float
        Of the last step.
    images_per_second : float
        Of training alone.
    """

    epoch: int
    step: int
    train_loss: float
    val_loss: float
    learning_rate: float
    images_per_second: float


def fit(
    model: nn.Module,
    loss: nn.Module,
    training: ShardLoader,
    validation: ShardLoader | None,
    schedule: Schedule,
    device: torch.device,
    advance: Callable[[int], object],
) -> Iterator[EpochLog]:
    """Train a network, giving a log after every epoch.

    Parameters
    ----------
    model, loss : Module
        Moved to the device.
    training : ShardLoader
    validation : ShardLoader or None
    schedule : Schedule
    device : torch.device
    advance : callable
        Told the number of images after every step.

    Yields
    ------
    EpochLog
        With the model in evaluation mode.

    Raises
    ------
    ColorprepError
        If the loss is not finite.
    """
    model.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    loss.to(device)
    total = schedule.total_steps(training)
    optimizer = torch.optim.AdamW(model.parameters(), schedule.learning_rate, weight_decay=0.01)
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _relative_rate(step, total))
    epoch = step = 0
    while step < total:
        epoch += 1
        model.train()
        begun, seen, sum_of_losses = time.perf_counter(), 0, 0.0
        for batch in training.batches(epoch - 1):
            used_rate = float(rate.get_last_lr()[0])
            value = train_step(model, loss, optimizer, on_device(batch, device))
            if not math.isfinite(value):
                raise ColorprepError(
                    f"the loss became {value} at step {step + 1}; train again with a lower --lr"
                )
            rate.step()
            step += 1
            n_images = len(batch["label"])
            seen, sum_of_losses = seen + n_images, sum_of_losses + value * n_images
            advance(n_images)
            if step == total:
                break
        speed = seen / (time.perf_counter() - begun)
        model.eval()
        val_loss = math.nan if validation is None else mean_loss(model, loss, validation, device)
        yield EpochLog(epoch, step, sum_of_losses / seen, val_loss, used_rate, speed)


def train_step(
    model: nn.Module, loss: nn.Module, optimizer: torch.optim.Optimizer, batch: Batch
) -> float:
    """Take one optimizer step on a batch and return its loss before the step."""
    optimizer.zero_grad()
    value: Tensor = loss(_logits(model, batch), batch)
    value.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return value.item()


@torch.no_grad()
def mean_loss(
    model: nn.Module, loss: nn.Module, images: ShardLoader, device: torch.device
) -> float:
    """Return the mean loss over images."""
    total = 0.0
    for batch in images.batches(0):
        moved = on_device(batch, device)
        total += loss(_logits(model, moved), moved).item() * len(batch["label"])
    return total / images.n_images(0)


def on_device(batch: Batch, device: torch.device) -> Batch:
    """Move a batch to a device, in the small types that it is stored in."""
    return {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}


def _logits(model: nn.Module, batch: Batch) -> Tensor:
    height, width = batch["label"].shape[1:]
    return logits_at(model, batch["lightness"], (height, width))


def _relative_rate(step: int, total: int) -> float:
    warm_up = max(1, round(WARM_UP * total))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1.0 + math.cos(math.pi * (step - warm_up) / max(1, total - warm_up)))
