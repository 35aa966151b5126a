"""A ranking: images in order of a score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...color.lab import Floats
from ...images.source import Source


@dataclass(frozen=True, eq=False)
class Ranking:
    """Images in order of a score.

    Attributes
    ----------
    order : ndarray of shape (n,), intp
        Indices of the source's images, best first.
    table : ndarray of shape (n,), `ImageScores`
        All scores, in that order.
    scores : ndarray of shape (n,), float64
        The score by which they are ranked.
    strata : ndarray of shape (n,), int64, or None
    """

    source: Source
    order: NDArray[np.intp]
    table: NDArray[np.void]
    scores: Floats
    strata: NDArray[np.int64] | None

    @property
    def keys(self) -> list[str]:
        """The keys of the images, best first."""
        return [self.source.keys[index] for index in self.order.tolist()]
