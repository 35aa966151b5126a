"""All counts of a prior together, which are added and subtracted exactly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


class Tallies(NamedTuple):
    """The counts of pixels from which a prior is made; None for what is not counted.

    Attributes
    ----------
    bins : ndarray of shape (Q,), int64
    cells : ndarray of shape (256, 256), int64
        Of the quantizer's space.
    lightness : ndarray of shape (256,), int64, or None
        By HSL lightness level.
    replicates : ndarray of shape (R, Q), int64, or None
        Bins of each replicate of the bootstrap.
    level_bins : ndarray of shape (N, Q), int64, or None
        Bins of each level of lightness.
    level_cells : ndarray of shape (N, 256, 256), int64, or None
        Cells of each level of lightness.
    """

    bins: Counts
    cells: Counts
    lightness: Counts | None = None
    replicates: Counts | None = None
    level_bins: Counts | None = None
    level_cells: Counts | None = None

    def plus(self, other: Tallies) -> Tallies:
        """Return the counts of both; what only one of them has is not counted."""
        others = map(_sum, self[2:], other[2:])
        return Tallies(self.bins + other.bins, self.cells + other.cells, *others)

    def minus(self, other: Tallies) -> Tallies:
        """Return the counts without those of some of the images."""
        return self.plus(Tallies(-other.bins, -other.cells, *map(_negated, other[2:])))

    def levels(self) -> Iterator[tuple[Counts, Counts]]:
        """Yield bins and cells level by level, from dark to light."""
        if self.level_bins is not None and self.level_cells is not None:
            yield from zip(self.level_bins, self.level_cells, strict=True)

    @property
    def lowest(self) -> int:
        """The lowest count; it is negative if images were subtracted that had not been counted."""
        return min(int(counts.min()) for counts in self if counts is not None and counts.size)


def _sum(counts: Counts | None, others: Counts | None) -> Counts | None:
    return None if counts is None or others is None else counts + others


def _negated(counts: Counts | None) -> Counts | None:
    return None if counts is None else -counts
