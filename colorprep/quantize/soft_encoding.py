"""Soft-encoding: a color as Gaussian weights on its nearest centers.

Published codes write these as dense Q-vectors. Here they are pairs (bins, weights) of the few
nonzero entries, which hold the same numbers in a thirtieth of the memory.

References
----------
Zhang, Isola, Efros, ECCV 2016, section 2.2. The paper says 5 neighbors, its published code uses
10; the default here is the code's.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats
from ..errors import InputError
from .kernels import nearest_centers

NEIGHBORS = 10
SIGMA = 5.0


class SoftEncoding(NamedTuple):
    """Distributions over bins, each by its k largest entries.

    Attributes
    ----------
    bins : ndarray of shape (..., k), uint16
        Bins, the likeliest first where the encoder sorts them.
    weights : ndarray of shape (..., k), float64
        Probabilities; each row sums to 1.
    """

    bins: NDArray[np.uint16]
    weights: Floats

    def dense(self, n_bins: int) -> Floats:
        """Return the distributions written out, an ndarray of shape (..., n_bins), float64."""
        full = np.zeros((*self.bins.shape[:-1], n_bins))
        np.put_along_axis(full, self.bins.astype(np.intp), self.weights, axis=-1)
        return full

    def total(self, counts: NDArray[Any], n_bins: int) -> Floats:
        """Return the sum over rows of counts times the distribution, in a fixed order.

        Parameters
        ----------
        counts : ndarray of shape (...), one number for each row
        n_bins : int

        Returns
        -------
        ndarray of shape (n_bins,), float64
        """
        mass = np.asarray(counts, np.float64)[..., None] * self.weights
        total = np.bincount(self.bins.ravel(), weights=mass.ravel(), minlength=n_bins)
        return total.astype(np.float64)


def soft_encode(
    colors: NDArray[Any], centers: Floats, neighbors: int = NEIGHBORS, sigma: float = SIGMA
) -> SoftEncoding:
    """Soft-encode colors on their nearest centers.

    Parameters
    ----------
    colors : ndarray of shape (..., 2)
        In the space of the centers, CIELAB ab as a rule.
    centers : ndarray of shape (Q, 2), float64
    neighbors : int
        How many centers get weight, 1 to Q.
    sigma : float
        Width of the Gaussian, in the unit of the colors.

    Returns
    -------
    SoftEncoding
        Of shape (..., neighbors), nearest first; of equally distant centers the lower index.

    Raises
    ------
    InputError
        If `neighbors` or `sigma` is out of range.

    Notes
    -----
    w_i = exp(-d_i^2 / (2 sigma^2)) / sum_j exp(-d_j^2 / (2 sigma^2)). The nearest distance is
    subtracted before exponentiating, so that colors far from every center stay finite.
    """
    if not 1 <= neighbors <= len(centers):
        raise InputError(f"neighbors must be from 1 to {len(centers)} bins, got {neighbors}")
    if not sigma > 0:
        raise InputError(f"sigma must be above 0, got {sigma}")
    colors = np.asarray(colors, np.float64)
    points = np.ascontiguousarray(colors.reshape(-1, 2))
    index = np.empty((len(points), neighbors), np.uint16)
    squared = np.empty((len(points), neighbors))
    nearest_centers(points, centers, index, squared)
    weight = np.exp((squared[:, :1] - squared) / (2.0 * sigma**2))
    weight /= weight.sum(axis=1, keepdims=True)
    shape = (*colors.shape[:-1], neighbors)
    return SoftEncoding(index.reshape(shape), weight.reshape(shape))
