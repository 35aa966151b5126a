"""`colorprep weights`."""

from __future__ import annotations

from typing import Any

import click

from . import options
from .console import Session
from .describe import quantity, safety_line


@options.command(
    [
        "colorprep weights --lambda 0.25",
        "colorprep weights prior_probs.npy -o published-weights.npz",
        "colorprep weights --matrix color_vec_table.npy",
    ]
)
@click.argument("prior", required=False)
@click.option("--prior", "named", metavar="PRIOR", help="PRIOR, as other commands take it.")
@click.option(
    "--lambda",
    "mix",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Fraction of the uniform distribution in the mix.",
)
@click.option(
    "--alpha",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="Exponent: weights are the mix to the power of -alpha.",
)
@click.option(
    "--zero-bins",
    type=click.Choice(["uniform", "floor", "drop"]),
    default="uniform",
    show_default=True,
    help="Bins without probability: treat them like others, raise them to half a pixel, or give "
    "them weight 0.",
)
@click.option(
    "--matrix",
    metavar="OUT.npy",
    help="Also write the Q x (Q + 1) matrix of weights times soft targets.",
)
@click.option(
    "--neighbor-sigma",
    type=click.FloatRange(0, min_open=True),
    default=0.5,
    show_default=True,
    help="Sigma of the soft targets in the matrix, in bins.",
)
@click.option(
    "--lattice-sigma",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    help="Sigma that smooths the prior of the matrix first, in bins.",
)
@options.output_option("weights.npz", "File to write.")
def command(session: Session, prior: str | None, named: str | None, **values: Any) -> None:
    """Compute rebalancing weights from a prior.

    PRIOR is a prior.npz, or a .npy of 313 or 529 probabilities. [prior.npz in the workspace]
    """
    from ..stages import weights as stage

    if prior is not None and named is not None:
        raise click.UsageError(f"the prior is given as {prior} and by --prior {named}; give one")
    params = stage.WeightsParams(prior=prior or named, **values)
    result = stage.run(params, session.workspace, session.reporter)
    lines = [f"{result.path}: {safety_line(result.weights.safety)}"]
    if result.weights.n_levels:
        lines[0] += f"; also by {quantity(result.weights.n_levels, 'level')} of lightness"
    if result.matrix_path is not None:
        n_bins = len(result.weights.values)
        lines.append(f"{result.matrix_path}: {n_bins} x {n_bins + 1} matrix")
    facts = {
        "weights": result.path,
        "matrix": result.matrix_path,
        "quantizer": result.quantizer.name,
        "safety": vars(result.weights.safety),
    }
    session.show(lines, facts)
