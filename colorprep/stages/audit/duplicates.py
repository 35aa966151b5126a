"""Finding duplicates in a source: candidates by fingerprint, each confirmed by its pixels."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...audit.candidates import near_pairs
from ...audit.duplicates import DisjointSets, align_and_compare
from ...audit.fingerprints import SIDE
from ...color.lab import Floats
from ...color.luma import luma
from ...engine import Chunk, Engine, chunks_of
from ...errors import BadImage
from ...images.decoding import Scratch
from ...images.reach import ReadingTask
from ...images.reader import ImageReader
from ...images.resizing import resize
from ...progress import Reporter
from .inspection import Records

IndexPairs = NDArray[np.int64]
"""Indices of two images in each row."""


class Duplicates(NamedTuple):
    """Which images show the same picture.

    Attributes
    ----------
    sets : list of list of int
        Indices, in order; the sets in order of their first images.
    exact : frozenset of int
        Images whose pixels are those of another one.
    """

    sets: list[list[int]]
    exact: frozenset[int]


@dataclass(frozen=True)
class _PairComparer(ReadingTask):
    """Compares a chunk of pairs; the chunk's indices are those of the pairs."""

    reader: ImageReader
    pairs: IndexPairs

    def __call__(self, chunk: Chunk) -> list[bool]:
        """Return whether each pair shows one picture."""
        verdicts, scratch = [], Scratch()
        opened, first = -1, None
        for number in chunk.indices:
            i, j = self.pairs[number].tolist()
            if number in chunk.quarantined:
                verdicts.append(False)
                continue
            if i != opened:  # pairs are in order, so the first image often stays the same
                opened, first = i, self._luma(i, scratch)
            second = self._luma(j, scratch)
            if first is None or second is None:
                verdicts.append(False)
            else:
                verdicts.append(align_and_compare(first, second).same_picture)
        return verdicts

    def _luma(self, index: int, scratch: Scratch) -> Floats | None:
        """Read an image again; None if that fails now."""
        try:
            pixels = self.reader.read(index, scratch).pixels
        except BadImage:
            return None
        return luma(resize(pixels, SIDE)) / 256.0


def find_duplicates(
    records: Records, reader: ImageReader, engine: Engine, reporter: Reporter
) -> Duplicates:
    """Find the images that show the same picture.

    Parameters
    ----------
    records : ndarray of RECORD
        Of all images of the reader's source.
    """
    indices = np.flatnonzero(records["read"])
    _, first, which = np.unique(records["digest"][indices], return_index=True, return_inverse=True)
    equal = np.stack([indices[first[which]], indices], axis=1)
    equal = equal[equal[:, 0] != equal[:, 1]]
    sets = DisjointSets()
    for i, j in equal.tolist():
        sets.join(i, j)
    candidates = _candidates(np.sort(indices[first]), records, reporter)
    _join_confirmed(sets, candidates, reader, engine, reporter)
    return Duplicates(sets.sets(), frozenset(np.unique(equal).tolist()))


def _candidates(indices: NDArray[np.int64], records: Records, reporter: Reporter) -> IndexPairs:
    """Return the pairs that may show the same picture, among images of different pixels."""
    found = [np.empty((0, 2), np.int64)]
    with reporter.track(len(indices), "images", "searching") as advance:
        for n_searched, pairs in near_pairs(records["fingerprints"][indices]):
            found.append(pairs)
            advance(n_searched)
    return indices[np.unique(np.concatenate(found), axis=0)]


def _join_confirmed(
    sets: DisjointSets, pairs: IndexPairs, reader: ImageReader, engine: Engine, reporter: Reporter
) -> None:
    """Compare pairs and join those that show one picture.

    Each round compares the fewest pairs that could join what is still apart, so that six copies of
    a picture take five comparisons, not fifteen.
    """
    if not len(pairs):
        return
    with reporter.track(len(pairs), "pairs", "comparing") as advance:
        while len(pairs):
            hoped = sets.copy()
            chosen = np.array([hoped.join(i, j) for i, j in pairs.tolist()])
            task = _PairComparer(reader, pairs[chosen])
            chunks = chunks_of(range(len(task.pairs)), engine.chunk_images)
            confirmed: list[bool] = []
            # One bar for all rounds, which also advances by the pairs that need no comparison.
            with closing(engine.run(task, chunks)) as results:
                for verdicts in results:
                    confirmed += verdicts
                    advance(len(verdicts))
            for i, j in task.pairs[confirmed].tolist():
                sets.join(i, j)
            left = pairs[~chosen]
            pairs = left[[not sets.joined(i, j) for i, j in left.tolist()]]
            advance(len(left) - len(pairs))
