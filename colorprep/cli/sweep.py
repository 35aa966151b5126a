"""`colorprep sweep`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from . import options
from .console import Session
from .describe import quantity, skip_facts, skip_line

if TYPE_CHECKING:
    from ..metrics.pictures import MeanError


class Counts(click.ParamType[Any]):
    """Numbers of hints, separated by commas."""

    name = "N,N,..."

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return a list of integers."""
        try:
            return [int(text) for text in str(value).split(",")]
        except ValueError:
            self.fail(f"{value!r} is no list of whole numbers, such as 0,1,10", param, ctx)


@options.command(
    [
        "colorprep sweep runs/siggraph17 --dir photos/",
        "colorprep sweep runs/siggraph17 --dir photos/ --counts 0,1,10,100 --list some.txt",
    ]
)
@click.argument("checkpoint", metavar="[RUN]", required=False)
@options.source_options
@click.option(
    "--counts",
    type=Counts(),
    help="Numbers of hints. [the 26 published ones, from 0 to 501]",
)
@click.option(
    "--size",
    type=click.IntRange(1, 16384),
    metavar="N",
    default=256,
    show_default=True,
    help="Stretch photographs to N x N pixels first.",
)
@click.option(
    "--reference",
    metavar="FILE",
    help="An .npy file of PSNR by image and published number, to be drawn beside the curve.",
)
@options.device_option
@options.photographs_at_once_option
@options.output_option("sweep", "Folder for the results.")
def command(session: Session, images: Any, workers: int | None, counts: Any, **values: Any) -> None:
    """Measure how pictures improve with the number of color hints.

    RUN is a run of a network that takes hints, or one of its .pt files; by default, the newest
    finished run. Each hint tells the network the color of 6 x 6 pixels of the photograph. PSNR is a
    mean over the photographs, with its standard error.
    """
    from ..stages.early_checks import check_checkpoint, check_images

    check_checkpoint(values["checkpoint"], session.workspace)
    check_images(images, session.workspace)

    from ..stages import sweep as stage  # torch is slow to import

    with options.wrong_usage():
        given = {} if counts is None else {"counts": counts}
        params = stage.SweepParams(replace(images, workers=workers), **values, **given)
    result = stage.run(params, session.workspace, session.reporter)
    lines = [
        *_table(result.psnr, result.reference),
        "",
        f"{quantity(result.n_images, 'image')}{skip_line(result.skipped)}",
        f"{result.figures.as_posix()}: the same figures",
        f"{result.table.as_posix()}: those of each image",
        f"{result.curve.as_posix()}: the curve",
    ]
    facts = {
        "psnr": stage.measured_facts(result.psnr),
        "reference": stage.measured_facts(result.reference),
        "n_images": result.n_images,
        "figures": result.figures,
        "table": result.table,
        "curve": result.curve,
        "checkpoint": result.origin.path,
        **result.origin.facts(),
        **skip_facts(result.skipped),
    }
    session.show(lines, facts)


def _table(psnr: dict[int, MeanError], reference: dict[int, MeanError]) -> list[str]:
    """Return figures as the lines of an aligned table."""
    from ..metrics.pictures import aligned

    cells = [["hints", "PSNR", "s.e.", *(["reference"] if reference else [])]]
    for count, mean in psnr.items():
        cells.append([str(count), f"{mean.mean:.2f}", f"{mean.standard_error:.2f}"])
        if reference:
            cells[-1].append(f"{reference[count].mean:.2f}" if count in reference else "-")
    return aligned(cells)
