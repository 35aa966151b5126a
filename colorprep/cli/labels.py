"""`colorprep labels`."""

from __future__ import annotations

from typing import Any

import click

from . import options
from .console import Session
from .describe import quantity, skip_facts, skip_line


@options.command(
    [
        "colorprep labels --dir train/",
        "colorprep labels --dir train/ --size 128 --stride 2 -o labels-128",
        "colorprep labels --dir train/ --format npy -o maps",
    ]
)
@options.image_options
@click.option("--prior", metavar="FILE", help="Whose bins. [prior.npz; none gives ab313]")
@click.option(
    "--format",
    type=click.Choice(["h5", "npy"]),
    default="h5",
    show_default=True,
    help="Shards, or one label map an image.",
)
@options.size_option("256; native with npy")
@click.option(
    "--stride",
    type=click.IntRange(1),
    metavar="S",
    help="Label rows and columns 0, S, 2S, ... [4; 1 with npy]",
)
@click.option(
    "--shard-size", type=click.IntRange(1), default=1024, show_default=True, help="Images a shard."
)
@click.option("--overwrite", is_flag=True, help="Replace labels that are there already.")
@options.output_option("labels", "Folder to write.")
def command(session: Session, **values: Any) -> None:
    """Label every image, into shards for training.

    A shard holds lightness, ab and bins. Soft labels need no room: training looks them up by ab.
    """
    from ..stages import labels as stage

    with options.wrong_usage():
        params = stage.LabelsParams(**values)
    result = stage.run(params, session.workspace, session.reporter)
    kind = quantity(result.n_shards, "shard") if result.n_shards else "one .npy an image"
    lines = [
        f"{result.folder.as_posix()}: {quantity(result.n_images, 'image')} labeled by "
        f"{result.quantizer.name}, {kind}, {result.n_bytes / 1e6:.1f} MB"
        f"{skip_line(result.skipped)}",
    ]
    facts = {
        "labels": result.folder,
        "quantizer": result.quantizer.name,
        "n_images": result.n_images,
        "n_shards": result.n_shards,
        "bytes": result.n_bytes,
        **skip_facts(result.skipped),
    }
    session.show(lines, facts)
