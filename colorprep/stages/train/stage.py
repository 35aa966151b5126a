"""`colorprep train`: a colorizer from label shards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ...artifacts import versions
from ...errors import ColorprepError, InputError, OutputError, TrainingError
from ...interrupts import graceful_stop
from ...progress import Reporter
from ...runs import BEST, LAST, LOG, loss_text
from ...training.checkpoint import load_checkpoint
from ...training.data.batch import Batch
from ...training.data.dataset import ShardDataset
from ...training.devices import reproducibly
from ...training.fitting.learnable import check_learnable
from ...training.fitting.loop import Course, Record, fit
from ...training.fitting.tensorboard import Events, check_installed
from ...training.fitting.trainer import StepOptions, Trainer
from ...training.judging.chroma import ChromaGauge
from ...training.losses.targets import drop_gray_images
from ...training.losses.terms import LOSSES, make_loss
from ...training.models import load_matching, make_model
from ...training.models.outputs import OUTPUTS
from ...training.processes import Process, joined
from ...training.samples import sample_rows
from ...workspace import Workspace
from ..checkpoints import choose_checkpoint, origin_of, report_origin
from .colorfulness import color_warning
from .inputs import TrainInputs, read_inputs, selection_facts
from .params import TrainParams, resumed, to_plain
from .run_folder import RUN_SCHEMA, MadeFrom, RunFolder, claimed, read_log

SHOWN_IMAGES = 9
NOTHING_COUNTED = "no pixel that was trained on counted, since all were gray or had no label"


@dataclass(frozen=True)
class TrainResult:
    """What `colorprep train` did.

    Attributes
    ----------
    folder, best, log : Path
    picture : Path
        [original | target | gray | prediction] at the best step.
    records : list of Record
        Rows of the log.
    best_record : Record
    unit : str
        Of the losses.
    weights : Path or None
        Which were used.
    held_out : list of str
        Keys of the validation images, also written to ``validation.txt``.
    leads : bool
        Whether this process is the one that wrote all that, and is to tell of it.
    """

    folder: Path
    best: Path
    log: Path
    picture: Path
    records: list[Record]
    best_record: Record
    unit: str
    weights: Path | None
    held_out: list[str]
    leads: bool


def run(params: TrainParams, workspace: Workspace, reporter: Reporter) -> TrainResult:
    """Train a colorizer, or resume its training.

    Parameters
    ----------
    params : TrainParams
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    TrainResult

    Raises
    ------
    ArtifactError
        If labels, weights or prior are missing, damaged, or do not fit each other, or differ from
        those of a resumed run.
    OutputExists
        If the run's folder exists already.
    OutputError
        If another process trains there, or there is no room or permission to write.
    InputError
        If a parameter is out of range.
    TrainingError
        If no pixel counts, so that nothing can be learned, or the loss is not finite.
    KeyboardInterrupt
        After Ctrl-C or SIGTERM, once the state is saved.
    """
    with joined(params.device) as process:
        if not process.leads:
            reporter = Reporter()
        with _claimed(params, workspace, process, reporter) as (folder, resumes):
            if resumes:
                params = resumed(params, folder.options())
            params = replace(params, resume=resumes)
            with reproducibly(params.deterministic):
                return _train(params, folder, workspace, process, reporter)


@contextmanager
def _claimed(
    params: TrainParams, workspace: Workspace, process: Process, reporter: Reporter
) -> Iterator[tuple[RunFolder, bool]]:
    """Yield the folder to train in, and whether there is a run to resume; see `claimed`.

    The leading process decides for all, so that all processes end in the same way.
    """
    with ExitStack() as stack:
        found: tuple[Path, bool] | None = None
        failure: ColorprepError | None = None
        if process.leads:
            claim = claimed(params.output, params.resume, params.model, workspace, reporter)
            try:
                found = stack.enter_context(claim)
            except ColorprepError as error:
                failure = error
        found, failure = process.shared((found, failure))
        if found is None:
            assert failure is not None
            raise failure
        path, resumes = found
        yield RunFolder(path), resumes


def _train(
    params: TrainParams,
    folder: RunFolder,
    workspace: Workspace,
    process: Process,
    reporter: Reporter,
) -> TrainResult:
    if params.tensorboard:
        check_installed()
    inputs = read_inputs(params, workspace, process, reporter)
    trainer = _make_trainer(params, inputs, process, workspace, reporter)
    course = _make_course(params, inputs, trainer)
    made_from = MadeFrom(
        inputs.labels.quantizer,
        _config(params, inputs, course, process, workspace),
        inputs.training.state_dict()["fingerprint"],
    )
    if params.resume:
        _take_up(folder, trainer, course, made_from, process, workspace, reporter)
    elif process.leads:
        reporter.note(_described(made_from.config))
        workspace.own_folder(folder.path.absolute())
        folder.begin(made_from.config, inputs.held_out)
        folder.save(trainer, made_from)
    process.shared(None)  # nobody takes a step before the folder is there
    if params.compile:
        trainer.model.compile()
    trainer.forward_through(process.averaged)
    if trainer.step < course.total_steps:
        events = Events(folder.path, trainer.step) if params.tensorboard and process.leads else None
        _follow(trainer, course, folder, made_from, inputs, process, events, reporter)
    if trainer.step < course.total_steps:
        raise KeyboardInterrupt(
            f"interrupted after step {trainer.step} of {course.total_steps}: {folder.path / LAST} "
            f"is saved; the same command with --resume -o {workspace.shown(folder.path)} goes on"
        )
    _judge(folder, inputs, params, process, reporter)
    return _result(folder, inputs, params, process)


def _take_up(
    folder: RunFolder,
    trainer: Trainer,
    course: Course,
    made_from: MadeFrom,
    process: Process,
    workspace: Workspace,
    reporter: Reporter,
) -> None:
    """Restore a trainer from a run; report its step, and what changes from there on."""
    shown, total = workspace.shown(folder.path), course.total_steps
    total_before = folder.take_up(trainer, made_from)
    if trainer.step > total:
        raise InputError(
            f"{shown} has taken {trainer.step} steps already, but {total} are requested; give more "
            "--epochs or --steps"
        )
    going = "is finished" if trainer.step == total else "continues"
    reporter.note(f"{shown} {going} after step {trainer.step}")
    if total != total_before:
        follows = "; from here on, the learning rate follows the schedule for that many steps"
        how = follows if course.schedule.depends_on_total else ""
        reporter.note(f"it will end after step {total}, not {total_before}{how}")
    if trainer.step < total and process.leads:
        folder.update(made_from.config)


def _judge(
    folder: RunFolder,
    inputs: TrainInputs,
    params: TrainParams,
    process: Process,
    reporter: Reporter,
) -> None:
    """Refuse a finished run that learned nothing, and warn of one that lost its colors."""
    if process.shared(folder.learned_nothing):
        raise TrainingError(
            f"nothing was learned in {folder.path}: {NOTHING_COUNTED}; train anew with --gray "
            "keep, a larger --crop, or more --max-images"
        )
    if folder.records and process.leads:
        warning = color_warning(folder.best, params, inputs.rebalancing.weights is not None)
        if warning is not None:
            reporter.warn(warning)


def _make_course(params: TrainParams, inputs: TrainInputs, trainer: Trainer) -> Course:
    """Return the course of training, after checking that something can be learned."""
    select = drop_gray_images if params.gray == "drop" else _whole
    device, loss = trainer.device, trainer.loss
    training, held_out = inputs.training, inputs.validation
    for selection in training.selections:
        check_learnable("images to train on", training.dataset, selection, select, loss, device)
    if held_out is not None:
        (every,) = held_out.selections
        check_learnable("held-out images", held_out.dataset, every, select, loss, device)
    gauge = partial(
        ChromaGauge,
        inputs.labels.quantizer,
        LOSSES[params.loss].outputs,
        inputs.preparation.stride,
        loss.pixel_weights,
        len(inputs.held_out),
    )
    return Course(
        training,
        held_out,
        params.to_schedule(),
        select,
        inputs.preparation,
        params.seed,
        params.checkpoint_every,
        params.validate_every,
        gauge,
    )


def _whole(batch: Batch) -> Batch:
    """Return all images of a batch."""
    return batch


def _follow(
    trainer: Trainer,
    course: Course,
    folder: RunFolder,
    made_from: MadeFrom,
    inputs: TrainInputs,
    process: Process,
    events: Events | None,
    reporter: Reporter,
) -> None:
    """Train, and save what comes of it."""
    loss, total = made_from.config["loss"], course.total_steps
    shown = ShardDataset(inputs.labels, _spread(inputs.held_out or inputs.training.dataset.keys))
    n_images = course.images_before(total) - course.images_before(trainer.step)
    with (
        graceful_stop() as stop,
        reporter.track(n_images, "images", "training") as advance,
        _resumable(folder.path),
    ):
        for record in fit(trainer, course, process, advance, stop):
            if process.leads:
                if course.is_validated(record.step):
                    rows = sample_rows(
                        trainer.shown, loss, made_from.quantizer, shown, process.device
                    )
                    folder.write_picture(record.step, rows)
                folder.save(trainer, made_from, record)
                if folder.learned_nothing and course.position(record.step) == (1, 0):
                    reporter.warn(f"nothing was learned in the first epoch: {NOTHING_COUNTED}")
                if events is not None:
                    events.write(record)
            process.shared(None)


@contextmanager
def _resumable(folder: Path) -> Iterator[None]:
    """If a file of a run cannot be written, add to the error how to resume the run."""
    try:
        yield
    except OutputError as error:
        raise OutputError(
            f"{error}; then add --resume -o {folder} to continue from the last complete checkpoint"
        ) from error


def _make_trainer(
    params: TrainParams,
    inputs: TrainInputs,
    process: Process,
    workspace: Workspace,
    reporter: Reporter,
) -> Trainer:
    quantizer = inputs.labels.quantizer
    loss = make_loss(params.loss, quantizer, inputs.rebalancing.options(params))
    kind = LOSSES[params.loss]
    n_outputs = OUTPUTS[kind.outputs].n_channels(quantizer)
    model = make_model(params.model, n_outputs, params.seed, params.width)
    if params.init is not None and not params.resume:
        path = choose_checkpoint(params.init, workspace, reporter)
        given = load_checkpoint(path)
        taken = load_matching(model, given.model.state_dict())
        origin = origin_of(path, given.config, given.progress)
        doing = f"{len(taken)} of {len(model.state_dict())} arrays are those of"
        report_origin(doing, origin, workspace, reporter)
        if given.quantizer.fingerprint != quantizer.fingerprint:
            reporter.warn(
                f"{path} was trained on other bins ({given.quantizer.name}) than these labels have "
                f"({quantizer.name}): what it says of a bin is of another color here"
            )
    options = StepOptions(dict(params.multipliers), params.amp, params.clip, params.ema)
    return Trainer(model, loss, kind.told, options, process.device)


def _config(
    params: TrainParams,
    inputs: TrainInputs,
    course: Course,
    process: Process,
    workspace: Workspace,
) -> dict[str, Any]:
    """Return what the run is made from, in plain values."""
    kind = LOSSES[params.loss]
    manifest = inputs.labels.manifest
    return {
        "schema": RUN_SCHEMA,
        "model": params.model,
        "width": params.width,
        "outputs": kind.outputs,
        "loss": params.loss,
        "unit": kind.unit,
        **inputs.rebalancing.facts(workspace),
        "quantizer": manifest["quantizer"]["name"],
        "settings": manifest["settings"],
        "source": manifest["digest"],
        "labels_digest": manifest.get("labels_digest"),
        "n_training": len(inputs.training.dataset),
        "n_validation": len(inputs.held_out),
        "validation_digest": hashlib.sha256("\n".join(inputs.held_out).encode()).hexdigest(),
        **selection_facts(params, workspace),
        "batch_size": params.batch_size,
        "n_processes": process.world_size,
        "total_steps": course.total_steps,
        "seed": params.seed,
        "options": to_plain(params),
        "device": str(process.device),
        "versions": versions("numpy", "torch"),
    }


def _described(config: dict[str, Any]) -> str:
    """Return a line on what is trained."""
    most = config["max_images"]
    an_epoch = "" if most is None else f", {min(most, config['n_training'])} an epoch"
    return (
        f"training {config['model']} on {config['n_training']} images{an_epoch}, "
        f"{config['n_validation']} held out, {loss_text(config)}, {config['total_steps']} steps on "
        f"{config['device']}"
    )


def _spread(keys: list[str]) -> list[str]:
    """Return the keys of the images that are shown, spread over all of them."""
    n_shown = min(SHOWN_IMAGES, len(keys))
    return [keys[i * len(keys) // n_shown] for i in range(n_shown)]


def _result(
    folder: RunFolder, inputs: TrainInputs, params: TrainParams, process: Process
) -> TrainResult:
    folder.records = read_log(folder.path / LOG)
    weighed = inputs.rebalancing.weights is not None
    return TrainResult(
        folder.path,
        folder.path / BEST,
        folder.path / LOG,
        folder.picture(folder.best.step),
        folder.records,
        folder.best,
        LOSSES[params.loss].unit,
        inputs.rebalancing.path if weighed else None,
        inputs.held_out,
        process.leads,
    )
