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
        "colorprep labels --dir large/ --fast",
        "colorprep labels --dir s3://bucket/train -o s3://bucket/labels",
        "colorprep labels --dir train/ --format npy -o maps",
        "colorprep labels --dir JPEGImages/ --segments SegmentationClass/ --list train.txt",
    ]
)
@options.source_argument
@options.image_options
@click.option("--prior", metavar="FILE", help="Use this prior's bins. [prior.npz, else ab313]")
@click.option(
    "--format",
    type=click.Choice(["h5", "npy"]),
    default="h5",
    show_default=True,
    help="Shards for training, or one label map per image.",
)
@options.size_option("256; native with npy")
@options.fast_option
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
    help="Stretch images to the size, or crop the center square first.",
)
@click.option(
    "--lowpass", type=float, metavar="F", help="Blur the color by F pixels before labeling."
)
@click.option(
    "--soft",
    type=click.IntRange(0),
    default=0,
    metavar="K",
    help="Also store the K likeliest bins of each pixel. [0]",
)
@click.option("--keep", type=click.Choice(["rgb"]), help="Also store the RGB pixels.")
@click.option(
    "--segments",
    metavar="DIR",
    help="Also store segment masks; that of a/b.jpg is a PNG of class indices, DIR/a/b.png or "
    "DIR/b.png.",
)
@click.option(
    "--segment-classes",
    type=click.IntRange(1, 255),
    metavar="N",
    help="Number of classes of the masks. [21, as in VOC]",
)
@options.class_option
@click.option(
    "--features",
    metavar="classifier|FILE",
    help="Also store what a frozen classifier returns for the gray picture: that of "
    "colorprep[classifier], or a TorchScript or .pt2 file, whose code is run.",
)
@click.option(
    "--compression",
    type=click.Choice(["none", "gzip", "lz4", "zstd"]),
    default="none",
    show_default=True,
    help="Compress shards; compressed shards cannot be memory-mapped.",
)
@click.option(
    "--shard-size",
    type=click.IntRange(1),
    default=1024,
    show_default=True,
    metavar="N",
    help="Images per shard.",
)
@click.option("--shuffle", type=int, metavar="SEED", help="Shuffle the images with this seed.")
@click.option("--extend", is_flag=True, help="Add the images that are new in the source.")
@click.option("--overwrite", is_flag=True, help="Replace existing labels.")
@options.dry_run_option
@options.output_option("labels", "Folder or URL for the labels.")
def command(session: Session, dry_run: bool, **values: Any) -> None:
    """Label every image and write shards for training.

    A shard holds lightness, ab and bins. Soft labels need no space: training looks them up by ab.
    Running the same command again continues after an interrupt, and relabels changed images.
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
    kind = quantity(result.n_shards, "shard") if result.n_shards else "one .npy per image"
    lines = [
        f"{result.folder}: {quantity(result.n_images, 'image')} labeled by "
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
