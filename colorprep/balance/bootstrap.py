"""The Poisson bootstrap over images: how much a prior would vary with other images of the kind.

In each replicate, an image counts a Poisson-distributed number of times (mean 1), drawn from a hash
of its key. Its weights are therefore the same on every worker, and replicates add up like counts.

References
----------
Chamandy, Muralidharan, Najmi, Naidu 2012, Estimating uncertainty for massive data streams.
"""

from __future__ import annotations

import hashlib
import math
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats
from ..errors import InputError

FEW_IMAGES = 30  # with fewer, intervals contain the truth less often than their level
_MOST = 20  # a Poisson variable of mean 1 exceeds this less than once in 10^19 draws


def poisson_weights(key: str, n_replicates: int) -> NDArray[np.uint8]:
    """Return how often an image counts in each replicate.

    Parameters
    ----------
    key : str
        The image's key.

    Returns
    -------
    ndarray of shape (n_replicates,), uint8
        Poisson of mean 1; the first ones are the same for any number of replicates.

    Examples
    --------
    >>> poisson_weights("cat.jpg", 8).tolist()
    [2, 0, 2, 0, 1, 2, 1, 2]
    """
    stream = hashlib.shake_256(key.encode("utf-8")).digest(8 * n_replicates)
    words = np.frombuffer(stream, "<u8")
    return np.searchsorted(_thresholds(), words, side="right").astype(np.uint8)


@cache
def _thresholds() -> NDArray[np.uint64]:
    """Return the cumulative distribution of the Poisson variable, in units of 2^-64."""
    # 1/e is summed in fractions, so the thresholds are the same on every machine.
    inverse_e = sum((Fraction((-1) ** n, math.factorial(n)) for n in range(40)), Fraction(0))
    total = Fraction(0)
    thresholds = []
    for n in range(_MOST):
        total += inverse_e / math.factorial(n)
        thresholds.append(int(total * 2**64))
    return np.array(thresholds, np.uint64)


def replicate_counts(weights: NDArray[np.uint8], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the contribution of some images to the counts of each replicate.

    Parameters
    ----------
    weights : ndarray of shape (n, R), uint8
        How often each image counts, from `poisson_weights`.
    counts : ndarray of shape (n, Q), int64
        Pixels of each image in each bin; their sum is below 2^53, so that the product is exact.

    Returns
    -------
    ndarray of shape (R, Q), int64
    """
    # numpy multiplies only float matrices fast; every sum is an integer that float64 can hold.
    return (weights.T.astype(np.float64) @ counts.astype(np.float64)).astype(np.int64)


def share_intervals(bootstrap: NDArray[np.int64], level: float = 0.95) -> tuple[Floats, Floats]:
    """Return a confidence interval for each bin's fraction of the pixels.

    Parameters
    ----------
    bootstrap : ndarray of shape (R, Q), int64
        Counts of each replicate.
    level : float
        How often the interval should contain the fraction, between 0 and 1.

    Returns
    -------
    low, high : ndarray of shape (Q,), float64
        Percentiles over the replicates that have any pixels.

    Raises
    ------
    InputError
        If there are fewer than two such replicates, or the level is out of range.

    Examples
    --------
    >>> replicates = np.array([[60, 40], [50, 50], [70, 30]])  # of two bins
    >>> low, high = share_intervals(replicates, 0.9)
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.51, 0.31], [0.69, 0.49])
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"the level of an interval must be between 0 and 1, got {level}")
    fractions = replicate_fractions(bootstrap)
    if len(fractions) < 2:
        raise InputError("an interval needs at least two replicates that have any pixels")
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(fractions, [tail, 1.0 - tail], axis=0)
    return low, high


def replicate_fractions(bootstrap: NDArray[np.int64]) -> Floats:
    """Return each bin's fraction of the pixels, for every replicate that has any.

    Parameters
    ----------
    bootstrap : ndarray of shape (R, Q), int64

    Returns
    -------
    ndarray of shape (at most R, Q), float64
    """
    totals = bootstrap.sum(axis=1, keepdims=True)
    held = totals[:, 0] > 0
    fractions: Floats = bootstrap[held] / totals[held]
    return fractions
