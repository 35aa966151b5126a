"""The section on training runs: how far they are, what is wrong, their curves and samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ..figures.curves import Log, best_text, draw_run, draw_runs
from ..gallery import first_rows
from ..numbers import percent, quantity, short
from ..page import Block, Chart, Missing, Note, PhotographSheet, Section, Table
from .thumbnails import small_sheet

HEALTHY = "none"
SHOWN_ROWS = 3  # of samples


class RunSamples(NamedTuple):
    """The newest samples of a run: a sheet of photographs, and their step."""

    step: int
    sheet: Image.Image


class ShownRun(NamedTuple):
    """A training run.

    Attributes
    ----------
    name : str
    kind : str
        The model and the loss, in words.
    unit : str
        Of the losses.
    log : mapping of str to ndarray of shape (n,), n at least 1
        As in `curves.draw_run`.
    total_steps : int or None
        None if unknown.
    faults : sequence of str
        What seems to be wrong.
    samples : RunSamples or None
        None if there are none.
    """

    name: str
    kind: str
    unit: str
    log: Log
    total_steps: int | None
    faults: Sequence[str]
    samples: RunSamples | None


class ComparedRuns(NamedTuple):
    """Logs of runs whose losses have the same unit, by their names in a legend.

    Attributes
    ----------
    caption : str
        A line that describes them.
    """

    logs: Mapping[str, Log]
    unit: str
    caption: str


def training_section(
    runs: Sequence[ShownRun], compared: ComparedRuns | None, n_older: int
) -> Section | Missing:
    """Show the newest runs.

    Parameters
    ----------
    runs : sequence of ShownRun
        The newest one first, whose curves are shown.
    compared : ComparedRuns or None
        Runs whose losses are drawn together.
    n_older : int
        Runs that are not shown.
    """
    if not runs:
        return Missing("training", "training", "colorprep train")
    blocks: list[Block] = [_table(runs), _curves(runs[0])]
    if compared is not None:
        blocks.append(_compared_curves(compared))
    blocks += [_samples(run.name, run.samples) for run in runs if run.samples is not None]
    if n_older:
        blocks.append(
            Note(f"{quantity(n_older, 'older run')} left out: `colorprep plot` draws them.")
        )
    faulty = [run.name for run in runs if run.faults]
    state = "none has a warning"
    if faulty:
        state = f"{len(faulty)} {'has a warning' if len(faulty) == 1 else 'have warnings'}"
    reading = (
        f"{quantity(len(runs), 'run')}, the newest first; {state}. The loss tells how far "
        "predictions are from the photographs; held-out images are not trained on, so theirs "
        "tells what to expect of other photographs. Chroma is how colorful predictions for them "
        "are: under 100% if they are paler than the originals."
    )
    return Section("training", "Training", reading, blocks, {"runs": _facts(runs)})


def _table(runs: Sequence[ShownRun]) -> Table:
    columns = ["run", "network and loss", "steps", "held-out loss", "chroma", "warnings"]
    rows = [
        [
            run.name,
            run.kind,
            _steps(run).replace(" ", "\u00a0"),
            best_text(run.log).removeprefix("best validation ").replace("step ", "step\u00a0"),
            "–" if (chroma := _chroma_share(run.log)) is None else percent(chroma),
            "; ".join(run.faults) or HEALTHY,
        ]
        for run in runs
    ]
    return Table("Runs", columns, rows, words=True, wide=True)


def _steps(run: ShownRun) -> str:
    total = "" if run.total_steps is None else f" of {run.total_steps:,}"
    return f"{_last_step(run):,}{total}"


def _last_step(run: ShownRun) -> int:
    return int(run.log["step"][-1])


def _chroma_share(log: Log) -> float | None:
    """Return the chroma of predictions over that of their originals when last measured."""
    if "val_chroma" not in log or "val_chroma_truth" not in log:
        return None
    chroma, truth = log["val_chroma"], log["val_chroma_truth"]
    rows = np.flatnonzero(np.isfinite(chroma) & (truth > 0))
    return float(chroma[rows[-1]] / truth[rows[-1]]) if len(rows) else None


def _curves(run: ShownRun) -> Chart:
    last = ", ".join(
        f"{name.replace('_', ' ')} {short(float(known[-1]))}"
        for name in ("train_loss", "val_loss")
        if len(known := run.log[name][np.isfinite(run.log[name])])
    )
    return Chart(
        "training",
        f"The course of {run.name}",
        draw_run(run.log, run.unit, run.kind),
        "The losses over the steps of the newest run, and below them what else was logged.",
        f"Curves over {_last_step(run):,} steps; {best_text(run.log)}. At the end: {last}.",
    )


def _compared_curves(compared: ComparedRuns) -> Chart:
    described = "; ".join(name.replace("\n", ", ") for name in compared.logs)
    return Chart(
        "training-compared",
        "Runs compared",
        draw_runs(compared.logs, compared.unit, compared.caption),
        "A ring is the lowest loss of a run on held-out images.",
        f"Curves of {quantity(len(compared.logs), 'run')}: {described}.",
    )


def _samples(name: str, samples: RunSamples) -> PhotographSheet:
    title = f"Samples of {name} at step {samples.step:,}"
    description = f"{title}: held-out photographs in rows, beside what the network makes of them"
    return small_sheet(title, first_rows(samples.sheet, SHOWN_ROWS), description, wide=True)


def _facts(runs: Sequence[ShownRun]) -> dict[str, Any]:
    return {
        run.name: {
            "kind": run.kind,
            "unit": run.unit,
            "steps": _last_step(run),
            "total_steps": run.total_steps,
            "chroma_share": _chroma_share(run.log),
            "faults": list(run.faults),
        }
        for run in runs
    }
