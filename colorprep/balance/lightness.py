"""Levels of lightness: a prior, and weights, for dark pixels other than for light ones.

The level of a pixel follows from its lightness as labels store it, v = round(2.55 L) from 0 to 255:
of N levels it is floor(N v / 256). So counting and training put a pixel into the same level, in
integers, and the levels have equal widths where N divides 256.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats
from ..errors import InputError

MOST_LEVELS = 256


class LightnessLevel(NamedTuple):
    """The colors of the pixels in one level of lightness.

    Attributes
    ----------
    counts : ndarray of shape (Q,), int64
        Pixels per bin.
    probs : ndarray of shape (Q,), float64
        Smoothed, summing to 1; zeros for a level without a pixel.
    cells : ndarray of shape (256, 256), int64
        Pixels per cell of the quantizer's space.
    """

    counts: NDArray[np.int64]
    probs: Floats
    cells: NDArray[np.int64]

    @property
    def n_pixels(self) -> int:
        """Number of counted pixels."""
        return int(self.counts.sum())


def check_levels(n_levels: int) -> None:
    """Raise InputError unless lightness can be divided into so many levels."""
    if not 1 <= n_levels <= MOST_LEVELS:
        raise InputError(f"levels of lightness must be from 1 to {MOST_LEVELS}, got {n_levels}")


def level_table(n_levels: int) -> NDArray[np.uint8]:
    """Return the level of each stored lightness, floor(N v / 256).

    Returns
    -------
    ndarray of shape (256,), uint8

    Raises
    ------
    InputError
        If the number of levels is not from 1 to 256.

    Examples
    --------
    >>> level_table(4)[[0, 63, 64, 255]]
    array([0, 0, 1, 3], dtype=uint8)
    """
    check_levels(n_levels)
    return (np.arange(256) * n_levels // 256).astype(np.uint8)


def level_edges(n_levels: int) -> Floats:
    """Return the lightness at which each level begins, and that at which the last one ends.

    Returns
    -------
    ndarray of shape (N + 1,), float64
        L from 0 to 100.

    Examples
    --------
    >>> level_edges(4).round(1).tolist()
    [0.0, 24.9, 50.0, 75.1, 100.0]
    """
    first = np.searchsorted(level_table(n_levels), np.arange(1, n_levels))
    return np.concatenate([[0.0], (first - 0.5) / 2.55, [100.0]])


def probs_by_level(levels: Sequence[LightnessLevel], whole: Floats) -> Floats:
    """Return the probabilities of all levels; a level without a pixel has those of the whole.

    Parameters
    ----------
    levels : sequence of LightnessLevel
    whole : ndarray of shape (Q,), float64

    Returns
    -------
    ndarray of shape (N, Q), float64, each row summing to 1
    """
    return np.stack([level.probs if level.n_pixels else whole for level in levels])
