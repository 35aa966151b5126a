"""The Poisson bootstrap over images: how far other images of the same kind would move a prior.

In each replicate an image counts as often as a Poisson variable of mean 1 says, drawn from a hash
of its key. So an image has the same weights whoever counts it, and replicates add up like counts.

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

FEW_IMAGES = 30  # with fewer, intervals hold the truth less often than they say
_MOST = 20  # the Poisson variable exceeds this less than once in 10^19 draws


def poisson_weights(key: str, n_replicates: int) -> NDArray[np.uint8]:
    """Return how often an image counts in each replicate.

    Parameters
    ----------
    key : str
        The image's key.
    n_replicates : int

    Returns
    -------
    ndarray of shape (n_replicates,), uint8
        Poisson of mean 1; the first ones are the same for any number of replicates.
    """
    stream = hashlib.shake_256(key.encode("utf-8")).digest(8 * n_replicates)
    words = np.frombuffer(stream, "<u8")
    return np.searchsorted(_thresholds(), words, side="right").astype(np.uint8)


@cache
def _thresholds() -> NDArray[np.uint64]:
    """Return the distribution function of the Poisson variable, in units of 2^-64."""
    # 1/e from its series in fractions: exact, and so the same on every machine.
    inverse_e = sum((Fraction((-1) ** n, math.factorial(n)) for n in range(40)), Fraction(0))
    total = Fraction(0)
    thresholds = []
    for n in range(_MOST):
        total += inverse_e / math.factorial(n)
        thresholds.append(int(total * 2**64))
    return np.array(thresholds, np.uint64)


def replicate_counts(weights: NDArray[np.uint8], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what some images add to the counts of each replicate.

    Parameters
    ----------
    weights : ndarray of shape (n, R), uint8
        How often each image counts, see `poisson_weights`.
    counts : ndarray of shape (n, Q), int64
        Pixels of each image in each bin; below 2^53 together, so that the product is exact.

    Returns
    -------
    ndarray of shape (R, Q), int64
    """
    # As floats, since only these are multiplied fast; every sum is an integer that they hold.
    return (weights.T.astype(np.float64) @ counts.astype(np.float64)).astype(np.int64)


def share_intervals(bootstrap: NDArray[np.int64], level: float = 0.95) -> tuple[Floats, Floats]:
    """Return an interval for each bin's share of the pixels.

    Parameters
    ----------
    bootstrap : ndarray of shape (R, Q), int64
        Counts of each replicate.
    level : float
        How often the interval should hold the share, between 0 and 1.

    Returns
    -------
    low, high : ndarray of shape (Q,), float64
        Percentiles over the replicates that hold any pixel.

    Raises
    ------
    InputError
        If there are fewer than two such replicates, or the level is out of range.
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"the level of an interval must be between 0 and 1, got {level}")
    shares = replicate_shares(bootstrap)
    if len(shares) < 2:
        raise InputError("an interval needs two replicates or more that hold a pixel")
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(shares, [tail, 1.0 - tail], axis=0)
    return low, high


def replicate_shares(bootstrap: NDArray[np.int64]) -> Floats:
    """Return each bin's share of the pixels in every replicate that holds any.

    Parameters
    ----------
    bootstrap : ndarray of shape (R, Q), int64

    Returns
    -------
    ndarray of shape (at most R, Q), float64
    """
    totals = bootstrap.sum(axis=1, keepdims=True)
    held = totals[:, 0] > 0
    shares: Floats = bootstrap[held] / totals[held]
    return shares
