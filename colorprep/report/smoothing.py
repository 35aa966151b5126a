"""The moving mean that shows the course of a noisy curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats

MANY_ROWS = 100  # logs of at least so many rows are smoothed
WINDOWS = 50  # the window is a log's length over this


def smoothing_window(n_rows: int) -> int:
    """Return the window of the moving mean, an odd number of rows; 1 smooths nothing.

    Examples
    --------
    >>> smoothing_window(99), smoothing_window(1000)
    (1, 21)
    """
    return 2 * (n_rows // (2 * WINDOWS)) + 1 if n_rows >= MANY_ROWS else 1


def moving_mean(values: Floats, steps: NDArray[np.int64], window: int) -> Floats:
    """Return the moving mean over steps of a column of a log.

    Parameters
    ----------
    values : ndarray of shape (n,), float64
        Means over the steps since the previous row; NaN for missing values.
    steps : ndarray of shape (n,), int64
        The last step of each row, ascending.
    window : int
        An odd number of rows. The window shrinks toward the beginning, where curves are steep, to
        stay centered, and is cut off at the end, where they are flat.

    Returns
    -------
    ndarray of shape (n,), float64
        NaN where no row of the window has a value.

    Examples
    --------
    >>> moving_mean(np.array([4.0, 1.0, 2.0, 0.0]), np.array([10, 20, 30, 50]), window=3).round(2)
    array([4.  , 2.33, 0.75, 0.67])
    """
    known = np.isfinite(values)
    weights = np.where(known, np.diff(steps, prepend=0), 0)
    sums = np.cumsum([0.0, *(weights * np.where(known, values, 0.0))])
    counts = np.cumsum([0, *weights])
    rows = np.arange(len(values))
    half = np.minimum(window // 2, rows)
    first, end = rows - half, np.minimum(rows + half + 1, len(rows))
    with np.errstate(invalid="ignore"):
        means: Floats = (sums[end] - sums[first]) / (counts[end] - counts[first])
    return means
