"""The course of a training: its images, its steps, and the steps at which something happens."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, count

import torch

from ..data.batch import Batch
from ..data.loader import ShardLoader
from ..judging.gauge import Gauge
from .schedules import Schedule

Select = Callable[[Batch], Batch]
Prepare = Callable[[Batch, torch.Generator], Batch]


@dataclass(frozen=True)
class Course:
    """The images, the schedule, and the steps at which records are made.

    Attributes
    ----------
    training : ShardLoader
    validation : ShardLoader or None
    schedule : Schedule
    select : callable
        From a batch to those of its images that are used, in training and validation.
    prepare : callable
        From a batch on the device, and a generator of random numbers, to the batch to train on.
    seed : int
        Of all random numbers in the steps.
    record_every : int
        Steps from record to record; there is also one at the end of every epoch.
    validate_every : int or None
        Steps from validation to validation; None validates at the end of every epoch. There is
        also one at the end of the training.
    gauge : callable or None
        Makes the gauge of a validation.
    condition : callable or None
        From a batch of held-out images on the device to the one to validate on, as with hints.
    """

    training: ShardLoader
    validation: ShardLoader | None
    schedule: Schedule
    select: Select
    prepare: Prepare
    seed: int = 0
    record_every: int = 50
    validate_every: int | None = None
    gauge: Callable[[], Gauge] | None = None
    condition: Callable[[Batch], Batch] | None = None

    @cached_property
    def total_steps(self) -> int:
        """The number of all steps."""
        schedule = self.schedule
        return schedule.steps or self.steps_of(schedule.epochs)

    def steps_of(self, n_epochs: int) -> int:
        """Return how many steps the first epochs take."""
        return sum(map(self.training.n_batches, range(n_epochs)))

    @cached_property
    def epoch_ends(self) -> list[int]:
        """The number of steps after which each epoch ends, up to the last one that begins."""
        ends = []
        for end in accumulate(map(self.training.n_batches, count())):
            ends.append(end)
            if end >= self.total_steps:
                break
        return ends

    def position(self, step: int) -> tuple[int, int]:
        """Return the epoch of a step and its number in the epoch, all counted from 0."""
        epoch = bisect_right(self.epoch_ends, step)
        return epoch, step - (self.epoch_ends[epoch - 1] if epoch else 0)

    def images_before(self, step: int) -> int:
        """Return how many images the first steps see, repetitions included."""
        epoch, at = self.position(step)
        n_images = self.training.n_images
        return sum(map(n_images, range(epoch))) + at * self.training.images_per_step

    def learning_rate(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        if self.schedule.by_epoch:
            step -= self.position(step)[1]
        decay_after = self.schedule.decay_after
        falls_from = None if decay_after is None else self.steps_of(decay_after)
        return self.schedule.learning_rate(step, self.total_steps, falls_from)

    def is_validated(self, step: int) -> bool:
        """Return whether there is a validation after so many steps."""
        if step == self.total_steps:
            return True
        if self.validate_every is not None:
            return step % self.validate_every == 0
        return self.position(step)[1] == 0

    def n_validated(self, after: int) -> int:
        """Return how many times `is_validated` is true for later steps."""
        if self.validate_every is None:
            return len(self.epoch_ends) - bisect_right(self.epoch_ends, after)
        if after >= self.total_steps:
            return 0
        return -(-self.total_steps // self.validate_every) - after // self.validate_every

    def is_recorded(self, step: int) -> bool:
        """Return whether there is a record after so many steps."""
        return (
            step % self.record_every == 0 or self.position(step)[1] == 0 or self.is_validated(step)
        )
