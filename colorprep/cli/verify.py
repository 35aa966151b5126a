"""`colorprep verify`."""

from __future__ import annotations

from typing import Any

import click

from . import options
from .console import Session
from .describe import quantity


@options.command(
    [
        "colorprep verify labels/",
        "colorprep verify labels/ --deep --repair",
        "colorprep verify downloaded_prior.npy",
    ]
)
@click.argument("path")
@click.option("--deep", is_flag=True, help="Make a sample of the labels again, and compare.")
@click.option("--repair", is_flag=True, help="Make again what is wrong.")
@options.image_options
def command(session: Session, **values: Any) -> None:
    """Check labels, a prior, weights, or a prior from elsewhere.

    PATH is a folder of labels, a prior.npz, a weights.npz or an .npy. Exit code 1 where something
    is wrong, 0 once it is repaired. The images are needed for --deep and --repair only.
    """
    from ..stages import verify as stage

    result = stage.run(stage.VerifyParams(**values), session.workspace, session.reporter)
    shown = result.path.as_posix()
    lines = [f"{problem.path.as_posix()}: repaired: {problem.what}" for problem in result.repaired]
    for problem in result.problems:
        mark = "" if problem.severity == "wrong" else "suspected: "
        lines.append(f"{problem.path.as_posix()}: {mark}{problem.what}")
    if result.sound:
        suspicions = quantity(len(result.problems), "suspicion")
        verdict = f"sound, with {suspicions}" if result.problems else "sound"
    else:
        verdict = quantity(sum(p.severity == "wrong" for p in result.problems), "problem")
    lines.append(f"{shown}: {result.what}, {verdict}")
    facts = {
        "path": result.path,
        "what": result.what,
        "sound": result.sound,
        "problems": [problem._asdict() for problem in result.problems],
        "repaired": [problem._asdict() for problem in result.repaired],
    }
    session.show(lines, facts)
    if not result.sound:
        click.get_current_context().exit(1)
