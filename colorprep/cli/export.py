"""`colorprep export`."""

from __future__ import annotations

from typing import Any, Literal

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
    from ..shards.exporting import shown_files
    from ..stages import export as stage

    params = stage.ExportParams(artifact, output, format)
    result = stage.run(params, session.workspace, session.reporter)
    lines = [str(path) for path in result.written]
    facts: dict[str, Any] = {"written": result.written}
    if result.origin is not None:
        facts |= {"checkpoint": result.origin.path, **result.origin.facts()}
    if result.n_images is not None:
        facts["n_images"] = result.n_images
        files = result.written[1:]
        shown = files[0].parent / shown_files([file.name for file in files])
        n_images, n_files = quantity(result.n_images, "image"), quantity(len(files), "file")
        lines = [f"{shown}: {n_images} in {n_files}"]
    session.show(lines, facts)
