"""`colorprep weights`."""

from __future__ import annotations

from typing import Any

import click

from . import options
from .console import Session
from .describe import safety_line


@options.command(
    [
        "colorprep weights --lambda 0.25",
        "colorprep weights prior_probs.npy -o published-weights.npz",
        "colorprep weights --matrix color_vec_table.npy",
    ]
)
@click.argument("prior", required=False)
@click.option(
    "--lambda",
    "mix",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Share of the uniform distribution.",
)
@click.option("--alpha", type=click.FloatRange(0), default=1.0, show_default=True, help="Power.")
@click.option(
    "--zero-bins",
    type=click.Choice(["uniform", "floor", "drop"]),
    default="uniform",
    show_default=True,
    help="Bins without probability: as any other, raised to half a pixel, or weight 0.",
)
@click.option("--matrix", metavar="OUT.npy", help="Also write soft targets times weights, Q x Q+1.")
@click.option(
    "--neighbor-sigma",
    type=click.FloatRange(0, min_open=True),
    default=0.5,
    show_default=True,
    help="Of the matrix's soft targets, in bins.",
)
@click.option(
    "--lattice-sigma",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    help="Smooth the matrix's prior first, in bins.",
)
@options.output_option("weights.npz", "Where to.")
def command(session: Session, **values: Any) -> None:
    """Make rebalancing weights of a prior.

    PRIOR is a prior.npz, or a bare .npy of 313 or 529 bins; without it, the workspace's prior.npz.
    """
    from ..stages import weights as stage

    result = stage.run(stage.WeightsParams(**values), session.workspace, session.reporter)
    lines = [f"{result.path.as_posix()}: {safety_line(result.report.safety)}"]
    if result.matrix_path is not None:
        n_bins = len(result.report.weights.weights)
        lines.append(f"{result.matrix_path.as_posix()}: {n_bins} x {n_bins + 1}")
    facts = {
        "weights": result.path,
        "matrix": result.matrix_path,
        "quantizer": result.quantizer.name,
        "safety": vars(result.report.safety),
    }
    session.show(lines, facts)
