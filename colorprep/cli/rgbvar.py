"""`colorprep rgbvar`."""

from __future__ import annotations

from typing import Any

import click

from . import options
from .console import Session
from .describe import quantity, skip_facts, skip_line
from .figure_options import figure_options

SCORES = "rgbvar|saturation|chroma|colorfulness|colorfulness-abs|ab-entropy|surprise"


@options.command(
    [
        "colorprep rgbvar --dir train/",
        "colorprep rgbvar --dir train/ --range 1-1000 --montage 1",
        "colorprep rgbvar --dir train/ --score colorfulness --min-score 15",
        "colorprep rgbvar --dir large/ --fast",
    ]
)
@options.source_argument
@options.image_options
@click.option(
    "--range",
    "ranks",
    metavar="START-END",
    help="Also list the images of these ranks, counted from 1, both ends included.",
)
@click.option("--top", type=click.IntRange(1), metavar="N", help="Short for --range 1-N.")
@click.option(
    "--min-score", type=float, metavar="X", help="Also list the images with a score of at least X."
)
@click.option("--score", default="rgbvar", metavar=SCORES, help="Score to rank by. [rgbvar]")
@click.option(
    "--stratify", is_flag=True, help="Spread images of rare colors evenly over the ranking."
)
@click.option(
    "--montage",
    "montages",
    metavar="OFFSETS",
    help="Also draw the curve of scores, and 100 images from each of these ranks on, such as "
    "1,1000,10000.",
)
@options.fast_option
@figure_options
@options.output_option("lists", "Folder for the lists.")
def command(session: Session, **values: Any) -> None:
    """Rank images from the most to the least colorful.

    Writes the ranking to lists/rgbvar.txt and all scores to lists/rgbvar.csv; with --score, the
    names begin with that score instead. Images that `colorprep labels` has read at 256 x 256 are
    not read again.

    \b
    Scores, all at 256 x 256:
      rgbvar             mean over pixels of the variance across R, G and B
      saturation         mean HSV saturation
      chroma             mean of saturation times value
      colorfulness       Hasler and Suesstrunk's measure
      colorfulness-abs   the same, of absolute opponent colors
      ab-entropy         entropy of the ab bins
      surprise           mean surprise of the pixels under prior.npz
    """  # noqa: D301 - click reads \b
    from ..stages import rgbvar as stage

    with options.wrong_usage():
        params = _params(**values)
    result = stage.run(params, session.workspace, session.reporter)
    ranking = result.ranking
    keys = ranking.keys
    lines = [
        f"{result.list_path}: {quantity(len(keys), 'image')}, first {keys[0]} "
        f"({ranking.scores[0]:.4g}){skip_line(result.skipped)}",
        f"{result.scores_path}: their scores",
    ]
    if result.range_path is not None:
        lines.append(f"{result.range_path}: {quantity(result.n_in_range, 'image')}")
    lines += [str(path) for path in result.pictures]
    facts = {
        "list": result.list_path,
        "scores": result.scores_path,
        "range": result.range_path,
        "pictures": result.pictures,
        "score": params.score,
        "n_images": len(keys),
        "n_in_range": result.n_in_range,
        "n_reduced": int(ranking.table["reduced"].sum()),
        **skip_facts(result.skipped),
    }
    session.show(lines, facts)


def _params(ranks: str | None, top: int | None, montages: str | None, **rest: Any) -> Any:
    from ..errors import InputError
    from ..stages.rgbvar import RgbvarParams, parse_ranks

    if ranks and top:
        raise InputError("--top N is short for --range 1-N; give only one of them")
    chosen = parse_ranks(ranks) if ranks else (1, top) if top else None
    try:
        offsets = tuple(int(text) for text in montages.split(",")) if montages else ()
    except ValueError:
        offsets = (0,)
    if min(offsets, default=1) < 1:
        raise InputError(f"--montage needs ranks, counted from 1, such as 1,1000; got {montages!r}")
    return RgbvarParams(ranks=chosen, montages=offsets, **rest)
