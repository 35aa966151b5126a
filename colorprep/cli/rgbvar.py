"""`colorprep rgbvar`."""

from __future__ import annotations

from typing import Any

import click

from . import options
from .console import Session
from .describe import quantity, skip_facts, skip_line


@options.command(
    [
        "colorprep rgbvar --dir train/",
        "colorprep rgbvar --dir train/ --range 1000-100100",
    ]
)
@options.image_options
@click.option(
    "--range",
    "ranks",
    metavar="START-END",
    help="Also write the images of these ranks, counted from 1, both ends included.",
)
@options.output_option("lists", "Folder to write.")
def command(session: Session, images: Any, ranks: str | None, output: str | None) -> None:
    """Rank images from the most to the least colorful.

    Writes lists/rgbvar.txt, and the scores to lists/rgbvar.csv. The score is the mean over pixels
    of the variance across R, G and B, at 256 x 256.
    """
    from ..stages import rgbvar as stage

    with options.wrong_usage():
        params = stage.RgbvarParams(images, stage.parse_ranks(ranks) if ranks else None, output)
    result = stage.run(params, session.workspace, session.reporter)
    top = result.ranked[0]
    lines = [
        f"{result.list_path.as_posix()}: {quantity(len(result.ranked), 'image')}, from {top.key} "
        f"({top.score:.1f}) on{skip_line(result.skipped)}",
        f"{result.scores_path.as_posix()}: their scores",
    ]
    if result.range_path is not None:
        lines.append(f"{result.range_path.as_posix()}: {quantity(result.n_in_range, 'image')}")
    facts = {
        "list": result.list_path,
        "scores": result.scores_path,
        "range": result.range_path,
        "n_images": len(result.ranked),
        "n_in_range": result.n_in_range,
        **skip_facts(result.skipped),
    }
    session.show(lines, facts)
