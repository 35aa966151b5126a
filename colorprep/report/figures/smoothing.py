"""The moving mean that shows the course of a noisy curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...color.lab import Floats

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


def moving_mean(values: Floats, images: NDArray[np.int64], window: int) -> Floats:
    """Return the moving mean over images of a column of a log.

    A row counts by its number of images. One of fewer than usual, such as the single step before an
    interrupt or the end of an epoch, stands for the usual number up to it, and so is no spike. With
    a window of 1, all other rows stay as they are.

    Parameters
    ----------
    values : ndarray of shape (n,), float64
        Means over the images since the previous row; NaN for missing values.
    images : ndarray of shape (n,), int64
        How many images had been seen at each row, ascending.
    window : int
        In rows of the usual size, the median. The window shrinks toward the beginning, where curves
        are steep, to stay centered, and is cut off at the end, where they are flat.

    Returns
    -------
    ndarray of shape (n,), float64
        NaN where no row of the window has a value.

    Examples
    --------
    >>> moving_mean(np.array([4.0, 1.0, 2.0, 0.0]), np.array([10, 20, 30, 40]), window=3).round(2)
    array([4.  , 2.33, 1.  , 1.  ])
    >>> moving_mean(np.array([2.0, 2.0, 9.0]), np.array([100, 200, 201]), window=1).round(2)
    array([2.  , 2.  , 2.07])
    """
    bounds = np.array([0, *images], np.float64)
    sizes, ends = np.diff(bounds), bounds[1:]
    known = np.isfinite(values)
    weights = np.where(known, sizes, 0.0)
    sums = np.cumsum([0.0, *(weights * np.where(known, values, 0.0))])
    counts = np.cumsum([0.0, *weights])
    usual = np.median(sizes)
    middles = ends - np.minimum(np.maximum(sizes, usual), ends) / 2
    half = np.minimum(window * usual / 2, middles)
    first, end = middles - half, np.minimum(middles + half, ends[-1])

    def between(running: Floats) -> Floats:
        difference: Floats = np.interp(end, bounds, running) - np.interp(first, bounds, running)
        return difference

    with np.errstate(invalid="ignore"):
        means: Floats = between(sums) / between(counts)
    return means
