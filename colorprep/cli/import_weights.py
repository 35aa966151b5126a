"""`colorprep import`."""

from __future__ import annotations

from typing import Any

import click

from . import options
from .console import Session
from .describe import quantity


@options.command(
    [
        "colorprep import eccv16.pth -o runs/zhang2016",
        "colorprep import siggraph17.pth -o runs/siggraph17",
        "colorprep import latest_net_G.pth --model siggraph17 -o runs/own-siggraph17",
    ]
)
@click.argument("file")
@click.option(
    "--model",
    metavar="NAME",
    help="Network that takes the weights: siggraph17 for those that colorization-pytorch trained. "
    "[by the file]",
)
@click.option(
    "--size",
    type=click.IntRange(1),
    metavar="N",
    help="The network sees photographs as N x N. [256, or that of the exported network]",
)
@options.output_option("runs/<date>-<model>", "Folder of the run.")
def command(session: Session, **values: Any) -> None:
    """Make a run of published weights, or of an exported network.

    FILE is a state dict (.pth, .pt) or .safetensors of the released eccv16 or siggraph17, or a
    model.safetensors of `colorprep export`. The run is one for colorize, evaluate, info, export and
    train --init. Files are read without running code in them.
    """
    from ..stages.early_checks import check_weights

    check_weights(values["file"], session.workspace)

    from ..stages import import_weights as stage  # torch is slow to import

    result = stage.run(stage.ImportParams(**values), session.workspace, session.reporter)
    line = (
        f"{result.checkpoint.as_posix()}: {result.model}, "
        f"{quantity(result.n_parameters, 'parameter')}, from {result.title}"
    )
    session.show([line], vars(result))
