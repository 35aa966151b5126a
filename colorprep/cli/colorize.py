"""`colorprep colorize`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from . import options
from .console import Session
from .describe import skip_facts, skip_line


@options.command(
    [
        "colorprep colorize old-photo.jpg",
        "colorprep colorize scans/ --temperature 0.2 -o colored",
        "colorprep colorize old-photo.jpg --checkpoint runs/siggraph17 --hints old-photo.csv",
    ]
)
@click.argument("inputs", nargs=-1, required=True)
@click.option("--list", metavar="FILE", help="Color only the photographs in this list.")
@click.option(
    "--checkpoint",
    metavar="PATH",
    help="A run, or one of its .pt files. [best.pt of the newest finished run]",
)
@click.option(
    "--temperature",
    type=click.FloatRange(0, min_open=True),
    default=0.38,
    show_default=True,
    help="Of the annealed mean: 1 gives the mean color, lower is more saturated.",
)
@click.option(
    "--class",
    "class_name",
    metavar="NAME",
    help="Class of the photographs, if the network takes it.",
)
@options.features_option
@click.option(
    "--hints",
    metavar="PATH",
    help="Colors at places, if the network takes them: a CSV file with the header "
    "x,y,radius,color (#rrggbb) for all photographs, or a folder with <stem>.csv for each.",
)
@click.option(
    "--entropy",
    is_flag=True,
    help="Also draw <stem>.entropy.png: where the network is sure of the color, and where not.",
)
@options.device_option
@options.photographs_at_once_option
@options.damaged_option
@options.output_option("colorized", "Folder for the pictures.")
def command(session: Session, **values: Any) -> None:
    """Color photographs with a trained network.

    Pictures keep the full resolution and lightness of their photographs. INPUTS are photographs,
    gray or in color, and folders, archives or URLs of them. Each photograph becomes <stem>.png, in
    the same subfolder. Pictures that the same network already made from the same photographs are
    kept, so running the command again after an interrupt continues. sheet.jpg shows photographs in
    gray, colorized and as they are, with their names; many are on sheet-01.jpg and so on.
    """
    from ..stages import colorize as stage
    from ..workspace import COLORIZED

    params = stage.ColorizeParams(**values)
    stage.check_inputs(params, session.workspace)
    result = stage.run(params, session.workspace, session.reporter)
    lines = [path.as_posix() for path in [*result.written, *result.entropy_maps]]
    sheets = [path.as_posix() for path in result.sheets]
    if len(lines) > 10:
        folder = session.workspace.path(values["output"] or COLORIZED)
        maps = ", each with a map of entropy" if result.entropy_maps else ""
        n_pictures = f"{len(result.written):,} pictures"
        lines = [f"{folder.as_posix()}: {n_pictures}{maps}{skip_line(result.skipped)}"]
    if len(sheets) > 1:
        sheets = [f"{sheets[0]} to {Path(sheets[-1]).name}"]
    facts = {
        "checkpoint": result.checkpoint,
        **result.origin.facts(),
        "written": result.written,
        "kept": result.kept,
        "sheets": result.sheets,
        **skip_facts(result.skipped),
    }
    if result.entropy_maps:
        facts["entropy_maps"] = result.entropy_maps
    session.show([*lines, *sheets], facts)
