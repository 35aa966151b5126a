"""From counts of pixels to probabilities of bins.

Three smoothings: ``soft``, the mean soft label over all pixels, as in the published prior of Zhang
et al.; ``lattice``, a two-dimensional Gaussian over neighboring bins, as in Keras-FCN; ``none``.

References
----------
Zhang, Isola, Efros, ECCV 2016; the authors state that their published prior is smoothed with the
Gaussian of the soft targets.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats
from ..errors import InputError
from ..quantize.gamut import AB_REACH
from ..quantize.quantizer import Quantizer
from ..quantize.soft_encoding import NEIGHBORS, SIGMA, soft_encode
from ..quantize.tables import cell_middles

LATTICE_SIGMA = 0.5


def hard_probs(counts: NDArray[np.int64]) -> Floats:
    """Return counts divided by their total.

    Parameters
    ----------
    counts : ndarray of shape (Q,), int64

    Returns
    -------
    ndarray of shape (Q,), float64, summing to 1

    Raises
    ------
    InputError
        If nothing was counted.
    """
    total = int(counts.sum())
    if total == 0:
        raise InputError("no pixel was counted: there is nothing to make a prior of")
    return counts / total


def soft_probs(quantizer: Quantizer, cells: NDArray[np.int64]) -> Floats:
    """Return the mean soft label of all counted pixels.

    Parameters
    ----------
    cells : ndarray of shape (256, 256), int64
        Pixels per cell of the quantizer's space; each cell is soft-encoded at its middle.

    Returns
    -------
    ndarray of shape (Q,), float64, summing to 1

    Raises
    ------
    InputError
        If nothing was counted.
    """
    counts = cells.ravel()
    occupied = np.flatnonzero(counts)
    if len(occupied) == 0:
        raise InputError("no pixel was counted: there is nothing to make a prior of")
    soft = quantizer.encode_soft(cell_middles(quantizer.space)[occupied])
    total = soft.total(counts[occupied], len(quantizer.centers))
    probs: Floats = total / total.sum()
    return probs


def soften_probs(
    probs: NDArray[Any], centers: Floats, neighbors: int = NEIGHBORS, sigma: float = SIGMA
) -> Floats:
    """Smooth a prior by soft-encoding the bins' centers, when nothing but probabilities is known.

    Parameters
    ----------
    probs : ndarray of shape (Q,)
        Such as a published raw prior.
    centers : ndarray of shape (Q, 2), float64
    neighbors, sigma : int, float
        See `colorprep.soft_encode`.

    Returns
    -------
    ndarray of shape (Q,), float64, with the sum of `probs`

    Examples
    --------
    >>> from colorprep import ab_lattice
    >>> gray = np.zeros(313)
    >>> gray[120] = 1
    >>> soften_probs(gray, ab_lattice().centers)[[119, 120, 121]].round(3).tolist()
    [0.084, 0.619, 0.084]
    """
    return soft_encode(centers, centers, neighbors, sigma).total(probs, len(centers))


def lattice_probs(
    probs: NDArray[Any], centers: Floats, step: int, sigma: float = LATTICE_SIGMA
) -> Floats:
    """Smooth a prior with a Gaussian over the lattice of its bins.

    Parameters
    ----------
    probs : ndarray of shape (Q,)
    centers : ndarray of shape (Q, 2), float64
        Multiples of `step`.
    step : int
        Distance of neighboring lattice points in CIELAB units.
    sigma : float
        Width of the Gaussian in bins; at 0 the prior is only normalized.

    Returns
    -------
    ndarray of shape (Q,), float64
        Summing to 1 less what the Gaussian spread to lattice points that are not bins.

    Notes
    -----
    The square spans -110..110 on both axes (23 x 23 points at step 10). The Gaussian is cut at
    four sigma and reflected at the border.

    Examples
    --------
    >>> from colorprep import ab_lattice
    >>> gray = np.zeros(313)
    >>> gray[120] = 1
    >>> lattice_probs(gray, ab_lattice().centers, 10)[[119, 120, 121]].round(3).tolist()
    [0.084, 0.619, 0.084]
    """
    from scipy.ndimage import gaussian_filter  # slow to import

    points = np.rint(centers / step).astype(np.int64)
    reach = max(-(-AB_REACH // step), int(np.abs(points).max()))
    square = np.zeros((2 * reach + 1, 2 * reach + 1))
    square[points[:, 0] + reach, points[:, 1] + reach] = probs
    if sigma > 0:
        square = gaussian_filter(square, sigma)
    square /= square.sum()
    smoothed: Floats = square[points[:, 0] + reach, points[:, 1] + reach]
    return smoothed
