"""The training loop: batches in, smaller loss out, and records on the way.

A step is a function of the network, the optimizer's state, the step's number and the seed: chance
in it (crops, flips, dropout) is seeded by its number. So training resumes from a checkpoint as if
it had never been interrupted.
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
from torch import Tensor, nn

from ...errors import TrainingError
from ..data.dataset import Batch
from ..data.loader import ShardLoader
from ..devices import moved_ahead
from ..judging.chroma import ChromaGauge, chroma_figures
from ..losses.targets import filled_up
from ..losses.terms import WeighedLoss
from ..models import logits_at
from ..processes import Process
from .schedules import Schedule
from .trainer import Trainer

AGREE_EVERY = 10  # steps after which several processes ask each other whether to end

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
    """What is trained on, for how long, and when a record is made.

    Attributes
    ----------
    training : ShardLoader
    validation : ShardLoader or None
    schedule : Schedule
    select : callable
        From a batch to those of its images that are learned from, or looked at in validation.
    prepare : callable
        From a batch on the device, and a generator for what is random, to what the network gets.
    seed : int
        Of all chance within the steps.
    record_every : int
        Steps from record to record; the end of an epoch is one as well.
    validate_every : int or None
        Steps from validation to validation; None validates at the end of every epoch. The end of
        the training is one as well.
    gauge : callable or None
        Makes what measures the colors of a validation.
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
        """How many steps there are in all."""
        schedule = self.schedule
        return schedule.steps or self.steps_of(schedule.epochs)

    def steps_of(self, n_epochs: int) -> int:
        """Return how many steps the first epochs take."""
        return sum(map(self.training.n_batches, range(n_epochs)))

    @cached_property
    def epoch_ends(self) -> list[int]:
        """After how many steps each epoch ends, up to the last one that is begun."""
        ends = []
        for end in accumulate(map(self.training.n_batches, count())):
            ends.append(end)
            if end >= self.total_steps:
                break
        return ends

    def position(self, step: int) -> tuple[int, int]:
        """Return the epoch that a step is in, and its place there, all counted from 0."""
        epoch = bisect_right(self.epoch_ends, step)
        return epoch, step - (self.epoch_ends[epoch - 1] if epoch else 0)

    def images_before(self, step: int) -> int:
        """Return how many images the first steps see, counted each time."""
        epoch, at = self.position(step)
        n_images = self.training.n_images
        return sum(map(n_images, range(epoch))) + at * self.training.images_per_step

    def learning_rate(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        decay_after = self.schedule.decay_after
        falls_from = None if decay_after is None else self.steps_of(decay_after)
        return self.schedule.learning_rate(step, self.total_steps, falls_from)

    def is_validated(self, step: int) -> bool:
        """Tell whether there is a validation after so many steps."""
        if step == self.total_steps:
            return True
        if self.validate_every is not None:
            return step % self.validate_every == 0
        return self.position(step)[1] == 0

    def is_recorded(self, step: int) -> bool:
        """Tell whether there is a record after so many steps."""
        return (
            step % self.record_every == 0 or self.position(step)[1] == 0 or self.is_validated(step)
        )


class Tally:
    """What has been seen since the last record."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew, now."""
        self.losses: list[Tensor] = []
        self.shares: list[Tensor] = []
        self.n_images: list[int] = []
        self.waited = 0.0
        self._begun = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Time since the beginning."""
        return time.perf_counter() - self._begun

    def timed(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Give batches, and count how long they are waited for."""
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
    """Train a network to the end of its course, giving records on the way.

    Parameters
    ----------
    trainer : Trainer
        Goes on from its step.
    course : Course
    process : Process
    advance : callable
        Told, after every step, the number of images, and the share of time waited for data.
    stop : callable
        Asked after every step, or by several processes after every few; where it says so there is a
        record, and no more steps.

    Yields
    ------
    Record
        While the trainer's networks are in evaluation mode: the time to save and to look at them.

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
        fewest = course.training.fewest
        for batch in tally.timed(selected(batches, course.select, process.device, fewest)):
            _take_step(trainer, course, batch, process, tally)
            before, seen = seen, course.images_before(trainer.step)
            advance(seen - before, f"{tally.waited / tally.seconds:.1%} waiting for data")
            recorded = course.is_recorded(trainer.step)
            # Several end after the same step, and to agree on it at every one would slow them.
            agrees = process.world_size == 1 or recorded or trainer.step % AGREE_EVERY == 0
            stopping = agrees and process.any(stop())
            if stopping or recorded:
                trainer.evaluates()
                yield _record(trainer, course, epoch, tally, process)
                trainer.trains()
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
    return moved_ahead((filled_up(select(batch), batch, fewest) for batch in batches), device)


def step_seed(seed: int, rank: int, step: int) -> int:
    """Return the seed of what is random in a step of one process, 0 to 2^63 - 1."""
    digest = hashlib.sha256(f"{seed} {rank} {step}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


@torch.no_grad()
def mean_loss(
    model: nn.Module,
    loss: WeighedLoss,
    images: ShardLoader,
    select: Select,
    process: Process,
    gauge: ChromaGauge | None = None,
) -> float:
    """Return the mean loss over the pixels that count, of the images of all processes.

    Parameters
    ----------
    model : Module
        In evaluation mode.
    loss : WeighedLoss
    images : ShardLoader
    select : callable
    process : Process
    gauge : ChromaGauge or None
        Receives all outputs.

    Returns
    -------
    float
        NaN or infinite where the loss is.

    Raises
    ------
    TrainingError
        If none counts.
    """
    total, counted = 0.0, 0.0
    for batch in selected(images.batches(0), select, process.device):
        n_images, height, width = batch["label"].shape
        outputs = logits_at(model, batch["lightness"], (height, width))
        total += n_images * loss(outputs, batch).item()
        counted += n_images * loss.share(batch).item()
        if gauge is not None:
            gauge.add(outputs, batch)
    total, counted = process.summed([total, counted])
    if not counted:
        raise TrainingError(
            "all images held out are gray and count nothing; hold out others with --val, or train "
            "with --gray keep"
        )
    return total / counted


def _take_step(
    trainer: Trainer, course: Course, batch: Batch, process: Process, tally: Tally
) -> None:
    seed = step_seed(course.seed, process.rank, trainer.step)
    torch.manual_seed(seed)  # of dropout, wherever it is computed
    prepared = course.prepare(batch, torch.Generator().manual_seed(seed))
    tally.n_images.append(len(prepared["label"]))
    tally.shares.append(trainer.loss.share(prepared))
    tally.losses.append(trainer.take_step(prepared, course.learning_rate(trainer.step)))


def _record(
    trainer: Trainer,
    course: Course,
    epoch: int,
    tally: Tally,
    process: Process,
) -> Record:
    step = trainer.step
    losses, shares = torch.stack([*tally.losses, *tally.shares]).reshape(2, -1).tolist()
    seconds = tally.seconds
    weighed, counted = (math.fsum(map(mul, tally.n_images, each)) for each in (losses, shares))
    total, counted, n_images = process.summed([weighed, counted, float(sum(tally.n_images))])
    if not math.isfinite(total):
        first = next((i for i, loss in enumerate(losses) if not math.isfinite(loss)), 0)
        raise TrainingError(
            f"the loss became {losses[first]} at step {step - len(losses) + first + 1}; {DIVERGED}"
        )
    if not trainer.is_finite():
        raise TrainingError(f"the network is not finite any more after step {step}; {DIVERGED}")
    told = trainer.told
    val_loss, colors = math.nan, dict[str, float]()
    if course.validation is not None and course.is_validated(step):
        val_loss, colors = _validated(trainer, course, course.validation, process)
    figures = {
        "train_loss": told(total / counted) if counted else math.nan,
        "val_loss": val_loss,
        "learning_rate": course.learning_rate(step - 1),
        "images_per_second": n_images / seconds,
        "data_wait": tally.waited / seconds,
        "val_chroma": math.nan,
        "val_chroma_truth": math.nan,
        "val_spread": math.nan,
        "val_spread_truth": math.nan,
    }
    return Record(epoch + 1, step, course.images_before(step), figures | colors)


def _validated(
    trainer: Trainer, course: Course, images: ShardLoader, process: Process
) -> tuple[float, dict[str, float]]:
    """Return the validation loss for the log, and figures of the predicted colors."""
    process.share_buffers(trainer.shown)
    gauge = None if course.gauge is None else course.gauge()
    mean = mean_loss(trainer.shown, trainer.loss, images, course.select, process, gauge)
    if not math.isfinite(mean):
        raise TrainingError(
            f"the validation loss became {mean} after step {trainer.step}; {DIVERGED}"
        )
    colors = {} if gauge is None else chroma_figures(process.summed(gauge.sums()))
    return trainer.told(mean), colors
