"""`colorprep rgbvar`: rank images from the most to the least colorful, and cut out a curriculum.

References
----------
The colorizer-fcn project (seed 001): variance across R, G and B at 256 x 256, and lists by rank.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ..atomic import write_text
from ..color.scores import rgb_variance
from ..engine import Batch, batches_of
from ..errors import InputError
from ..images.lists import write_list
from ..images.reader import ImageReader
from ..images.skip import Skip
from ..progress import Reporter
from ..workspace import Workspace
from .images import ImageParams, check_strict, image_reader, open_engine, open_source, report_skips
from .lists import LISTS_NAME

SCORE_SIZE = 256


class Score(NamedTuple):
    """An image's score."""

    key: str
    score: float


@dataclass(frozen=True)
class RgbvarParams:
    """What `colorprep rgbvar` is to do.

    Attributes
    ----------
    images : ImageParams
    ranks : tuple of int, or None
        First and last rank of the curriculum, counted from 1, both included.
    output : str, Path or None
        Folder of the lists; None for ``lists/``.
    """

    images: ImageParams = field(default_factory=ImageParams)
    ranks: tuple[int, int] | None = None
    output: str | Path | None = None


@dataclass(frozen=True)
class RgbvarResult:
    """What `colorprep rgbvar` did.

    Attributes
    ----------
    ranked : list of Score
        From the most colorful on.
    list_path, scores_path : Path
    range_path : Path or None
    n_in_range : int
    skipped : list of Skip
    """

    ranked: list[Score]
    list_path: Path
    scores_path: Path
    range_path: Path | None
    n_in_range: int
    skipped: list[Skip]


def parse_ranks(text: str) -> tuple[int, int]:
    """Read START-END.

    Parameters
    ----------
    text : str
        Such as ``1000-100100``.

    Returns
    -------
    tuple of int
        Counted from 1, both ends included.

    Raises
    ------
    InputError
        If it is no such range.
    """
    match = re.fullmatch(r"\s*(\d+)\s*-\s*(\d+)\s*", text)
    if match is None:
        raise InputError(f"a range is START-END, such as 1000-100100; got {text!r}")
    start, end = int(match[1]), int(match[2])
    if not 1 <= start <= end:
        raise InputError(f"a range counts from 1 and ends no earlier than it starts; got {text!r}")
    return start, end


def run(params: RgbvarParams, workspace: Workspace, reporter: Reporter) -> RgbvarResult:
    """Rank the images of a source by colorfulness and write the lists.

    Parameters
    ----------
    params : RgbvarParams
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    RgbvarResult

    Raises
    ------
    InputError
        If no image could be read, or the range starts past the last one.
    ColorprepError
        With `images.strict`, at the first bad image.
    """
    source = open_source(params.images, workspace)
    check_strict(source.skipped, params.images)
    _check_start(params.ranks, len(source.keys))
    reader = image_reader(source, SCORE_SIZE, params.images)
    scores: list[Score] = []
    skipped = list(source.skipped)
    task = partial(_score_batch, reader)
    indices = range(len(source.keys))
    with (
        open_engine(params.images) as engine,
        reporter.track(len(indices), "images", "scoring") as advance,
        closing(engine.run(task, batches_of(indices, engine.batch_images))) as results,
    ):
        for found, bad in results:
            check_strict(bad, params.images)
            scores += found
            skipped += bad
            advance(len(found) + len(bad))
    skipped.sort()
    report_skips(skipped, len(scores), reporter)
    ranked = rank(scores)
    folder = workspace.path(params.output or LISTS_NAME)
    list_path, scores_path = folder / "rgbvar.txt", folder / "rgbvar.csv"
    write_list(list_path, (item.key for item in ranked))
    _write_scores(scores_path, ranked)
    range_path, n_in_range = None, 0
    if params.ranks is not None:
        _check_start(params.ranks, len(ranked))
        start, end = params.ranks
        if end > len(ranked):
            reporter.warn(f"only {len(ranked)} images: the range ends there, not at {end}")
        chosen = ranked[start - 1 : end]
        range_path, n_in_range = folder / f"rgbvar-{start}-{end}.txt", len(chosen)
        write_list(range_path, (item.key for item in chosen))
    return RgbvarResult(ranked, list_path, scores_path, range_path, n_in_range, skipped)


def rank(scores: Sequence[Score]) -> list[Score]:
    """Sort by score, highest first; equal scores by key."""
    return sorted(scores, key=lambda item: (-item.score, item.key))


def _score_batch(reader: ImageReader, batch: Batch) -> tuple[list[Score], list[Skip]]:
    scores, skipped = [], []
    for key, pixels, _ in reader.read_all(batch):
        if isinstance(pixels, Skip):
            skipped.append(pixels)
        else:
            scores.append(Score(key, rgb_variance(pixels)))
    return scores, skipped


def _check_start(ranks: tuple[int, int] | None, n_images: int) -> None:
    if ranks is not None and ranks[0] > n_images:
        raise InputError(
            f"the range starts at {ranks[0]}, but there are only {n_images} images; choose a range "
            f"within 1-{n_images}"
        )


def _write_scores(path: Path, ranked: Sequence[Score]) -> None:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["key", "rgbvar"])
    table.writerows((item.key, repr(item.score)) for item in ranked)
    write_text(path, text.getvalue())
