"""`colorprep train`: train a colorizer from label shards."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import ColorprepError, InputError, OutputError, TrainingError
from ...interrupts import graceful_stop
from ...places import Location
from ...progress import Reporter
from ...runs import BEST, LAST, LOG, read_log
from ...training.allocation import freed_memory_kept
from ...training.data.batch import Batch
from ...training.data.random_hints import with_fixed_hints
from ...training.devices import reproducibly
from ...training.fitting.course import Course
from ...training.fitting.learnable import check_learnable
from ...training.fitting.loop import fit
from ...training.fitting.record import Meter, Record
from ...training.fitting.tensorboard import check_installed
from ...training.fitting.trainer import Trainer
from ...training.losses.targets import drop_gray_images
from ...training.processes import Process, process_group
from ...training.samples import captions_of
from ...workspace import Workspace
from ..given_weights import TakenWeights
from .colorfulness import color_warning
from .forecasting import Forecaster
from .gauge import gauge_of
from .initialization import initialize
from .inputs import TrainInputs, read_inputs
from .method import make_method
from .params import TrainParams, resumed
from .provenance import Provenance, provenance_of
from .recipe import labels_of_recipe
from .recorder import NOTHING_COUNTED, Recorder, make_recorder
from .resuming import options_to_resume
from .run_folder import RunFolder, claimed, records_of


@dataclass(frozen=True)
class TrainResult:
    """Result of `colorprep train`.

    Attributes
    ----------
    picture, columns
        The samples at the best step, with these columns.
    records : list of Record
        Rows of the log.
    unit : str
        Of the losses.
    weights : Path, Url or None
        Those used.
    held_out : list of str
        Keys of the validation images, also written to ``validation.txt``.
    is_main : bool
        Whether this process is the one that writes and reports.
    """

    folder: Path
    best: Path
    log: Path
    picture: Path
    columns: tuple[str, ...]
    records: list[Record]
    best_record: Record
    unit: str
    weights: Location | None
    held_out: list[str]
    is_main: bool


def run(
    params: TrainParams,
    workspace: Workspace,
    reporter: Reporter,
    given: Mapping[str, Any] | None = None,
) -> TrainResult:
    """Train a colorizer, or resume its training.

    Parameters
    ----------
    given : mapping of str to object, optional
        The options that count as given on resuming, by name: those that a run must keep are
        refused if they differ from the run's. By default all that differ from their default.

    Raises
    ------
    ArtifactError
        If labels, weights or prior are missing, damaged, or do not fit each other, or differ from
        those of a resumed run.
    OutputExists
        If the run's folder exists already.
    OutputError
        If another process trains there, or there is no space or permission to write.
    InputError
        If an option is out of range.
    TrainingError
        If no pixel counts, so that nothing can be learned, or the loss is not finite.
    KeyboardInterrupt
        After Ctrl-C, SIGTERM or `params.minutes`, once the state is saved.
    """
    end = math.inf if params.minutes is None else time.monotonic() + 60 * params.minutes
    with process_group(params.machine.device) as process:
        if not process.is_main:
            reporter = Reporter()
        with _claimed(params, workspace, process, reporter) as (folder, resumes):
            if resumes:
                given = params.changed_options() if given is None else given
                before = resumed(options_to_resume(folder.path), given)
                params = before.replace(output=params.output, minutes=params.minutes)
            params = params.replace(resume=resumes)
            if params.minutes is not None:
                reporter.note(_minutes_note(params.minutes))
            with reproducibly(params.machine.deterministic), freed_memory_kept():
                return _train(params, folder, workspace, process, reporter, end)


def _minutes_note(minutes: float) -> str:
    """Say when a training will stop, since its progress shows the time left to its end."""
    unit = "minute" if minutes == 1 else "minutes"
    return f"stops after {minutes:g} {unit} (--minutes) if it is not finished; --resume continues"


@contextmanager
def _claimed(
    params: TrainParams, workspace: Workspace, process: Process, reporter: Reporter
) -> Iterator[tuple[RunFolder, bool]]:
    """Yield the folder to train in, and whether there is a run to resume; see `claimed`.

    The main process decides for all, so that all end in the same way.
    """
    with ExitStack() as stack:
        found: tuple[Path, bool] | None = None
        failure: ColorprepError | None = None
        if process.is_main:
            claim = claimed(params.output, params.resume, params.network.model, workspace, reporter)
            try:
                found = stack.enter_context(claim)
            except ColorprepError as error:
                failure = error
        found, failure = process.broadcast((found, failure))
        if found is None:
            assert failure is not None
            raise failure
        path, resumes = found
        yield RunFolder(path), resumes


class Prepared(NamedTuple):
    """A training that may begin, or be resumed.

    Attributes
    ----------
    weights : TakenWeights or None
        Those from elsewhere that a new run begins with.
    """

    inputs: TrainInputs
    trainer: Trainer
    course: Course
    provenance: Provenance
    weights: TakenWeights | None


def prepare(
    params: TrainParams, workspace: Workspace, process: Process, reporter: Reporter
) -> Prepared:
    """Read the inputs of a training, and make its networks and its course; write nothing."""
    if params.machine.tensorboard:
        check_installed()
    with labels_of_recipe(params.network.recipe):
        inputs = read_inputs(params, workspace, process, reporter)
        method = make_method(params, inputs)
    model, init, weights = params.network.model, params.network.init, None
    if init is not None and not params.resume:
        weights = initialize(method.network, model, init, inputs, workspace, reporter)
    frozen, fewest = params.network.freeze, inputs.training.order.fewest
    trainer = Trainer(method, params.pace, params.machine, process.device, frozen, fewest)
    course = _make_course(params, inputs, trainer)
    provenance = provenance_of(params, inputs, method, course.total_steps, process, workspace)
    return Prepared(inputs, trainer, course, provenance, weights)


def make_ready(trainer: Trainer, params: TrainParams, process: Process) -> None:
    """Let the main network be compiled if wanted, and processes share their gradients."""
    if params.machine.compile:
        trainer.method.network.compile()
    trainer.wrap(process.data_parallel)


def _train(
    params: TrainParams,
    folder: RunFolder,
    workspace: Workspace,
    process: Process,
    reporter: Reporter,
    end: float,
) -> TrainResult:
    inputs, trainer, course, provenance, weights = prepare(params, workspace, process, reporter)
    if params.resume:
        _restore(folder, trainer, course, provenance, process, workspace, reporter)
    elif process.is_main:
        reporter.note(provenance.text())
        workspace.own_folder(folder.path.absolute())
        folder.begin(provenance.config, inputs.held_out)
        if weights is not None:
            weights.write(folder.path, workspace)
        folder.save(trainer, provenance)
    process.broadcast(None)  # no process takes a step before the folder is there
    make_ready(trainer, params, process)
    if trainer.step < course.total_steps:
        recorder = make_recorder(params, inputs, trainer.step, folder, provenance, process)
        forecaster = Forecaster(params, inputs, course, process, folder.path, trainer.step)
        noting = forecaster.note_once(trainer, reporter)
        with _resumable(folder.path):
            _follow(trainer, course, process, recorder, reporter, noting, end)
    if trainer.step < course.total_steps:
        out_of_time = time.monotonic() >= end
        why = f"stopped by --minutes {params.minutes:g}" if out_of_time else "interrupted"
        raise KeyboardInterrupt(
            f"{why} after step {trainer.step} of {course.total_steps}: {folder.path / LAST} "
            f"is saved; run the command again with --resume -o {workspace.shown(folder.path)} to "
            "continue"
        )
    _judge(folder, inputs, params, process, reporter)
    return _result(folder, inputs, params, process)


def _restore(
    folder: RunFolder,
    trainer: Trainer,
    course: Course,
    provenance: Provenance,
    process: Process,
    workspace: Workspace,
    reporter: Reporter,
) -> None:
    """Restore a trainer from a run; report its step, and what changes from there on."""
    shown, total = workspace.shown(folder.path), course.total_steps
    total_before = folder.restore(trainer, provenance)
    if trainer.step > total:
        raise InputError(
            f"{shown} has taken {trainer.step} steps already, but {total} in all are requested "
            f"({course.schedule.steps or course.schedule.epochs} "
            f"{'steps' if course.schedule.steps else 'epochs'}); give more --epochs or --steps"
        )
    state = "is finished" if trainer.step == total else "continues"
    reporter.note(f"{shown} {state} after step {trainer.step}")
    if total != total_before:
        follows = "; from here on, the learning rate follows the schedule for that many steps"
        how = follows if course.schedule.depends_on_total else ""
        reporter.note(f"it will end after step {total}, not {total_before}{how}")
    if trainer.step < total and process.is_main:
        folder.update(provenance.config)


def _judge(
    folder: RunFolder,
    inputs: TrainInputs,
    params: TrainParams,
    process: Process,
    reporter: Reporter,
) -> None:
    """Fail if a finished run learned nothing, and warn if it lost its colors."""
    if process.broadcast(folder.learned_nothing):
        raise TrainingError(
            f"nothing was learned in {folder.path}: {NOTHING_COUNTED}; train anew with --gray "
            "keep, a larger --crop, or more --max-images"
        )
    if folder.records and process.is_main:
        warning = color_warning(folder.best, params, inputs.rebalancing.weights is not None)
        if warning is not None:
            reporter.warn(warning)


def _make_course(params: TrainParams, inputs: TrainInputs, trainer: Trainer) -> Course:
    """Return the course of training, after checking that something can be learned."""
    select = drop_gray_images if params.objective.gray == "drop" else _whole
    device, objective = trainer.device, trainer.method.objective
    training, held_out = inputs.training, inputs.validation
    for selection in training.selections:
        check_learnable(
            "images to train on", training.dataset, selection, select, objective, device
        )
    if held_out is not None:
        (every,) = held_out.selections
        check_learnable("held-out images", held_out.dataset, every, select, objective, device)
    return Course(
        training,
        held_out,
        params.to_schedule(),
        select,
        inputs.preparation,
        params.machine.seed,
        params.machine.checkpoint_every,
        params.machine.validate_every,
        gauge_of(inputs),
        partial(with_fixed_hints, p=params.data.hints) if params.data.hints < 1.0 else None,
    )


def _whole(batch: Batch) -> Batch:
    """Return all images of a batch."""
    return batch


def _follow(
    trainer: Trainer,
    course: Course,
    process: Process,
    recorder: Recorder | None,
    reporter: Reporter,
    after_step: Callable[[Meter], object],
    end: float,
) -> None:
    """Train to the end of the course, or until interrupted, or the clock shows `end`."""

    def ends() -> bool:
        return stop() or time.monotonic() >= end

    n_images = course.images_before(course.total_steps) - course.images_before(trainer.step)
    with (
        graceful_stop() as stop,
        reporter.track(n_images, "images", "training") as advance,
    ):
        for record in fit(trainer, course, process, advance, ends, after_step):
            if recorder is not None:
                recorder.write(trainer, course, record, reporter)
            process.broadcast(None)


@contextmanager
def _resumable(folder: Path) -> Iterator[None]:
    """Add to an error of writing, or of reading from a store, how to resume the run."""
    try:
        yield
    except (OutputError, InputError) as error:
        kind = OutputError if isinstance(error, OutputError) else InputError
        raise kind(
            f"{error}; then add --resume -o {folder} to continue from the last complete checkpoint"
        ) from error


def _result(
    folder: RunFolder, inputs: TrainInputs, params: TrainParams, process: Process
) -> TrainResult:
    folder.records = records_of(read_log(folder.path / LOG))
    weighed = inputs.rebalancing.weights is not None
    return TrainResult(
        folder.path,
        folder.path / BEST,
        folder.path / LOG,
        folder.picture(folder.best.step),
        captions_of(inputs.objective.each()[0].kind.head),
        folder.records,
        folder.best,
        folder.config()["unit"],
        inputs.rebalancing.path if weighed else None,
        inputs.held_out,
        process.is_main,
    )
