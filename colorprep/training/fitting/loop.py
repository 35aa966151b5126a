"""The training loop: steps, validation and records.

A step is a function of the networks, the state of the optimizers, its number and the seed: random
numbers in it (crops, flips, dropout) are seeded by its number. So training resumes from a
checkpoint as if it had never been interrupted.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator
from operator import mul

import torch

from ...errors import TrainingError
from ..data.batch import Batch
from ..data.loader import ShardLoader
from ..devices import prefetch_to_device
from ..judging.gauge import Gauge
from ..losses.targets import filled_up
from ..processes import Process
from .course import Course, Select
from .record import Means, Meter, Record
from .trainer import Trainer

AGREE_EVERY = 10  # steps after which several processes agree on whether to stop

DIVERGED = "nothing of it was saved; train anew with a lower --lr or with --clip 1, to another -o"


def fit(
    trainer: Trainer,
    course: Course,
    process: Process,
    advance: Callable[[int, str], object],
    stop: Callable[[], bool] = lambda: False,
    after_step: Callable[[Meter], object] = lambda meter: None,
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
    after_step : callable
        Receives the meter after every step, before `stop` is called.

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
    trainer.train()
    while trainer.step < total:
        epoch, at = course.position(trainer.step)
        meter, seen = Meter(), course.images_before(trainer.step)
        batches = course.training.batches(epoch, at)
        fewest = course.training.order.fewest
        for batch in meter.timed(selected(batches, course.select, process.device, fewest)):
            _take_step(trainer, course, batch, process, meter)
            before, seen = seen, course.images_before(trainer.step)
            advance(seen - before, f"{meter.waited / meter.seconds:.1%} waiting for data")
            after_step(meter)
            recorded = course.is_recorded(trainer.step)
            # Several processes stop after the same step; agreeing at each step would be slow.
            agrees = process.world_size == 1 or recorded or trainer.step % AGREE_EVERY == 0
            stopping = agrees and process.any(stop())
            if stopping or recorded:
                trainer.eval()
                yield _record(trainer, course, epoch, meter, process)
                trainer.train()
                meter.clear()
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
    gauge: Gauge | None = None,
    condition: Callable[[Batch], Batch] | None = None,
) -> dict[str, float]:
    """Return the mean of each term over the pixels that count, of the images of all processes.

    Parameters
    ----------
    trainer : Trainer
        In evaluation mode.
    images : ShardLoader
    select : callable
    process : Process
    gauge : Gauge or None
        Receives all outputs.
    condition : callable or None
        From a batch on the device to the one to validate on.

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
        if condition is not None:
            batch = condition(batch)
        losses, heads = trainer.validate(batch)
        n_images = len(batch["label"])
        for name, term in losses.items():
            means.add(name, n_images * term.value.item(), n_images * term.fraction.item())
        if gauge is not None:
            gauge.add(heads[gauge.head], batch)
    found = means.of_all(process)
    if not means.counted:
        raise TrainingError(
            "all images held out are gray and count nothing; hold out others with --val, or train "
            "with --gray keep"
        )
    return found


def _take_step(
    trainer: Trainer, course: Course, batch: Batch, process: Process, meter: Meter
) -> None:
    seed = step_seed(course.seed, process.rank, trainer.step)
    torch.manual_seed(seed)  # of dropout, wherever it is computed
    prepared = course.prepare(batch, torch.Generator().manual_seed(seed))
    meter.n_images.append(len(prepared["label"]))
    meter.losses.append(trainer.take_step(prepared, course.learning_rate(trainer.step)))


def _record(trainer: Trainer, course: Course, epoch: int, meter: Meter, process: Process) -> Record:
    step = trainer.step
    means = _trained_means(meter, step, process)
    seconds = meter.seconds  # now a GPU has taken all steps, too
    (n_images,) = process.all_sum([float(sum(meter.n_images))])
    if not trainer.is_finite():
        raise TrainingError(f"the network is not finite any more after step {step}; {DIVERGED}")
    objective = trainer.method.objective
    trained = objective.reported(means)
    missing = {term.name: math.nan for term in objective.each()}
    judged, measures = objective.reported(missing), {}
    if course.gauge is not None:
        measures = dict.fromkeys(course.gauge().names, math.nan)
    if course.validation is not None and course.is_validated(step):
        found, measured = _validated(trainer, course, course.validation, process)
        judged, measures = objective.reported(found), measures | measured
    figures = {
        "train_loss": trained.pop("loss"),
        "val_loss": judged.pop("loss"),
        "learning_rate": course.learning_rate(step - 1),
        "images_per_second": n_images / seconds,
        "data_wait": meter.waited / seconds,
        **measures,
        **{f"train_{name}": value for name, value in trained.items()},
        **{f"val_{name}": value for name, value in judged.items()},
    }
    return Record(epoch + 1, step, course.images_before(step), figures)


def _trained_means(meter: Meter, step: int, process: Process) -> dict[str, float]:
    """Return the mean of each term since the last record; fail if a loss was not finite."""
    names = list(meter.losses[0])
    # One transfer from the device for all steps.
    figures = [[losses[name][:2] for losses in meter.losses] for name in names]
    flat = torch.stack([number for term in figures for pair in term for number in pair]).tolist()
    means, n_steps = Means(), len(meter.losses)
    for number, name in enumerate(names):
        part = flat[2 * n_steps * number : 2 * n_steps * (number + 1)]
        values, fractions = part[::2], part[1::2]
        total, counted = (
            math.fsum(map(mul, meter.n_images, each)) if all(map(math.isfinite, each)) else math.nan
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
    """Return the means of the terms in validation, and the gauge's figures."""
    process.broadcast_buffers(trainer.averaged)
    gauge = None if course.gauge is None else course.gauge()
    means = validate(trainer, images, course.select, process, gauge, course.condition)
    bad = [mean for mean in means.values() if not math.isfinite(mean)]
    if bad:
        raise TrainingError(
            f"the validation loss became {bad[0]} after step {trainer.step}; {DIVERGED}"
        )
    return means, {} if gauge is None else gauge.figures(process.all_sum(gauge.sums()))
