"""Intervals by the Poisson bootstrap over images.

Every metric of a set of images is a function of sums over them. In each of 1,000 replicates, the
count of an image is a Poisson variable of mean 1, drawn from its key; an interval holds the middle
95% of the metric's values over the replicates. So intervals do not depend on the order of the
images, and two methods are resampled in the same way on the same images. A mean over the bins that
occur is biased in replicates, where fewer bins occur; its interval extends 1.96 standard deviations
of the replicates' values to both sides of the metric itself.

The interval of a difference between two methods is Student's: it extends t standard deviations of
the replicates' differences to both sides, where t holds 95% of Student's distribution of n - 1
degrees of freedom. For 5 to 100 images it holds the true difference as often as the paired t-test
would, while the percentiles of the replicates are too narrow.

References
----------
Chamandy, Muralidharan, Najmi, Naidu 2012, Estimating uncertainty for massive data streams.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit  # not scipy.stats, which is slow to import

from ..balance.bootstrap import poisson_weights
from ..color.lab import Floats

N_REPLICATES = 1000
LEVEL = 0.95
N_DEVIATIONS = 1.96  # standard deviations that hold 95% of a normal distribution


class Measured(NamedTuple):
    """A metric of a set of images, with its interval.

    Attributes
    ----------
    mean : float or None
        None if no image has a value.
    low, high : float or None
        The ends of the interval; None if fewer than two images have a value.
    n : int
        Images that count.
    n_left_out : int
        Images whose value is infinite or undefined.
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
        One block or more: the keys of some images, and what each image adds to the sums, an
        ndarray of shape (n, C), float64. C is the same for all blocks.
    n_replicates : int
        R.

    Returns
    -------
    ndarray of shape (1 + R, C), float64
        The sums themselves come first.

    Examples
    --------
    >>> sums = resampled_sums([(["a.jpg", "b.jpg"], np.array([[1.0], [10.0]]))], n_replicates=4)
    >>> sums[:, 0].tolist()
    [11.0, 20.0, 12.0, 21.0, 11.0]
    """
    total: Floats | None = None
    for keys, addends in blocks:
        counts = np.stack([poisson_weights(key, n_replicates) for key in keys], axis=1)
        # Not in one product with a row of ones: equal columns must have equal sums to the last bit.
        part = np.vstack([addends.sum(axis=0), counts.astype(np.float64) @ addends])
        total = part if total is None else total + part
    assert total is not None
    return total


def measure(values: Floats, n: int, n_left_out: int = 0) -> Measured:
    """Return a metric with its interval.

    Parameters
    ----------
    values : ndarray of shape (1 + R,), float64
        The metric, then its values in the replicates; NaN in those that drew no image.
    n, n_left_out : int
        Images that count, and images that do not.

    Examples
    --------
    >>> replicates = np.linspace(0.4, 0.6, 1000)
    >>> measured = measure(np.array([0.5, *replicates]), n=9)
    >>> round(measured.low, 3), round(measured.high, 3)
    (0.405, 0.595)
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
    """Return a metric that is a mean over the bins that occur, with its interval.

    Parameters
    ----------
    values : ndarray of shape (1 + R,), float64
        As in `measure`; the metric ranges from 0 to 1.
    n : int
        Images that count.
    """
    measured = measure(values, n)
    if measured.mean is None or measured.low is None:
        return measured
    reach = N_DEVIATIONS * float(np.nanstd(values[1:]))
    low, high = max(0.0, measured.mean - reach), min(1.0, measured.mean + reach)
    return measured._replace(low=low, high=high)


def measure_difference(values: Floats, n: int) -> Measured:
    """Return the difference of a metric between two methods, with its interval.

    Parameters
    ----------
    values : ndarray of shape (1 + R,), float64
        The difference, then the differences in the replicates, which draw the same images for
        both methods; NaN in those that drew no image.
    n : int
        Images that count.

    Examples
    --------
    >>> replicates = np.random.default_rng(0).normal(0.5, 0.1, 1000)
    >>> measured = measure_difference(np.array([0.5, *replicates]), n=100)
    >>> round(measured.low, 2), round(measured.high, 2)
    (0.31, 0.69)
    """
    measured = measure(values, n)
    if measured.mean is None or measured.low is None:
        return measured
    reach = float(stdtrit(n - 1, 0.5 + LEVEL / 2.0) * np.nanstd(values[1:]))
    return measured._replace(low=measured.mean - reach, high=measured.mean + reach)


def absolute(signed: Measured) -> Measured:
    """Return the absolute value of a metric; the interval holds |x| for every x of the given one.

    Examples
    --------
    >>> absolute(Measured(-1.0, -3.0, 2.0, n=9))
    Measured(mean=1.0, low=0.0, high=3.0, n=9, n_left_out=0)
    """
    if signed.mean is None or signed.low is None or signed.high is None:
        return signed._replace(mean=None if signed.mean is None else abs(signed.mean))
    ends = sorted([abs(signed.low), abs(signed.high)])
    low = 0.0 if signed.low <= 0.0 <= signed.high else ends[0]
    return signed._replace(mean=abs(signed.mean), low=low, high=ends[1])
