"""The training loop: steps, validation and records.

A step is a function of the networks, the state of the optimizers, its number and the seed: random
numbers in it (crops, flips, dropout) are seeded by its number. So training resumes from a
checkpoint as if it had never been interrupted.
"""

from __future__ import annotations

import hashlib
import math
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, count
from operator import mul

import torch

from ...errors import TrainingError
from ..data.batch import Batch
from ..data.loader import ShardLoader
from ..devices import prefetch_to_device
from ..judging.chroma import COLORS, ChromaGauge, chroma_figures
from ..losses.targets import filled_up
from ..losses.terms import Losses
from ..processes import Process
from .schedules import Schedule
from .trainer import Trainer

AGREE_EVERY = 10  # steps after which several processes agree on whether to stop

Select = Callable[[Batch], Batch]
Prepare = Callable[[Batch, torch.Generator], Batch]
DIVERGED = "nothing of it was saved; train anew with a lower --lr or with --clip 1, to another -o"


@dataclass(frozen=True)
class Record:
    """A row of the log.

    Attributes
    ----------
    epoch : int
        Counted from 1.
    step, images : int
        Done since the beginning of the training, by all processes together.
    figures : mapping of str to float
        Its further columns, in their order; NaN for missing values. All readers of the log take
        any column. Every row has

        ``train_loss``
            Mean over the pixels that counted since the previous record; NaN if there were none.
        ``val_loss``
            Mean over the pixels of held-out images that count; NaN without a validation.
        ``learning_rate``
            Of the last step, before multipliers.
        ``images_per_second``
            Of training alone, since the previous record.
        ``data_wait``
            Fraction of that time spent waiting for the next batch.
        ``val_chroma``, ``val_chroma_truth``, ``val_spread``, ``val_spread_truth``
            Of the colors of held-out images, see `chroma.chroma_figures`; NaN without a validation.
    """

    epoch: int
    step: int
    images: int
    figures: Mapping[str, float]

    def row(self) -> dict[str, float]:
        """Return all columns by name, in their order."""
        return {"epoch": self.epoch, "step": self.step, "images": self.images, **self.figures}


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
        Makes the gauge that measures the colors of a validation.
    """

    training: ShardLoader
    validation: ShardLoader | None
    schedule: Schedule
    select: Select
    prepare: Prepare
    seed: int = 0
    record_every: int = 50
    validate_every: int | None = None
    gauge: Callable[[], ChromaGauge] | None = None

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

    def is_recorded(self, step: int) -> bool:
        """Return whether there is a record after so many steps."""
        return (
            step % self.record_every == 0 or self.position(step)[1] == 0 or self.is_validated(step)
        )


class Tally:
    """Losses, images and waiting time since the last record."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Start again."""
        self.losses: list[Losses] = []
        self.n_images: list[int] = []
        self.waited = 0.0
        self._begun = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.perf_counter() - self._begun

    def timed(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield batches, and measure the time spent waiting for them."""
        source = iter(batches)
        while True:
            asked = time.perf_counter()
            batch = next(source, None)
            self.waited += time.perf_counter() - asked
            if batch is None:
                return
            yield batch


def fit(
    trainer: Trainer,
    course: Course,
    process: Process,
    advance: Callable[[int, str], object],
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Record]:
    """Train to the end of a course, and yield records on the way.

    Parameters
    ----------
    trainer : Trainer
        Resumes from its step.
    course : Course
    process : Process
    advance : callable
        Receives, after every step, the number of images and a text on the time spent waiting.
    stop : callable
        Called after every step, or with several processes after every few; if it returns True,
        there is a record and no further step.

    Yields
    ------
    Record
        While the networks are in evaluation mode, so that they can be saved and used.

    Raises
    ------
    TrainingError
        If the loss is not finite. There is no record of it.
    """
    total = course.total_steps
    while trainer.step < total:
        epoch, at = course.position(trainer.step)
        tally, seen = Tally(), course.images_before(trainer.step)
        batches = course.training.batches(epoch, at)
        fewest = course.training.order.fewest
        for batch in tally.timed(selected(batches, course.select, process.device, fewest)):
            _take_step(trainer, course, batch, process, tally)
            before, seen = seen, course.images_before(trainer.step)
            advance(seen - before, f"{tally.waited / tally.seconds:.1%} waiting for data")
            recorded = course.is_recorded(trainer.step)
            # Several processes stop after the same step; agreeing at each step would be slow.
            agrees = process.world_size == 1 or recorded or trainer.step % AGREE_EVERY == 0
            stopping = agrees and process.any(stop())
            if stopping or recorded:
                trainer.eval()
                yield _record(trainer, course, epoch, tally, process)
                trainer.train()
                tally.clear()
            if stopping:
                return
            if trainer.step == total:
                break


def selected(
    batches: Iterable[Batch], select: Select, device: torch.device, fewest: int = 1
) -> Iterator[Batch]:
    """Yield the selected images of batches, on a device.

    Parameters
    ----------
    batches : iterable of dict of str to Tensor
    select : callable
    device : torch.device
    fewest : int
        How many images the network needs in a batch.

    Yields
    ------
    dict of str to Tensor
        If fewer images are selected, others of the batch are added without labels, which do not
        count: every process can take the same number of steps.
    """
    chosen = (filled_up(select(batch), batch, fewest) for batch in batches)
    return prefetch_to_device(chosen, device)


def step_seed(seed: int, rank: int, step: int) -> int:
    """Return the seed of the random numbers in a step of one process, 0 to 2^63 - 1."""
    digest = hashlib.sha256(f"{seed} {rank} {step}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


@torch.no_grad()
def validate(
    trainer: Trainer,
    images: ShardLoader,
    select: Select,
    process: Process,
    gauge: ChromaGauge | None = None,
) -> dict[str, float]:
    """Return the mean of each term over the pixels that count, of the images of all processes.

    Parameters
    ----------
    trainer : Trainer
        In evaluation mode.
    images : ShardLoader
    select : callable
    process : Process
    gauge : ChromaGauge or None
        Receives all outputs.

    Returns
    -------
    dict of str to float
        NaN or infinite where the loss is.

    Raises
    ------
    TrainingError
        If no pixel counts.
    """
    means = Means()
    for batch in selected(images.batches(0), select, process.device):
        losses, heads = trainer.validate(batch)
        n_images = len(batch["label"])
        for name, measured in losses.items():
            means.add(name, n_images * measured.value.item(), n_images * measured.fraction.item())
        if gauge is not None:
            gauge.add(heads[gauge.head], batch)
    found = means.of_all(process)
    if not means.counted:
        raise TrainingError(
            "all images held out are gray and count nothing; hold out others with --val, or train "
            "with --gray keep"
        )
    return found


class Means:
    """Means of terms over the pixels that count."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[float, float]] = {}
        self.counted = False

    def add(self, name: str, total: float, counted: float) -> None:
        """Add the sum of a term, and the number of pixels that count, in the same unit."""
        sums = self._sums.get(name, (0.0, 0.0))
        self._sums[name] = sums[0] + total, sums[1] + counted

    def of_all(self, process: Process) -> dict[str, float]:
        """Return each term's mean over all processes; NaN if no pixel counted."""
        sums = process.all_sum([number for pair in self._sums.values() for number in pair])
        self.counted = any(sums[1::2])
        return {
            name: total / counted if counted else math.nan
            for name, total, counted in zip(self._sums, sums[::2], sums[1::2], strict=True)
        }


def _take_step(
    trainer: Trainer, course: Course, batch: Batch, process: Process, tally: Tally
) -> None:
    seed = step_seed(course.seed, process.rank, trainer.step)
    torch.manual_seed(seed)  # of dropout, wherever it is computed
    prepared = course.prepare(batch, torch.Generator().manual_seed(seed))
    tally.n_images.append(len(prepared["label"]))
    tally.losses.append(trainer.take_step(prepared, course.learning_rate(trainer.step)))


def _record(trainer: Trainer, course: Course, epoch: int, tally: Tally, process: Process) -> Record:
    step, seconds = trainer.step, tally.seconds
    means = _trained_means(tally, step, process)
    (n_images,) = process.all_sum([float(sum(tally.n_images))])
    if not trainer.is_finite():
        raise TrainingError(f"the network is not finite any more after step {step}; {DIVERGED}")
    objective = trainer.method.objective
    trained = objective.reported(means)
    judged, colors = dict.fromkeys(trained, math.nan), dict.fromkeys(COLORS, math.nan)
    if course.validation is not None and course.is_validated(step):
        found, measured = _validated(trainer, course, course.validation, process)
        judged, colors = objective.reported(found), colors | measured
    figures = {
        "train_loss": trained.pop("loss"),
        "val_loss": judged.pop("loss"),
        "learning_rate": course.learning_rate(step - 1),
        "images_per_second": n_images / seconds,
        "data_wait": tally.waited / seconds,
        **colors,
        **{f"train_{name}": value for name, value in trained.items()},
        **{f"val_{name}": value for name, value in judged.items()},
    }
    return Record(epoch + 1, step, course.images_before(step), figures)


def _trained_means(tally: Tally, step: int, process: Process) -> dict[str, float]:
    """Return the mean of each term since the last record; fail if a loss was not finite."""
    names = list(tally.losses[0])
    # One transfer from the device for all steps.
    figures = [[losses[name][:2] for losses in tally.losses] for name in names]
    flat = torch.stack([number for term in figures for pair in term for number in pair]).tolist()
    means, n_steps = Means(), len(tally.losses)
    for number, name in enumerate(names):
        part = flat[2 * n_steps * number : 2 * n_steps * (number + 1)]
        values, fractions = part[::2], part[1::2]
        total, counted = (
            math.fsum(map(mul, tally.n_images, each)) if all(map(math.isfinite, each)) else math.nan
            for each in (values, fractions)
        )
        _check_finite(process.all_sum([total])[0], values, step)
        means.add(name, total, counted)
    return means.of_all(process)


def _check_finite(total: float, values: list[float], step: int) -> None:
    if not math.isfinite(total):
        first = next((i for i, value in enumerate(values) if not math.isfinite(value)), 0)
        raise TrainingError(
            f"the loss became {values[first]} at step {step - len(values) + first + 1}; {DIVERGED}"
        )


def _validated(
    trainer: Trainer, course: Course, images: ShardLoader, process: Process
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the means of the terms in validation, and figures of the predicted colors."""
    process.broadcast_buffers(trainer.averaged)
    gauge = None if course.gauge is None else course.gauge()
    means = validate(trainer, images, course.select, process, gauge)
    bad = [mean for mean in means.values() if not math.isfinite(mean)]
    if bad:
        raise TrainingError(
            f"the validation loss became {bad[0]} after step {trainer.step}; {DIVERGED}"
        )
    return means, {} if gauge is None else chroma_figures(process.all_sum(gauge.sums()))
