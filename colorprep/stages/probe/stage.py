"""`colorprep probe`: train linear probes on the inner layers of trained networks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...artifacts import versions
from ...atomic import check_replaceable
from ...metrics.proportions import Proportion
from ...progress import Reporter
from ...training.data.batch import Batch
from ...training.devices import choose_device, reproducibly
from ...training.fitting.course import Course
from ...training.fitting.learnable import check_learnable
from ...training.fitting.loop import fit
from ...training.fitting.probes import make_probes
from ...training.fitting.record import Record
from ...training.fitting.trainer import Trainer
from ...training.losses.terms import Objective
from ...training.processes import Process
from ...workspace import PROBES, Workspace
from ..replaced import telling_replaced
from ..train.selection import held_out_shown
from .inputs import Chance, ProbeInputs, Subject, read_inputs, read_subjects
from .params import ProbeParams
from .results import (
    ProbedRun,
    judged,
    means_over_runs,
    output_paths,
    probed_facts,
    write_epochs,
    write_results,
)


@dataclass(frozen=True)
class ProbeResult:
    """Result of `colorprep probe`.

    Attributes
    ----------
    runs : list of ProbedRun
        At least one.
    facts, table, epochs, figure : Path
        The files.
    """

    runs: list[ProbedRun]
    chance: Chance
    facts: Path
    table: Path
    epochs: Path
    figure: Path

    @property
    def over_runs(self) -> dict[str, Proportion]:
        """Each layer's mean accuracy over runs; empty for one run."""
        return means_over_runs(self.runs)

    def as_facts(self) -> dict[str, Any]:
        """Return the results, for JSON."""
        return probed_facts(self.runs, self.chance)


def run(params: ProbeParams, workspace: Workspace, reporter: Reporter) -> ProbeResult:
    """Train probes of the layers of each run's best network, and judge them on held-out images.

    ``epochs.csv`` is written after every epoch, the other files at the end.

    Raises
    ------
    ArtifactError
        If labels or checkpoints are missing or damaged.
    InputError
        If a network has no layers to probe, or does not fit the labels; if these have no classes.
    OutputExists
        If something other than a file has the name of an output.
    TrainingError
        If no image to train on, or none held out, has a class.
    """
    output = params.output or PROBES
    paths = output_paths(workspace.path(output))
    for path in paths:
        check_replaceable(path)
    process = Process(choose_device(params.machine.device))
    inputs = read_inputs(params, process, workspace, reporter)
    subjects = read_subjects(params.runs, inputs, workspace, reporter)
    folder, chance = workspace.own_folder(output), inputs.chance()
    runs: list[ProbedRun] = []
    with telling_replaced(reporter, *paths), reproducibly(params.machine.deterministic):
        for subject in subjects:
            *_, probed = _written(folder, runs, _probe(subject, inputs, params, process, reporter))
            runs.append(probed)
        write_results(folder, runs, chance, _provenance(params, inputs, workspace))
    return ProbeResult(runs, chance, *paths)


def _written(
    folder: Path, before: list[ProbedRun], results: Iterator[ProbedRun]
) -> Iterator[ProbedRun]:
    """Write the log of each result, after that of the runs before it."""
    for result in results:
        write_epochs(folder, [*before, result])
        yield result


def _probe(
    subject: Subject,
    inputs: ProbeInputs,
    params: ProbeParams,
    process: Process,
    reporter: Reporter,
) -> Iterator[ProbedRun]:
    """Train the probes of a network, and yield their result after every epoch."""
    network, quantizer = subject.checkpoint.model.to(process.device), inputs.labels.quantizer
    side, seed = inputs.preparation.side, params.machine.seed
    method = make_probes(network, quantizer, inputs.n_classes, side, seed)
    trainer = Trainer(method, params.pace, params.machine, process.device)
    course = _course(params, inputs, method.objective, process)
    n_images, n_held_out = course.images_before(course.total_steps), inputs.chance().n_images
    records: list[Record] = []
    with reporter.track(n_images, "images", f"probing {subject.name}") as advance:
        for record in fit(trainer, course, process, advance):
            records.append(record)
            yield judged(subject, tuple(records), method.n_features, n_held_out)
    network.cpu()


def _course(
    params: ProbeParams, inputs: ProbeInputs, objective: Objective, process: Process
) -> Course:
    """Return the course of training, with a record at the end of every epoch."""
    parts = {"images to train on": inputs.training, "held-out images": inputs.validation}
    for what, images in parts.items():
        (every,) = images.selections
        check_learnable(what, images.dataset, every, _whole, objective, process.device)
    return Course(
        inputs.training,
        inputs.validation,
        params.pace.to_schedule(1),
        _whole,
        inputs.preparation,
        params.machine.seed,
        record_every=inputs.training.n_batches(0),
    )


def _whole(batch: Batch) -> Batch:
    """Return all images of a batch."""
    return batch


def _provenance(params: ProbeParams, inputs: ProbeInputs, workspace: Workspace) -> dict[str, Any]:
    """Return how the probes were trained, for JSON."""
    held_out = inputs.validation.dataset.keys
    return {
        **params.published(),
        "seed": params.machine.seed,
        "held_out": held_out_shown(params.data.held_out, workspace),
        "n_training": len(inputs.training.dataset),
        "labels_digest": inputs.labels.manifest.get("labels_digest"),
        "validation_digest": hashlib.sha256("\n".join(held_out).encode()).hexdigest(),
        "versions": versions("numpy", "torch"),
    }
