"""`colorprep plot`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import options
from .console import Session

if TYPE_CHECKING:
    from ..stages.plot import PlottedRun


@options.command(
    [
        "colorprep plot",
        "colorprep plot runs/plain runs/rebalanced -o plain-and-rebalanced.png",
    ]
)
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@options.output_option("RUN/curves.png; curves.png for several runs", "File to write.")
def command(session: Session, runs: tuple[str, ...], output: str | None) -> None:
    """Draw the losses, learning rate and speed of a run.

    RUN is a run's folder, also while it is training; without one, the newest run's. Of several
    runs the losses are drawn over one another. Long logs are smoothed.
    """
    from ..stages import plot as stage

    with options.wrong_usage():
        params = stage.PlotParams(runs, output)
    result = stage.run(params, session.workspace, session.reporter)
    lines = [f"{result.path.as_posix()}: {len(result.runs)} runs, to compare their losses"]
    if len(result.runs) == 1:
        lines = [f"{result.path.as_posix()}: {_line(result.runs[0])}"]
    else:
        lines += [f"{plotted.run.as_posix()}: {_line(plotted)}" for plotted in result.runs]
    facts = {"plot": result.path, "runs": [plotted._asdict() for plotted in result.runs]}
    session.show(lines, facts)


def _line(plotted: PlottedRun) -> str:
    if plotted.best_val_loss is None:
        return f"{plotted.last_step:,} steps, not validated"
    return (
        f"best validation loss {plotted.best_val_loss:.4g} {plotted.unit}, at step "
        f"{plotted.best_step:,} of {plotted.last_step:,}"
    )
