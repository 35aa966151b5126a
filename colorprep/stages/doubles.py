"""Finding doubles among a source's images: candidates by fingerprint, each confirmed by pixels."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..audit.candidates import near_pairs
from ..audit.doubles import compare, connected
from ..audit.fingerprints import SIDE
from ..color.lab import Floats
from ..color.luma import luma
from ..engine import Batch, Engine, batches_of
from ..errors import BadImage
from ..images.decoding import Pixels
from ..images.reader import ImageReader
from ..images.resizing import resize
from ..progress import Reporter
from .inspection import VIEW_SIZE, Records

_DIFFERENT, _NEAR, _EQUAL = 0, 1, 2

Pairs = NDArray[np.int64]


class Doubles(NamedTuple):
    """Which images show the same picture.

    Attributes
    ----------
    sets : list of list of int
        Indices, in order; the sets in order of their first images.
    exact : frozenset of int
        Images of which another has the same bytes or the same pixels.
    """

    sets: list[list[int]]
    exact: frozenset[int]


class _Picture(NamedTuple):
    pixels: Pixels
    luma: Floats


@dataclass(frozen=True)
class _PairComparer:
    """Compares the pairs of a batch; its indices are those of the pairs."""

    reader: ImageReader
    pairs: Pairs

    def __call__(self, batch: Batch) -> NDArray[np.int8]:
        verdicts = np.zeros(len(batch.indices), np.int8)
        opened, first = -1, None
        for at, number in enumerate(batch.indices):
            if number in batch.quarantined:
                continue
            i, j = self.pairs[number].tolist()
            if i != opened:  # pairs are in order, so the first image often stays the same
                opened, first = i, self._open(i)
            second = self._open(j)
            if first is not None and second is not None:
                verdicts[at] = _verdict(first, second)
        return verdicts

    def _open(self, index: int) -> _Picture | None:
        """Read an image again; None where that fails now."""
        try:
            pixels, _ = self.reader.read(index)
        except BadImage:
            return None
        small = resize(resize(pixels, VIEW_SIZE), SIDE)
        return _Picture(pixels, luma(small) / 256.0)


def find_doubles(
    records: Records, reader: ImageReader, engine: Engine, reporter: Reporter
) -> Doubles:
    """Find the images that show the same picture.

    Parameters
    ----------
    records : ndarray of RECORD
        Of all images of a source.
    reader : ImageReader
        Of that source, at native size.
    engine : Engine
    reporter : Reporter

    Returns
    -------
    Doubles
    """
    indices = np.flatnonzero(records["read"])
    _, first, which = np.unique(records["digest"][indices], return_index=True, return_inverse=True)
    same_bytes = np.stack([indices[first[which]], indices], axis=1)
    same_bytes = same_bytes[same_bytes[:, 0] != same_bytes[:, 1]]
    different = np.sort(indices[first])
    candidates = _candidates(different, records, reporter)
    verdicts = _compared(_PairComparer(reader, candidates), engine, reporter)
    near, equal = candidates[verdicts == _NEAR], candidates[verdicts == _EQUAL]
    exact = np.concatenate([same_bytes, equal])
    joined = np.concatenate([exact, near]).tolist()
    return Doubles(connected((i, j) for i, j in joined), frozenset(np.unique(exact).tolist()))


def _candidates(indices: NDArray[np.int64], records: Records, reporter: Reporter) -> Pairs:
    """Return the pairs of images, of those of different bytes, that may show the same picture."""
    found = [np.empty((0, 2), np.int64)]
    with reporter.track(len(indices), "images", "searching") as advance:
        for n_searched, pairs in near_pairs(records["fingerprints"][indices]):
            found.append(pairs)
            advance(n_searched)
    return indices[np.unique(np.concatenate(found), axis=0)]


def _compared(task: _PairComparer, engine: Engine, reporter: Reporter) -> NDArray[np.int8]:
    numbers = range(len(task.pairs))
    verdicts = [np.empty(0, np.int8)]
    with (
        reporter.track(len(numbers), "pairs", "comparing") as advance,
        closing(engine.run(task, batches_of(numbers, engine.batch_images))) as results,
    ):
        for found in results:
            verdicts.append(found)
            advance(len(found))
    return np.concatenate(verdicts)


def _verdict(first: _Picture, second: _Picture) -> int:
    if np.array_equal(first.pixels, second.pixels):
        return _EQUAL
    return _NEAR if compare(first.luma, second.luma).same_picture else _DIFFERENT
