"""`colorprep rgbvar`."""

from __future__ import annotations

from typing import Any

import click

from . import options
from .console import Session
from .describe import quantity, skip_facts, skip_line

SCORES = "rgbvar|saturation|chroma|colorfulness|colorfulness-abs|ab-entropy|surprise"


@options.command(
    [
        "colorprep rgbvar --dir train/",
        "colorprep rgbvar --dir train/ --range 1000-100100 --montage 1,1000,10000",
        "colorprep rgbvar --dir train/ --score colorfulness --min-score 15",
    ]
)
@options.image_options
@click.option(
    "--range",
    "ranks",
    metavar="START-END",
    help="Also write the images of these ranks, counted from 1, both ends included.",
)
@click.option("--top", type=click.IntRange(1), metavar="N", help="The same as --range 1-N.")
@click.option("--min-score", type=float, metavar="X", help="Also write the images from X up.")
@click.option("--score", default="rgbvar", metavar=SCORES, help="Rank by this. [rgbvar]")
@click.option("--stratify", is_flag=True, help="Let every beginning keep the share of rare colors.")
@click.option(
    "--montage",
    "montages",
    metavar="OFFSETS",
    help="Also show 100 images from each of these ranks on, such as 1,1000,10000, and the curve.",
)
@click.option("--fast", is_flag=True, help="Decode JPEG files of 1024 pixels and more smaller.")
@options.output_option("lists", "Folder to write.")
def command(session: Session, **values: Any) -> None:
    """Rank images from the most to the least colorful.

    Writes lists/rgbvar.txt, and all scores to lists/rgbvar.csv. The score is the mean over pixels
    of the variance across R, G and B, at 256 x 256; --score ranks by another one, into files of its
    name: mean HSV saturation, or saturation times value (chroma); Hasler and Suesstrunk's
    colorfulness, or its variant of absolute values; the entropy of the ab bins; the surprise under
    prior.npz. Images that `colorprep labels` has seen at that size need not be read again.
    """
    from ..stages import rgbvar as stage

    with options.wrong_usage():
        params = _params(**values)
    result = stage.run(params, session.workspace, session.reporter)
    ranking = result.ranking
    keys = ranking.keys
    lines = [
        f"{result.list_path.as_posix()}: {quantity(len(keys), 'image')}, from {keys[0]} "
        f"({ranking.scores[0]:.4g}) on{skip_line(result.skipped)}",
        f"{result.scores_path.as_posix()}: their scores",
    ]
    if result.range_path is not None:
        lines.append(f"{result.range_path.as_posix()}: {quantity(result.n_in_range, 'image')}")
    lines += [path.as_posix() for path in result.pictures]
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
        raise InputError("--top N is the same as --range 1-N; choose one")
    chosen = parse_ranks(ranks) if ranks else (1, top) if top else None
    try:
        offsets = tuple(int(text) for text in montages.split(",")) if montages else ()
    except ValueError:
        offsets = (0,)
    if min(offsets, default=1) < 1:
        raise InputError(f"--montage takes ranks from 1 on, such as 1,1000; got {montages!r}")
    return RgbvarParams(ranks=chosen, montages=offsets, **rest)
