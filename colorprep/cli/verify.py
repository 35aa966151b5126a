"""`colorprep verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import options
from .console import Session
from .describe import quantity

if TYPE_CHECKING:
    from ..stages.verify import VerifyResult
    from ..stages.verify.problem import Problem


@options.command(
    [
        "colorprep verify labels/",
        "colorprep verify labels/ --deep --repair",
        "colorprep verify s3://bucket/labels",
        "colorprep verify downloaded_prior.npy",
    ]
)
@click.argument("path")
@click.option("--deep", is_flag=True, help="Label every image again and compare.")
@click.option("--repair", is_flag=True, help="Delete what is wrong and make it again.")
@click.option(
    "--segments", metavar="DIR", help="The masks of the images, if the labels hold segments."
)
@click.option(
    "--features",
    metavar="FILE",
    help="The classifier, if the labels hold features of a file, whose code is run.",
)
@options.image_options
def command(session: Session, **values: Any) -> None:
    """Check labels, weights, or a prior, also from another program.

    PATH is a folder or URL of labels, a prior.npz, a weights.npz or a .npy. The exit code is 1 if
    something is wrong, and 0 if it was repaired. Only --deep and --repair read the images. Only
    --deep detects images that changed after they were labeled; it takes as long as `labels`.
    """
    from ..stages import verify as stage

    result = stage.run(stage.VerifyParams(**values), session.workspace, session.reporter)
    shown = str(result.path)
    # What follows a semicolon is what to do.
    facts_only = [each._replace(what=each.what.partition(";")[0]) for each in result.repaired]
    lines = [_line(problem, "repaired: ") for problem in facts_only]
    for problem in result.problems:
        lines.append(_line(problem, "" if problem.severity == "wrong" else "suspected: "))
    if result.sound:
        suspicions = quantity(len(result.problems), "suspicion")
        verdict = f"sound, with {suspicions}" if result.problems else "sound"
    else:
        verdict = quantity(sum(p.severity == "wrong" for p in result.problems), "problem")
    lines.append(f"{shown}: {result.what}, {verdict}{_extent(result)}")
    if result.what == "labels" and not result.sound:
        lines.append("to repair: run the same `colorprep labels` again, or verify with --repair")
    facts = {
        "path": result.path,
        "what": result.what,
        "sound": result.sound,
        "problems": [problem._asdict() for problem in result.problems],
        "repaired": [problem._asdict() for problem in result.repaired],
        "n_compared": result.n_compared,
    }
    session.show(lines, facts)
    if not result.sound:
        click.get_current_context().exit(1)


def _extent(result: VerifyResult) -> str:
    """Say whether labels were compared with the images."""
    if result.what != "labels":
        return ""
    if result.n_compared is None:
        return "; only the files were checked: --deep compares them with the images"
    return f"; {quantity(result.n_compared, 'image')} labeled again and compared"


def _line(problem: Problem, mark: str) -> str:
    """Describe a problem, naming its file once."""
    shown = str(problem.path)
    what = problem.what.removeprefix(f"{problem.path}: ").removeprefix(f"{problem.path} ")
    return f"{shown}: {mark}{what}"
