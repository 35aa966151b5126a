"""`colorprep labels`."""

from __future__ import annotations

from typing import Any

import click

from . import options
from .console import Session
from .describe import describe_estimate, quantity, skip_facts, skip_line


@options.command(
    [
        "colorprep labels --dir train/",
        "colorprep labels --dir train/ --size 128 --stride 2 -o labels-128",
        "colorprep labels --dir train.tar --cluster 8",
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
    "--fit",
    type=click.Choice(["stretch", "crop"]),
    default="stretch",
    show_default=True,
    help="Stretch to the size, or cut to the middle square first.",
)
@click.option("--lowpass", type=float, metavar="F", help="Label color blurred by F pixels.")
@click.option(
    "--soft",
    type=click.IntRange(0),
    default=0,
    metavar="K",
    help="Also write each pixel's K likeliest bins. [0]",
)
@click.option("--keep", type=click.Choice(["rgb"]), help="Also write the pixels.")
@click.option(
    "--compression",
    type=click.Choice(["none", "gzip", "lz4", "zstd"]),
    default="none",
    show_default=True,
    help="Smaller shards that cannot be mapped.",
)
@click.option(
    "--shard-size", type=click.IntRange(1), default=1024, show_default=True, help="Images a shard."
)
@click.option("--shuffle", type=int, metavar="SEED", help="Shards in an order of chance.")
@click.option("--extend", is_flag=True, help="Add images that are new in the source.")
@click.option("--overwrite", is_flag=True, help="Replace labels that are there already.")
@options.dry_run_option
@options.output_option("labels", "Folder to write.")
def command(session: Session, dry_run: bool, **values: Any) -> None:
    """Label every image, into shards for training.

    A shard holds lightness, ab and bins. Soft labels need no room: training looks them up by ab.
    Run again, the command continues where it was interrupted, and labels changed images again.
    """
    from ..stages import labels as stage

    with options.wrong_usage():
        params = stage.LabelsParams(**values)
    if dry_run:
        from ..stages.estimate import estimate_labels

        estimate = estimate_labels(params, session.workspace, session.reporter)
        session.show(*describe_estimate(estimate))
        return
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
