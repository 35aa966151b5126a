"""What a report reads from the images: pixels for the round trip, and thumbnails of some ranks."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...engine import Batch, Engine, batches_of
from ...images.decoding import Pixels
from ...images.reader import ImageReader
from ...images.skip import Skip
from ...images.source import Source, index_of
from ...progress import Reporter
from ...quantize.quantizer import Quantizer
from ...quantize.round_trip import RoundTrip, round_trip_errors
from ...report.image_sections import Ranked, RoundTripSample
from ..source import ImageParams, check_strict, image_reader

SAMPLE_IMAGES = 200
GRID = 64
TILE = 112
TILES = 12
BATCH = 4
SHOWN_RANKS = (0.0, 0.1, 0.5, 0.9, 1.0)


class Score(NamedTuple):
    """An image's place in a curriculum."""

    key: str
    score: float


@dataclass(frozen=True)
class _RoundTripTask:
    """Takes a grid of pixels of each image through the round trip."""

    reader: ImageReader
    quantizer: Quantizer

    def __call__(self, batch: Batch) -> tuple[list[tuple[Pixels, RoundTrip]], list[Skip]]:
        """Return pixels (N, 3) and their errors for each image that can be read."""
        found, skipped = [], []
        for image in self.reader.read_all(batch):
            if isinstance(image, Skip):
                skipped.append(image)
            else:
                rgb = grid_of(image.pixels)
                found.append((rgb, round_trip_errors(self.quantizer, rgb)))
        return found, skipped


def sample_round_trip(
    engine: Engine, source: Source, quantizer: Quantizer, params: ImageParams, reporter: Reporter
) -> RoundTripSample | None:
    """Measure the round-trip error on a fixed sample of images.

    Parameters
    ----------
    engine : Engine
    source : Source
    quantizer : Quantizer
    params : ImageParams
    reporter : Reporter

    Returns
    -------
    RoundTripSample or None
        Of up to 200 images, evenly spaced, a grid of up to 64 x 64 pixels each; None where none
        of them can be read.
    """
    indices = evenly_spaced(len(source.keys), SAMPLE_IMAGES).tolist()
    task = _RoundTripTask(image_reader(source, None, params), quantizer)
    found: list[tuple[Pixels, RoundTrip]] = []
    with (
        closing(engine.run(task, batches_of(indices, BATCH))) as results,
        reporter.track(len(indices), "images", "measuring the round trip") as advance,
    ):
        for part, skipped in results:
            check_strict(skipped, params)
            found += part
            advance(len(part) + len(skipped))
    if not found:
        return None
    rgb = np.concatenate([pixels for pixels, _ in found])
    errors = zip(*(errors for _, errors in found), strict=True)
    return RoundTripSample(len(found), rgb, RoundTrip(*map(np.concatenate, errors)))


def ranked_photographs(
    engine: Engine, source: Source | None, scores: Sequence[Score], params: ImageParams
) -> list[list[Ranked]]:
    """Read thumbnails of neighboring ranks at some places of a curriculum.

    Parameters
    ----------
    engine : Engine
    source : Source or None
        None leaves all thumbnails out.
    scores : sequence of Score
        From the most colorful on.
    params : ImageParams

    Returns
    -------
    list of list of Ranked
        Twelve images from each of the ranks on, fewer where there are fewer.
    """
    last = max(0, len(scores) - TILES)
    starts = sorted({min(last, round(share * len(scores))) for share in SHOWN_RANKS})
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
    """Return square thumbnails by key, of those that can be read."""
    indices = [index for key in keys if (index := index_of(source.keys, key)) is not None]
    task = partial(_read_tiles, image_reader(source, TILE, params, "crop"))
    tiles: dict[str, NDArray[np.uint8]] = {}
    with closing(engine.run(task, batches_of(indices, BATCH))) as results:
        for part in results:
            tiles |= part
    return tiles


def _read_tiles(reader: ImageReader, batch: Batch) -> dict[str, NDArray[np.uint8]]:
    return {
        image.key: image.pixels.copy()
        for image in reader.read_all(batch)
        if not isinstance(image, Skip)
    }


def evenly_spaced(n: int, most: int) -> NDArray[np.int64]:
    """Return up to `most` of the numbers below `n`, evenly spaced, the same ones every time."""
    count = min(n, most)
    return np.arange(count, dtype=np.int64) * n // max(1, count)


def grid_of(pixels: Pixels) -> Pixels:
    """Return a grid of up to 64 x 64 of an image's pixels, (N, 3) uint8."""
    rows = evenly_spaced(pixels.shape[0], GRID)
    columns = evenly_spaced(pixels.shape[1], GRID)
    return pixels[np.ix_(rows, columns)].reshape(-1, 3)
