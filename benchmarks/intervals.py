"""The median of a few values, and how far it can be trusted.

Values are the figures of rounds, such as the ratio of two speeds in each. The interval lies between
two of the values in order and assumes nothing about how they are distributed, so that a round that
something else disturbed counts as one, however far off it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from statistics import median
from typing import NamedTuple

LEVEL = 0.95
WIDTH = 0.1  # of a narrow interval, relative to the median


class Interval(NamedTuple):
    """A median and its interval.

    Attributes
    ----------
    median, low, high : float
    n_values : int
    """

    median: float
    low: float
    high: float
    n_values: int

    @property
    def sure(self) -> bool:
        """Whether there are enough values for an interval of 95%."""
        return coverage(self.n_values, 1) >= LEVEL

    @property
    def narrow(self) -> bool:
        """Whether the interval is at most a tenth of the median wide."""
        return self.high - self.low <= WIDTH * abs(self.median)

    @property
    def text(self) -> str:
        """The median and the interval, with a mark if that is wide."""
        wide = "" if self.narrow else ", wide"
        return f"{self.median:.3g} ({self.low:.3g} to {self.high:.3g}{wide})"


def coverage(n_values: int, rank: int) -> float:
    """Return how often the median lies between the values of a rank from below and from above.

    Of `n_values` independent ones, each falls below the true median as a coin does.

    Examples
    --------
    >>> coverage(7, 1)
    0.984375
    """
    return 1 - sum(comb(n_values, below) for below in range(rank)) * 0.5 ** (n_values - 1)


def median_interval(values: Sequence[float]) -> Interval:
    """Return the median with its narrowest interval of at least 95%.

    Fewer than six values have no such interval; then the smallest and the largest are returned.

    Examples
    --------
    >>> median_interval([3, 1, 2, 9, 4, 5, 6, 7])
    Interval(median=4.5, low=2, high=7, n_values=8)
    """
    ordered = sorted(values)
    n_values = len(ordered)
    rank = max(
        (rank for rank in range(1, n_values // 2 + 1) if coverage(n_values, rank) >= LEVEL),
        default=1,
    )
    return Interval(median(ordered), ordered[rank - 1], ordered[-rank], n_values)
