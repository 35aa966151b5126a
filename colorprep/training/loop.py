"""The training loop, which knows nothing of color: batches in, smaller loss out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..errors import ColorprepError
from .dataset import Batch, ShardDataset
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
    batch_size : int
    learning_rate : float
        The peak; it rises over the first tenth of the steps and falls along a cosine.
    seed : int
        Of the order of the images.
    """

    epochs: int
    steps: int | None
    batch_size: int
    learning_rate: float
    seed: int

    def total_steps(self, n_images: int) -> int:
        """Return the number of optimizer steps for a training set of that size."""
        return self.steps or self.epochs * math.ceil(n_images / self.batch_size)

    def total_images(self, n_images: int) -> int:
        """Return how many images those steps see, counted each time."""
        steps_in_epoch = math.ceil(n_images / self.batch_size)
        epochs, rest = divmod(self.total_steps(n_images), steps_in_epoch)
        return epochs * n_images + rest * self.batch_size


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
    training: ShardDataset,
    validation: ShardDataset,
    schedule: Schedule,
    device: torch.device,
    advance: Callable[[int], object],
) -> Iterator[EpochLog]:
    """Train a network, giving a log after every epoch.

    Parameters
    ----------
    model, loss : Module
        Moved to the device.
    training, validation : ShardDataset
        The second may be empty.
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
    total = schedule.total_steps(len(training))
    optimizer = torch.optim.AdamW(model.parameters(), schedule.learning_rate, weight_decay=0.01)
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _relative_rate(step, total))
    epoch = step = 0
    while step < total:
        epoch += 1
        model.train()
        begun, seen, sum_of_losses = time.perf_counter(), 0, 0.0
        for batch in training.batches(schedule.batch_size, schedule.seed, epoch):
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
        val_loss = mean_loss(model, loss, validation, schedule.batch_size, device)
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
    model: nn.Module,
    loss: nn.Module,
    images: ShardDataset,
    batch_size: int,
    device: torch.device,
) -> float:
    """Return the mean loss over images, NaN where there are none."""
    total = 0.0
    for batch in images.batches(batch_size):
        moved = on_device(batch, device)
        total += loss(_logits(model, moved), moved).item() * len(batch["label"])
    return total / len(images) if len(images) else math.nan


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
