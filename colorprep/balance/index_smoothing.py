"""Whether a prior was smoothed along the index of its bins instead of over the ab plane.

Neighbors in the list of bins need not be neighboring colors, so such a smoothing moves mass
between unlike colors. It shows: the prior can then be written as a common filter applied to a
nonnegative list, while the same bins in order of their other axis cannot.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from ..color.lab import Floats

# A prior smoothed along its index misfits its own filter by less than this fraction of its misfit
# across the index. Honest ones stay above 0.014, 0.009 and 0.05, single photographs included.
MISFIT_FRACTIONS = {"gaussian 1": 0.005, "gaussian 0.7": 0.002}
MISFIT_FRACTION = 0.02
LEAST_MISFIT = 0.02  # below it the prior is smooth along both axes, as a wide Gaussian leaves it


class IndexSmoothing(NamedTuple):
    """A filter that a prior was smoothed with along its index.

    Attributes
    ----------
    filter : str
        Such as ``gaussian 1``.
    along, across : float
        How far the prior is from what the filter leaves, along the index and across it; a total
        variation.
    """

    filter: str
    along: float
    across: float


def find_index_smoothing(probs: Floats, across: Floats) -> IndexSmoothing | None:
    """Return the filter that a prior was smoothed with along its index, None if there was none.

    Parameters
    ----------
    probs : ndarray of shape (Q,), float64, summing to 1
    across : ndarray of shape (Q,), float64
        The same prior in order of its other axis.
    """
    for name, kernel in _kernels().items():
        fraction = MISFIT_FRACTIONS.get(name, MISFIT_FRACTION)
        misfit_along = _misfit(probs, kernel)
        if misfit_along > fraction:
            continue  # a misfit is at most 1, so this one cannot be small enough beside the other
        misfit_across = _misfit(across, kernel)
        if misfit_across >= LEAST_MISFIT and misfit_along <= fraction * misfit_across:
            return IndexSmoothing(name, misfit_along, misfit_across)
    return None


@cache
def _kernels() -> dict[str, Floats]:
    """Return the filters by name: Gaussians by sigma, the others by their number of bins."""
    kernels = {}
    for sigma, reach in ((1.0, 4), (0.7, 3)):
        kernels[f"gaussian {sigma:g}"] = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    for width in (3, 5, 7, 9):
        kernels[f"box {width}"] = np.ones(width)
    for width in (5, 7, 9, 11, 13, 15):
        half = width // 2
        # Savitzky and Golay 1964; the quadratic and the cubic filter are the same.
        square = 5.0 * np.arange(-half, half + 1) ** 2
        kernels[f"savitzky-golay {width}"] = 3 * half**2 + 3 * half - 1 - square
    return {name: kernel / kernel.sum() for name, kernel in kernels.items()}


def _misfit(sequence: Floats, kernel: Floats) -> float:
    """Return how far a sequence p is from what a filter K leaves.

    The total variation between p and K x, where x >= 0 is found by least squares.
    """
    from scipy.optimize import nnls  # slow to import

    places = np.arange(len(sequence))
    offsets = places[:, None] - places + len(kernel) // 2
    inside = (offsets >= 0) & (offsets < len(kernel))
    smoother = np.where(inside, kernel[np.clip(offsets, 0, len(kernel) - 1)], 0.0)
    # Where the kernel reaches no mass, x can only be zero; dropping it makes the fit faster.
    smoother = smoother[:, np.abs(smoother[sequence > 0]).sum(axis=0) > 0]
    if kernel.min() < 0:
        # Where such a filter goes below zero, the prior was clipped at zero.
        cut = (sequence == 0) & (np.abs(smoother).sum(axis=1) > 0)
        smoother = np.hstack([smoother, np.eye(len(sequence))[:, cut]])
    source, _ = nnls(smoother, sequence, maxiter=20 * len(sequence))
    return 0.5 * float(np.abs(sequence - smoother @ source).sum())
