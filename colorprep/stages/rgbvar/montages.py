"""Pictures of a ranking: photographs from some ranks on, and the curve of the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...atomic import replacing
from ...curriculum.scoring import sector_colors, sector_names
from ...images.decoding import Pixels
from ...places import Location
from ...progress import Reporter
from ...report.figures.charts import Stratum, draw_ranking, ranking_title
from ...report.figures.files import write_figure
from ...report.gallery import TILE, montage
from ...report.sheets import sheet_ending, write_sheet
from ..figure_heights import note_heights
from ..passes import Passes
from ..replaced import telling_replaced
from ..source import image_reader, open_engine
from ..thumbnails import thumbnails
from .params import RgbvarParams
from .ranking import Ranking

IN_A_MONTAGE = 100


def write_montages(
    folder: Location, ranking: Ranking, params: RgbvarParams, reporter: Reporter
) -> list[Location]:
    """Write a montage for each offset, and the curve of scores with some of the images."""
    offsets = sorted(set(params.montages))
    shown = [
        range(start - 1, min(start - 1 + IN_A_MONTAGE, len(ranking.order))) for start in offsets
    ]
    small = _small([rank for ranks in shown for rank in ranks], ranking, params, reporter)
    keys, style, written = ranking.keys, params.style, []
    for start, ranks in zip(offsets, shown, strict=True):
        tiles = [small[rank] for rank in ranks]
        names = [keys[rank] for rank in ranks]
        path = folder / f"{params.stem}-montage-{start}.{sheet_ending(style)}"
        title = _title(ranking, params.stem, ranks) if style.titled else ""
        with telling_replaced(reporter, path), replacing(path) as temporary:
            write_sheet(montage(tiles, title, tile=TILE, names=names), temporary, style)
        written.append(path)
    curve = folder / f"{params.stem}.{style.ending}"
    with telling_replaced(reporter, curve):
        photographs = {rank: small[rank] for rank in _on_curve(shown)}
        height = _write_curve(curve, ranking, params, photographs)
    note_heights({curve.name: height}, reporter)
    return [*written, curve]


def _small(
    ranks: Sequence[int], ranking: Ranking, params: RgbvarParams, reporter: Reporter
) -> dict[int, Pixels]:
    """Return small images by rank; gray squares for what can no longer be read."""
    indices = [int(ranking.order[rank]) for rank in ranks]
    least_side = 2 * TILE if params.fast else None
    reader = image_reader(ranking.source, None, params.images, least_side=least_side)
    with open_engine(params.images) as engine:
        passes = Passes(engine, reporter)
        small = thumbnails(indices, reader, passes, TILE, "drawing montages")
    blank = np.full((TILE, TILE, 3), 96, np.uint8)
    return {rank: small.get(index, blank) for rank, index in zip(ranks, indices, strict=True)}


def _title(ranking: Ranking, score: str, ranks: range) -> str:
    shown = ranking.scores[ranks[0] : ranks[-1] + 1]
    return (
        f"ranks {ranks[0] + 1:,} to {ranks[-1] + 1:,} of {len(ranking.order):,}   "
        f"{score} {shown.max():.4g} to {shown.min():.4g}"
    )


def _on_curve(montages: Sequence[range]) -> list[int]:
    """Return the ranks of the photographs on the curve, counted from 0.

    They are the first of each montage, or the first, the middle and the last of a single one.
    """
    if len(montages) > 1:
        return [ranks[0] for ranks in montages]
    (ranks,) = montages
    return sorted({ranks[0], ranks[len(ranks) // 2], ranks[-1]})


def _write_curve(
    path: Location, ranking: Ranking, params: RgbvarParams, photographs: Mapping[int, Pixels]
) -> float | None:
    """Draw the scores, with photographs by rank; return what `write_figure` does."""
    figure = draw_ranking(
        ranking.scores,
        [rank + 1 for rank in photographs],
        list(photographs.values()),
        [ranking.keys[rank] for rank in photographs],
        params.score,
        _strata(ranking),
    )
    with replacing(path) as temporary:
        title = ranking_title(params.score, params.stratify)
        return write_figure(figure, title, temporary, params.style)


def _strata(ranking: Ranking) -> list[Stratum]:
    """Return the strata of a ranking that have images; none if it is not by strata."""
    if ranking.strata is None:
        return []
    named = zip(sector_names(), sector_colors().tolist(), strict=True)
    strata = [
        Stratum(name, tuple(color), np.flatnonzero(ranking.strata == number))
        for number, (name, color) in enumerate(named)
    ]
    return [stratum for stratum in strata if len(stratum.positions)]
