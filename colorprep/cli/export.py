"""`colorprep export`."""

from __future__ import annotations

import click

from . import options
from .console import Session


@options.command(
    [
        "colorprep export prior.npz",
        "colorprep export weights.npz -o for-other-code",
        "colorprep export runs/demo/best.pt -o network",
    ]
)
@click.argument("artifact")
@options.output_option("the workspace", "Folder to write.")
def command(session: Session, artifact: str, output: str | None) -> None:
    """Write an artifact in the formats that other projects read.

    A prior gives prior_probs.npy and pts_in_hull.npy (centers.npy if the bins are not a lattice);
    weights give prior_factor.npy and, for ab313 and ab529, the Q x Q+1 color_vec_table.npy; a
    checkpoint, or the best one of a run, gives model.safetensors and its bins' model-centers.npy,
    and model.json, which describes how to use them.
    """
    from ..stages import export as stage

    params = stage.ExportParams(artifact, output)
    result = stage.run(params, session.workspace, session.reporter)
    facts = {} if result.origin is None else {"checkpoint": result.origin.path}
    facts |= {} if result.origin is None else result.origin.facts()
    session.show([path.as_posix() for path in result.written], {"written": result.written, **facts})
