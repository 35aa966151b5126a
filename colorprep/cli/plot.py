"""`colorprep plot`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import options
from .console import Session
from .describe import quantity
from .figure_options import figure_options

if TYPE_CHECKING:
    from ..stages.checkpoints import Progress
    from ..stages.plot import PlottedRun


@options.command(
    [
        "colorprep plot",
        "colorprep plot runs/plain runs/rebalanced -o plain-and-rebalanced.png",
        "colorprep plot -o curves.pdf --figure-size 3.5x5 --no-title",
    ]
)
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@options.output_option(
    "RUN/curves.png; curves.png for several runs", "File to write: .png, .pdf or .svg."
)
@figure_options
def command(session: Session, runs: tuple[str, ...], output: str | None, style: Any) -> None:
    """Draw the losses, learning rate and speed of a run.

    RUN is the folder of a run, which may still be training; the default is the newest run. The
    losses of several runs are drawn in one chart. Long logs are smoothed.
    """
    from ..stages import plot as stage

    with options.wrong_usage():
        params = stage.PlotParams(runs, output, style)
    result = stage.run(params, session.workspace, session.reporter)
    lines = [f"{result.path.as_posix()}: {len(result.runs)} runs, compared by their losses"]
    shown = list(map(_line, result.runs, result.progress))
    if len(result.runs) == 1:
        lines = [f"{result.path.as_posix()}: {shown[0]}"]
    else:
        names = [plotted.run.as_posix() for plotted in result.runs]
        lines += [f"{name}: {line}" for name, line in zip(names, shown, strict=True)]
    facts = {"plot": result.path, "runs": list(map(_facts, result.runs, result.progress))}
    session.show(lines, facts)


def _line(plotted: PlottedRun, progress: Progress | None) -> str:
    unfinished = ""
    if progress is not None and not progress.is_finished:
        unfinished = f"; the run is not finished: {progress.steps:,} of {progress.total:,} steps"
    if plotted.best_val_loss is None:
        return f"{quantity(plotted.last_step, 'step')}, not validated{unfinished}"
    return (
        f"best validation loss {plotted.best_val_loss:.4g} {plotted.unit}, at step "
        f"{plotted.best_step:,} of {plotted.last_step:,}{unfinished}"
    )


def _facts(plotted: PlottedRun, progress: Progress | None) -> dict[str, Any]:
    total = None if progress is None else progress.total
    finished = None if progress is None else progress.is_finished
    return {**plotted._asdict(), "total_steps": total, "finished": finished}
