"""The time of a few steps and of a validation, from which that of a training is estimated."""

from __future__ import annotations

import time
from typing import NamedTuple

import torch

from ..devices import synchronize
from ..processes import Process
from .course import Course
from .loop import selected
from .record import Meter
from .trainer import Trainer

FEWEST, MOST = 3, 10  # steps
ENOUGH, LONG = 2.0, 15.0  # seconds, the second for fewer steps


class StepTimes(NamedTuple):
    """The time of some steps.

    Attributes
    ----------
    n_images : int
        Of this process.
    seconds : float
        Without records and validations.
    waited : float
        Seconds of them spent waiting for the next batch.
    """

    n_steps: int
    n_images: int
    seconds: float
    waited: float


class Stopwatch:
    """Times 3 to 10 steps, up to two seconds, after one that is not counted.

    Of slow ones, 15 seconds are enough.

    Parameters
    ----------
    device : torch.device
        A step ends once it has done its work.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._steps: list[StepTimes] = []
        self._before = 0.0, 0.0

    @property
    def times(self) -> StepTimes:
        """Of the steps so far; of the first one if there is no other."""
        steps = self._steps[1:] or self._steps
        return StepTimes(
            len(steps),
            sum(step.n_images for step in steps),
            sum(step.seconds for step in steps),
            sum(step.waited for step in steps),
        )

    @property
    def is_done(self) -> bool:
        """Whether enough steps were timed."""
        n_counted = len(self._steps) - 1
        seconds = self.times.seconds if n_counted >= 1 else 0.0
        return n_counted >= MOST or seconds >= LONG or (n_counted >= FEWEST and seconds >= ENOUGH)

    def add(self, meter: Meter) -> None:
        """Add the step that was taken last, according to the meter of its record."""
        synchronize(self._device)
        now = meter.seconds, meter.waited
        begun = self._before if len(meter.n_images) > 1 else (0.0, 0.0)
        self._steps.append(StepTimes(1, meter.n_images[-1], now[0] - begun[0], now[1] - begun[1]))
        self._before = now


@torch.no_grad()
def validation_seconds(trainer: Trainer, course: Course, process: Process) -> float:
    """Estimate the time of a validation from that of its first batch; 0 without held-out images.

    Notes
    -----
    The networks are left in evaluation mode.
    """
    if course.validation is None:
        return 0.0
    trainer.eval()
    batch = next(selected(course.validation.batches(0), course.select, process.device))
    gauge = None if course.gauge is None else course.gauge()
    seconds = 0.0
    for _ in range(2):  # the first time, a GPU chooses its algorithms
        if seconds > ENOUGH:
            break
        begun = time.perf_counter()
        _, heads = trainer.validate(batch)
        if gauge is not None:
            gauge.add(heads[gauge.head], batch)
        synchronize(process.device)
        seconds = time.perf_counter() - begun
    return seconds * course.validation.n_batches(0)
