"""Reading what a report shows of training: the newest runs, what is wrong with them, samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...report.figures.style import SERIES
from ...report.numbers import percent
from ...report.page import Missing, Section
from ...report.sections.training import ComparedRuns, RunSamples, ShownRun, training_section
from ...runs import LOG, best_row, read_log, runs_with
from ...training.health import color_fault
from ...workspace import Workspace
from ..plot import Run, by_name, in_common, read_run
from .results import open_picture

MOST_RUNS = 12
MOST_SAMPLES = 3  # of so many runs
EARLY = 0.5  # a best validation in this part of the steps is early
LONG_WAIT = 0.3  # of the time, for data


def logged_runs(workspace: Workspace) -> list[Run]:
    """Read the runs of a workspace that have logged a step, the newest first.

    Raises
    ------
    ArtifactError
        If one of them is damaged.
    """
    logs = runs_with(LOG, workspace)
    return [read_run(path.parent) for path in logs if len(read_log(path)["step"])]


def runs_section(runs: Sequence[Run], workspace: Workspace) -> Section | Missing:
    """Show the newest of these runs."""
    newest = runs[:MOST_RUNS]
    shown = [_shown(run, place < MOST_SAMPLES) for place, run in enumerate(newest)]
    return training_section(shown, _compared(newest, workspace), len(runs) - len(newest))


def faults_of(run: Run) -> list[str]:
    """Return what seems to be wrong with a run."""
    log, faults = run.log, []
    last, total = int(log["step"][-1]), run.config.get("total_steps")
    if total is not None and last < total:
        faults.append(f"not finished: {last:,} of {total:,} steps")
    best = best_row(log["val_loss"])
    if best is not None:
        fault = color_fault({name: float(values[best]) for name, values in log.items()})
        faults += [] if fault is None else [fault]
        step = int(log["step"][best])
        if step < EARLY * last:
            faults.append(f"the held-out loss has not fallen since step {step:,}")
    waited = float(np.nanmean(log["data_wait"])) if np.isfinite(log["data_wait"]).any() else 0.0
    if waited > LONG_WAIT:
        faults.append(f"waits for data {percent(waited)} of the time")
    return faults


def _shown(run: Run, with_samples: bool) -> ShownRun:
    samples = _newest_samples(run.folder) if with_samples else None
    total = run.config.get("total_steps")
    return ShownRun(run.folder.name, run.kind, run.unit, run.log, total, faults_of(run), samples)


def _newest_samples(folder: Path) -> RunSamples | None:
    pictures = sorted((folder / "samples").glob("step-*.png"))
    if not pictures:
        return None
    step = int(pictures[-1].stem.removeprefix("step-"))
    return RunSamples(step, open_picture(pictures[-1], "train"))


def _compared(runs: Sequence[Run], workspace: Workspace) -> ComparedRuns | None:
    """Return the newest runs that share the unit of their losses, if several do."""
    by_unit: dict[str, list[Run]] = {}
    for run in runs:
        by_unit.setdefault(run.unit, []).append(run)
    for unit, alike in by_unit.items():
        if len(alike) > 1:
            drawn = alike[: len(SERIES)]
            return ComparedRuns(by_name(drawn, workspace), unit, in_common(drawn))
    return None
