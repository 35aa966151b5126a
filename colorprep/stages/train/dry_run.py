"""`colorprep train --dry-run`: a few steps, and what the training is likely to take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...errors import InputError
from ...progress import Reporter
from ...training.allocation import freed_memory_kept
from ...training.devices import reproducibly
from ...training.fitting.loop import fit
from ...training.fitting.stopwatch import Stopwatch, validation_seconds
from ...training.processes import Process, process_group
from ...workspace import RUNS, Workspace
from .forecasting import Forecast, Forecaster
from .params import TrainParams, resumed
from .resuming import options_to_resume, run_to_resume
from .run_folder import RunFolder
from .stage import make_ready, prepare


def forecast(
    params: TrainParams,
    workspace: Workspace,
    reporter: Reporter,
    given: Mapping[str, Any] | None = None,
) -> Forecast | None:
    """Estimate what a training, or the rest of a run, is likely to take; nothing is written.

    Parameters
    ----------
    given : mapping of str to object, optional
        As in `stage.run`.

    Returns
    -------
    Forecast or None
        None in other processes than the main one.

    Raises
    ------
    ArtifactError, InputError, TrainingError
        As in `stage.run`; also if the run to resume has taken all its steps.
    """
    with process_group(params.machine.device) as process:
        if not process.is_main:
            reporter = Reporter()
        path = run_to_resume(params, workspace)
        run = None if path is None else RunFolder(path)
        if path is not None:
            given = params.changed_options() if given is None else given
            params = resumed(options_to_resume(path), given).replace(output=params.output)
        with reproducibly(params.machine.deterministic), freed_memory_kept():
            measured = _measure(params, run, workspace, process, reporter)
        return measured if process.is_main else None


def _measure(
    params: TrainParams,
    run: RunFolder | None,
    workspace: Workspace,
    process: Process,
    reporter: Reporter,
) -> Forecast:
    """Take a few steps, and a part of a validation."""
    inputs, trainer, course, provenance, _ = prepare(params, workspace, process, reporter)
    if run is not None:
        run.restore(trainer, provenance)
    begun, total = trainer.step, course.total_steps
    if begun >= total:
        raise InputError(
            f"the run has taken {begun} steps, and {total} in all are requested, so none is left "
            "to estimate; give more --epochs or --steps"
        )
    make_ready(trainer, params, process)
    reporter.note(f"taking a few steps of {params.network.model} on {process.device}")
    watch, unjudged = Stopwatch(process.device), replace(course, validation=None)
    for _ in fit(
        trainer, unjudged, process, lambda n, detail: None, lambda: watch.is_done, watch.add
    ):
        pass
    folder = workspace.path(params.output or RUNS) if run is None else run.path
    forecaster = Forecaster(params, inputs, course, process, folder, begun)
    validation = validation_seconds(trainer, course, process)
    return forecaster.forecast(trainer, watch.times, validation)
