"""`colorprep export`."""

from __future__ import annotations

from typing import Literal

import click

from . import options
from .console import Session
from .describe import quantity


@options.command(
    [
        "colorprep export prior.npz",
        "colorprep export weights.npz -o for-other-code",
        "colorprep export runs/demo/best.pt -o network",
        "colorprep export labels --format webdataset",
    ]
)
@click.argument("artifact")
@click.option(
    "--format",
    type=click.Choice(["webdataset", "parquet"]),
    help="The format of labels; needed for these, and only for these.",
)
@options.output_option("the workspace; labels-FORMAT", "Folder for the files.")
def command(
    session: Session,
    artifact: str,
    format: Literal["webdataset", "parquet"] | None,
    output: str | None,
) -> None:
    """Write an artifact in the formats that other projects read.

    \b
    prior       prior_probs.npy, and pts_in_hull.npy (ab lattices) or centers.npy
    weights     prior_factor.npy and, for ab313 and ab529, color_vec_table.npy
    checkpoint  model.safetensors, model-centers.npy (the colors of the bins), and
                model.json, which describes how to use them
    labels      a tar for webdataset, or a parquet file, for each shard, and export.json,
                which describes them; continues after an interrupt

    Of a run, the best checkpoint is exported.
    """  # noqa: D301 - click reads \b
    from ..stages import export as stage

    params = stage.ExportParams(artifact, output, format)
    result = stage.run(params, session.workspace, session.reporter)
    facts = {} if result.origin is None else {"checkpoint": result.origin.path}
    facts |= {} if result.origin is None else result.origin.facts()
    lines = [path.as_posix() for path in result.written]
    if result.n_images is not None:
        facts, files = {"n_images": result.n_images}, quantity(len(lines) - 1, "file")
        folder = result.written[0].parent.as_posix()
        lines = [f"{folder}: {quantity(result.n_images, 'image')} in {files}"]
    session.show(lines, {"written": result.written, **facts})
