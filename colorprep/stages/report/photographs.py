"""What a report reads of the images: pixels for the round trip, and thumbnails of some ranks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...engine import Engine
from ...images.decoding import Pixels
from ...images.reader import ReadImage
from ...images.source import Source, index_of
from ...progress import Reporter
from ...quantize.quantizer import Quantizer
from ...quantize.round_trip import RoundTrip, round_trip_errors
from ...report.sections.images import Ranked, RoundTripSample
from ..passes import EachImage, Passes
from ..source import ImageParams, image_reader

SAMPLE_IMAGES = 200
GRID = 64
TILE = 144
TILES = 12
BATCH = 4
SHOWN_RANKS = (0.0, 0.1, 0.5, 0.9, 1.0)


class Score(NamedTuple):
    """An image's score in a ranking."""

    key: str
    score: float


def sample_round_trip(
    passes: Passes, source: Source, quantizer: Quantizer, params: ImageParams
) -> RoundTripSample | None:
    """Measure the round-trip error on a fixed sample of images.

    Returns
    -------
    RoundTripSample or None
        A grid of up to 64 x 64 pixels from each of up to 200 evenly spaced images; None if none of
        them can be read.
    """
    indices = evenly_spaced(len(source.keys), SAMPLE_IMAGES).tolist()
    task = EachImage(image_reader(source, None, params), partial(_round_trip, quantizer))
    with passes.each(task, indices, "measuring the round trip", BATCH) as results:
        made = [one for done in results for one in done.made]
    if not made:
        return None
    rgb = np.concatenate([pixels for pixels, _ in made])
    errors = zip(*(errors for _, errors in made), strict=True)
    return RoundTripSample(len(made), rgb, RoundTrip(*map(np.concatenate, errors)))


def _round_trip(quantizer: Quantizer, image: ReadImage) -> tuple[Pixels, RoundTrip]:
    """Return a grid of an image's pixels, (N, 3) uint8, and their errors."""
    rgb = grid_of(image.pixels)
    return rgb, round_trip_errors(quantizer, rgb)


def ranked_photographs(
    engine: Engine, source: Source | None, scores: Sequence[Score], params: ImageParams
) -> list[list[Ranked]]:
    """Read thumbnails of neighboring ranks at some places of a ranking.

    Parameters
    ----------
    source : Source or None
        None omits all thumbnails.
    scores : sequence of Score
        The most colorful image first.

    Returns
    -------
    list of list of Ranked
        Up to twelve images from each of `SHOWN_RANKS` on.
    """
    last = max(0, len(scores) - TILES)
    starts = sorted({min(last, round(fraction * len(scores))) for fraction in SHOWN_RANKS})
    groups = [range(start, min(start + TILES, len(scores))) for start in starts]
    wanted = sorted({scores[rank].key for group in groups for rank in group})
    tiles = {} if source is None else _thumbnails(engine, source, wanted, params)
    return [
        [Ranked(rank + 1, *scores[rank], tiles.get(scores[rank].key)) for rank in group]
        for group in groups
    ]


def _thumbnails(
    engine: Engine, source: Source, keys: Sequence[str], params: ImageParams
) -> dict[str, NDArray[np.uint8]]:
    """Return square thumbnails by key, of the images that can be read."""
    indices = [index for key in keys if (index := index_of(source.keys, key)) is not None]
    task = EachImage(image_reader(source, TILE, params, "crop"), _tile)
    with Passes(engine, Reporter()).each(task, indices, "reading thumbnails", BATCH) as results:
        return {key: tile for done in results for key, tile in done.made}


def _tile(image: ReadImage) -> tuple[str, NDArray[np.uint8]]:
    return image.key, image.pixels.copy()


def evenly_spaced(n: int, most: int) -> NDArray[np.int64]:
    """Return up to `most` evenly spaced numbers below `n`, always the same ones."""
    count = min(n, most)
    return np.arange(count, dtype=np.int64) * n // max(1, count)


def grid_of(pixels: Pixels) -> Pixels:
    """Return a grid of up to 64 x 64 of an image's pixels, (N, 3) uint8."""
    rows = evenly_spaced(pixels.shape[0], GRID)
    columns = evenly_spaced(pixels.shape[1], GRID)
    return pixels[np.ix_(rows, columns)].reshape(-1, 3)
