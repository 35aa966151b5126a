"""Intervals without resampling: of a proportion, and of a mean over a few runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .resampling import LEVEL, Measured


def proportion(n_right: int, n: int) -> Measured:
    """Return which fraction of images is right, with Wilson's interval.

    Parameters
    ----------
    n_right, n : int
        Images that are right, of all.

    References
    ----------
    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.

    Examples
    --------
    >>> measured = proportion(9, 10)
    >>> round(measured.low, 4), measured.mean, round(measured.high, 4)
    (0.5958, 0.9, 0.9821)
    """
    from scipy.stats import binomtest  # slow to import

    if not n:
        return Measured(None, None, None, 0)
    interval = binomtest(n_right, n).proportion_ci(LEVEL, "wilson")
    return Measured(n_right / n, float(interval.low), float(interval.high), n)


def mean_over_runs(values: Sequence[float]) -> Measured:
    """Return a mean over independent runs, with Student's interval; none for a single run.

    Examples
    --------
    >>> measured = mean_over_runs([0.5, 0.6, 0.7])
    >>> round(measured.low, 3), round(measured.mean, 3), round(measured.high, 3)
    (0.352, 0.6, 0.848)
    """
    from scipy.stats import t  # slow to import

    n, mean = len(values), float(np.mean(values))
    if n < 2:
        return Measured(mean, None, None, n)
    reach = float(t.ppf(0.5 + LEVEL / 2.0, n - 1) * np.std(values, ddof=1) / np.sqrt(n))
    return Measured(mean, mean - reach, mean + reach, n)
