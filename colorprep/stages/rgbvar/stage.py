"""`colorprep rgbvar`: rank images from the most to the least colorful, and cut out a curriculum.

References
----------
The colorizer-fcn project: variance across R, G and B at 256 x 256, and lists by rank.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...artifacts import load_prior
from ...atomic import check_replaceable, write_csv
from ...balance.prior import Prior
from ...curriculum.ranking import color_strata, ranked, ranked_by_strata
from ...curriculum.scoring import SCORES
from ...errors import InputError
from ...images.lists import read_list
from ...images.skip import Skip
from ...images.source import Source
from ...locks import in_turn
from ...places import Location
from ...progress import Reporter
from ...scorebook import ScoreBook
from ...storage import size_of, sizes_in
from ...workspace import LISTS, PRIOR, Workspace
from ..passes import check_strict
from ..replaced import replace_list, telling_replaced
from ..scoring import open_scores, score_missing
from ..source import open_source, report_reduced, report_skips
from .params import PICTURE_ENDINGS, RgbvarParams
from .ranking import Ranking


@dataclass(frozen=True)
class RgbvarResult:
    """Result of `colorprep rgbvar`.

    Attributes
    ----------
    ranking : Ranking
        The most colorful image first.
    range_path : Path or None
        The list of the curriculum.
    n_in_range : int
        Images in it.
    pictures : list of Path
        Montages, and the curve of scores.
    """

    ranking: Ranking
    list_path: Location
    scores_path: Location
    range_path: Location | None
    n_in_range: int
    pictures: list[Location]
    skipped: list[Skip]


def run(params: RgbvarParams, workspace: Workspace, reporter: Reporter) -> RgbvarResult:
    """Rank the images of a source by colorfulness and write the lists.

    Raises
    ------
    InputError
        If no image could be read, the range or a montage starts past the last one, or no image has
        the minimal score.
    ArtifactError
        If the score is surprise and the prior is missing.
    ColorprepError
        With `images.strict`, at the first bad image.
    """
    source = open_source(params.images, workspace, reporter)
    check_strict(source.skipped, params.images.strict)
    _check_starts(params, len(source.keys))
    folder = workspace.location(params.output or LISTS)
    list_path, scores_path = folder / f"{params.stem}.txt", folder / f"{params.stem}.csv"
    for path in (list_path, scores_path):
        check_replaceable(path)
    prior = None
    if params.score == "surprise":
        prior = load_prior(workspace.input_location(params.prior, PRIOR))
    score = params.score.replace("-", "_")
    with open_scores(source, params.images, prior, workspace, reporter, params.fast) as book:
        bad = score_missing(book, score, source, params.images, prior, params.fast, reporter)
    skipped = sorted([*source.skipped, *bad])
    report_skips(skipped, int(book.known.sum()), reporter)
    ranking = ranking_of(source, book, score, params.stratify)
    if params.fast:
        report_reduced(int(ranking.table["reduced"].sum()), len(ranking.table), reporter)
    _check_starts(params, len(ranking.order))
    workspace.make_own(folder)
    before = _others_of_the_ranking(list_path, ranking)
    with in_turn(folder):  # so that all three come from one command
        replace_list(list_path, ranking.keys, reporter)
        with telling_replaced(reporter, scores_path):
            _write_scores(scores_path, ranking, prior)
        range_path, n_in_range = _write_curriculum(folder, ranking, params, reporter)
    pictures: list[Location] = []
    if params.montages:
        from .montages import write_montages  # here, since drawing is slow to import

        pictures = write_montages(folder, ranking, params, reporter)
    stale = sorted(before - {range_path, *pictures})
    if stale:
        names = ", ".join(path.name for path in stale)
        reporter.warn(
            f"the ranking has changed since these files were made; they are kept: {names}"
        )
    return RgbvarResult(ranking, list_path, scores_path, range_path, n_in_range, pictures, skipped)


def ranking_of(source: Source, book: ScoreBook, score: str, stratify: bool) -> Ranking:
    """Rank the images whose scores are known; with `stratify`, colors take turns."""
    known = np.flatnonzero(book.known)
    table = book.scores[known]
    keys = [source.keys[index] for index in known.tolist()]
    if not stratify:
        order = ranked(table[score], keys)
        return Ranking(source, known[order], table[order], table[score][order], None)
    strata = color_strata(table["sectors"])
    order = ranked_by_strata(table[score], keys, strata)
    return Ranking(source, known[order], table[order], table[score][order], strata[order])


def _others_of_the_ranking(list_path: Location, ranking: Ranking) -> set[Location]:
    """Return the lists and pictures that were made of another ranking with this list's name."""
    if size_of(list_path) is None or read_list(list_path, may_be_empty=True) == ranking.keys:
        return set()
    folder, stem = list_path.parent, Path(list_path.name).stem
    entries = folder.iterdir() if isinstance(folder, Path) else map(Path, sizes_in(folder))
    names = [entry.name for entry in entries]
    lists = [name for name in fnmatch.filter(names, f"{stem}-*.txt") if re.search(r"-\d", name)]
    pictures = [
        name
        for ending in PICTURE_ENDINGS
        for pattern in (f"{stem}-montage-*.{ending}", f"{stem}.{ending}")
        for name in fnmatch.filter(names, pattern)
    ]
    return {folder / name for name in (*lists, *pictures)}


def _check_starts(params: RgbvarParams, n_images: int) -> None:
    starts = {"montage": max(params.montages, default=1)}
    starts["range"] = params.ranks[0] if params.ranks else 1
    for what, start in starts.items():
        if start > n_images:
            raise InputError(
                f"the {what} starts at {start}, but there are only {n_images} images; choose one "
                f"within 1-{n_images}"
            )


def _write_curriculum(
    folder: Location, ranking: Ranking, params: RgbvarParams, reporter: Reporter
) -> tuple[Location | None, int]:
    """Write the list of the requested images; return its path and their number."""
    keys = ranking.keys
    if params.ranks is not None:
        start, end = params.ranks
        if end > len(keys):
            reporter.warn(f"only {len(keys)} images: the range ends there, not at {end}")
        path, chosen = folder / f"{params.stem}-{start}-{end}.txt", keys[start - 1 : end]
    elif params.min_score is not None:
        enough = ranking.scores >= params.min_score
        if not enough.any():
            raise InputError(
                f"no image reaches {params.score} {params.min_score:g}; the highest is "
                f"{ranking.scores.max():g}"
            )
        path = folder / f"{params.stem}-min-{params.min_score:g}.txt"
        chosen = [keys[rank] for rank in np.flatnonzero(enough).tolist()]
    else:
        return None, 0
    replace_list(path, chosen, reporter)
    return path, len(chosen)


def _write_scores(path: Location, ranking: Ranking, prior: Prior | None) -> None:
    """Write all scores; surprise only with the prior on which it depends."""
    names = [name for name in SCORES if name != "surprise" or prior is not None]
    columns = [ranking.table[name].tolist() for name in names]
    columns.append(np.where(ranking.table["reduced"], "reduced", "full").tolist())
    names.append("decoding")
    if ranking.strata is not None:
        columns.append(ranking.strata.tolist())
        names.append("stratum")
    write_csv(path, ["key", *names], zip(ranking.keys, *columns, strict=True))
