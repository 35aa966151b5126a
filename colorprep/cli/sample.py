"""`colorprep sample`."""

from __future__ import annotations

import click

from . import options
from .console import Session
from .describe import quantity


@options.command(["colorprep sample photos/", "colorprep sample --count 1000 --size 512 photos/"])
@click.argument("out")
@click.option(
    "--count", type=click.IntRange(1), default=240, show_default=True, help="Number of crops."
)
@click.option(
    "--size", type=click.IntRange(1, 4096), default=256, show_default=True, help="Side, in pixels."
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the crops."
)
def command(session: Session, out: str, count: int, size: int, seed: int) -> None:
    """Write the built-in photographs as JPEG files.

    They are crops of ten photographs that come with scikit-image and scikit-learn, one folder per
    photograph. OUT must be a new or empty folder.
    """
    from ..stages import sample as stage

    params = stage.SampleParams(out, count, size, seed)
    written = stage.run(params, session.workspace, session.reporter)
    folder = session.workspace.path(out)
    session.show(
        [f"{folder.as_posix()}: {quantity(len(written), 'photograph')}, {size} x {size}"],
        {"folder": folder, "n_images": len(written), "size": size},
    )
