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
@options.output_option("the workspace", "Folder for the files.")
def command(session: Session, artifact: str, output: str | None) -> None:
    """Write an artifact in the formats that other projects read.

    \b
    prior       prior_probs.npy, and pts_in_hull.npy (ab lattices) or centers.npy
    weights     prior_factor.npy and, for ab313 and ab529, color_vec_table.npy
    checkpoint  model.safetensors, model-centers.npy (the colors of the bins), and
                model.json, which describes how to use them

    Of a run, the best checkpoint is exported.
    """  # noqa: D301 - click reads \b
    from ..stages import export as stage

    params = stage.ExportParams(artifact, output)
    result = stage.run(params, session.workspace, session.reporter)
    facts = {} if result.origin is None else {"checkpoint": result.origin.path}
    facts |= {} if result.origin is None else result.origin.facts()
    session.show([path.as_posix() for path in result.written], {"written": result.written, **facts})
