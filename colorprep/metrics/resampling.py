"""Intervals by the Poisson bootstrap over images.

Every figure of a set of images is a function of sums over them. In each of 1,000 replicates an
image counts as often as a Poisson variable of mean 1 says, drawn from its key, and an interval
holds the middle 95% of the figure's values over the replicates. So an interval does not depend on
the order of the images, and two methods are resampled alike on the same images. A mean over the
bins that occur is biased in replicates, in which fewer of them do; its interval reaches 1.96
standard deviations of its values there to both sides of the figure itself.

References
----------
Chamandy, Muralidharan, Najmi, Naidu 2012, Estimating uncertainty for massive data streams.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ..balance.bootstrap import poisson_weights
from ..color.lab import Floats

N_REPLICATES = 1000
LEVEL = 0.95
N_DEVIATIONS = 1.96  # of a normal distribution, which hold that share


class Measured(NamedTuple):
    """A figure of a set of images, and how far other images of the same kind might move it.

    Attributes
    ----------
    mean : float or None
        None where no image has the figure.
    low, high : float or None
        The ends of the interval; None where fewer than two images have the figure.
    n : int
        Images that count.
    n_left_out : int
        Images whose figure is infinite or not defined.
    """

    mean: float | None
    low: float | None
    high: float | None
    n: int
    n_left_out: int = 0


def resampled_sums(
    blocks: Iterable[tuple[Sequence[str], Floats]], n_replicates: int = N_REPLICATES
) -> Floats:
    """Return sums over images, and the same sums in each replicate.

    Parameters
    ----------
    blocks : iterable of (keys, addends)
        The keys of some images, and what each adds: an ndarray of shape (n, C), float64. C is the
        same for all blocks, of which there is one at least.
    n_replicates : int

    Returns
    -------
    ndarray of shape (1 + n_replicates, C), float64
        The sums themselves come first.
    """
    total: Floats | None = None
    for keys, addends in blocks:
        counts = np.stack([poisson_weights(key, n_replicates) for key in keys], axis=1)
        # Equal columns have equal sums to the last bit, which a product of matrices need not give.
        part = np.vstack([addends.sum(axis=0), counts.astype(np.float64) @ addends])
        total = part if total is None else total + part
    assert total is not None
    return total


def measure(values: Floats, n: int, n_left_out: int = 0) -> Measured:
    """Return a figure with its interval.

    Parameters
    ----------
    values : ndarray of shape (1 + R,), float64
        The figure, and its values in the replicates; NaN in those that drew no image.
    n, n_left_out : int
        Images that count, and images that do not.

    Returns
    -------
    Measured
    """
    if n == 0:
        return Measured(None, None, None, 0, n_left_out)
    drawn = values[1:][np.isfinite(values[1:])]
    if n == 1 or len(drawn) < 2:
        return Measured(float(values[0]), None, None, n, n_left_out)
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(drawn, [tail, 1.0 - tail])
    return Measured(float(values[0]), float(low), float(high), n, n_left_out)


def measure_over_bins(values: Floats, n: int) -> Measured:
    """Return a figure that is a mean over the bins that occur, with its interval.

    Parameters
    ----------
    values : ndarray of shape (1 + R,), float64
        As in `measure`; the figure is from 0 to 1.
    n : int

    Returns
    -------
    Measured
    """
    measured = measure(values, n)
    if measured.mean is None or measured.low is None:
        return measured
    reach = N_DEVIATIONS * float(np.nanstd(values[1:]))
    low, high = max(0.0, measured.mean - reach), min(1.0, measured.mean + reach)
    return measured._replace(low=low, high=high)


def absolute(signed: Measured) -> Measured:
    """Return the absolute value of a figure, with its interval.

    Parameters
    ----------
    signed : Measured

    Returns
    -------
    Measured
        Its interval holds |x| for every x of the given one: from 0 on, where that holds 0.
    """
    if signed.mean is None or signed.low is None or signed.high is None:
        return signed._replace(mean=None if signed.mean is None else abs(signed.mean))
    ends = sorted([abs(signed.low), abs(signed.high)])
    low = 0.0 if signed.low <= 0.0 <= signed.high else ends[0]
    return signed._replace(mean=abs(signed.mean), low=low, high=ends[1])
