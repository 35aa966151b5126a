"""What a ranking looks like: photographs from some ranks on, and the curve of their scores."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from ...atomic import replacing
from ...engine import Batch, batches_of
from ...images.decoding import Pixels
from ...images.reader import ImageReader
from ...images.skip import Skip
from ...progress import Reporter
from ...report.charts import draw_ranking
from ...report.gallery import fitted, montage
from ..replaced import telling_replaced
from ..source import image_reader, open_engine
from .params import RgbvarParams
from .ranking import Ranking

IN_A_MONTAGE = 100
TILE = 120
QUALITY = 88


@dataclass(frozen=True)
class ReadThumbnails:
    """Reads images of a batch, fitted into a small square; can be sent to other processes."""

    reader: ImageReader
    side: int

    def __call__(self, batch: Batch) -> list[Pixels]:
        """Return the thumbnails; gray squares stand for what can no longer be read."""
        blank = np.full((self.side, self.side, 3), 96, np.uint8)
        return [
            blank if isinstance(image, Skip) else np.asarray(fitted(image.pixels, self.side))
            for image in self.reader.read_all(batch)
        ]


def write_montages(
    folder: Path, ranking: Ranking, params: RgbvarParams, reporter: Reporter
) -> list[Path]:
    """Write a montage for each offset, and the curve of scores with one image for each.

    Parameters
    ----------
    folder : Path
    ranking : Ranking
    params : RgbvarParams
    reporter : Reporter

    Returns
    -------
    list of Path
    """
    offsets = sorted(set(params.montages))
    shown = [
        range(start - 1, min(start - 1 + IN_A_MONTAGE, len(ranking.order))) for start in offsets
    ]
    wanted = [int(ranking.order[rank]) for ranks in shown for rank in ranks]
    task = ReadThumbnails(image_reader(ranking.source, None, params.images), TILE)
    with (
        open_engine(params.images) as engine,
        reporter.track(len(wanted), "images", "montages") as advance,
        closing(engine.run(task, batches_of(wanted, engine.batch_images))) as results,
    ):
        thumbnails = []
        for read in results:
            thumbnails += read
            advance(len(read))
    written = []
    rest = iter(thumbnails)
    firsts = []
    for start, ranks in zip(offsets, shown, strict=True):
        tiles = list(islice(rest, len(ranks)))
        firsts.append(tiles[0])
        path = folder / f"{params.stem}-montage-{start}.jpg"
        with telling_replaced(reporter, path), replacing(path) as temporary:
            sheet = montage(tiles, _title(ranking, params.stem, ranks), tile=TILE)
            sheet.save(temporary, "JPEG", quality=QUALITY)
        written.append(path)
    curve = folder / f"{params.stem}.png"
    with telling_replaced(reporter, curve):
        _write_curve(curve, ranking, params, offsets, firsts)
    return [*written, curve]


def _title(ranking: Ranking, score: str, ranks: range) -> str:
    shown = ranking.scores[ranks[0] : ranks[-1] + 1]
    return (
        f"ranks {ranks[0] + 1:,} to {ranks[-1] + 1:,} of {len(ranking.order):,}   "
        f"{score} {shown.max():.4g} to {shown.min():.4g}"
    )


def _write_curve(
    path: Path,
    ranking: Ranking,
    params: RgbvarParams,
    offsets: Sequence[int],
    firsts: Sequence[Pixels],
) -> None:
    with replacing(path) as temporary:
        figure = draw_ranking(ranking.scores, offsets, firsts, params.score, params.stratify)
        figure.savefig(temporary, format="png")
