"""Intervals of proportions, without resampling: over images, and over a few runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .resampling import LEVEL


class Proportion(NamedTuple):
    """A proportion with its 95% interval, all from 0 to 1.

    Attributes
    ----------
    n : int
        The number of images, or of runs, that it is from.
    """

    value: float
    low: float
    high: float
    n: int


def over_images(n_right: int, n: int) -> Proportion:
    """Return which part of the images is right, with Wilson's interval.

    Parameters
    ----------
    n_right, n : int
        Images that are right, of all, at least one.

    References
    ----------
    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.

    Examples
    --------
    >>> found = over_images(9, 10)
    >>> round(found.low, 4), found.value, round(found.high, 4)
    (0.5958, 0.9, 0.9821)
    """
    from scipy.stats import binomtest  # slow to import

    interval = binomtest(n_right, n).proportion_ci(LEVEL, "wilson")
    return Proportion(n_right / n, float(interval.low), float(interval.high), n)


def over_runs(values: Sequence[float]) -> Proportion:
    """Return the mean of a proportion over independent runs, with Student's interval.

    Parameters
    ----------
    values : sequence of float
        The proportion in each run, of at least two runs.

    Returns
    -------
    Proportion
        Its interval is cut off at 0 and 1.

    Examples
    --------
    >>> found = over_runs([0.5, 0.6, 0.7])
    >>> round(found.low, 3), round(found.value, 3), round(found.high, 3)
    (0.352, 0.6, 0.848)
    """
    from scipy.stats import t  # slow to import

    n, mean = len(values), float(np.mean(values))
    reach = float(t.ppf(0.5 + LEVEL / 2.0, n - 1) * np.std(values, ddof=1) / np.sqrt(n))
    return Proportion(mean, max(0.0, mean - reach), min(1.0, mean + reach), n)
