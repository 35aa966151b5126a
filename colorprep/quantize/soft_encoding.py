"""Soft-encoding: a color as Gaussian weights on its nearest centers.

Published code stores these as dense Q-vectors. Here they are pairs (bins, weights) of the few
nonzero entries: the same numbers in a thirtieth of the memory.

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
    """Distributions over bins, each as k bins and their weights.

    Attributes
    ----------
    bins : ndarray of shape (..., k), uint16
        Nearest first for ab quantizers; in order of their numbers for mixtures.
    weights : ndarray of shape (..., k), float64
        Probabilities of these bins; each row sums to 1.

    Examples
    --------
    >>> soft = SoftEncoding(np.array([[120, 121]], np.uint16), np.array([[0.75, 0.25]]))
    >>> soft.dense(313).shape, soft.dense(313)[0, 119:123].tolist()
    ((1, 313), [0.0, 0.75, 0.25, 0.0])
    """

    bins: NDArray[np.uint16]
    weights: Floats

    def __repr__(self) -> str:
        *shape, k = self.bins.shape
        return f"SoftEncoding({k} bins for each of {tuple(shape)} colors)"

    def dense(self, n_bins: int) -> Floats:
        """Return the distributions over all bins, an ndarray of shape (..., n_bins), float64."""
        full = np.zeros((*self.bins.shape[:-1], n_bins))
        np.put_along_axis(full, self.bins.astype(np.intp), self.weights, axis=-1)
        return full

    def total(self, counts: NDArray[Any], n_bins: int) -> Floats:
        """Return the sum over rows of counts times the distribution, in a fixed order.

        Parameters
        ----------
        counts : ndarray of shape (...)
            One number for each row.

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
        In the space of the centers, usually CIELAB ab.
    centers : ndarray of shape (Q, 2), float64
    neighbors : int
        Number of centers that get weight, 1 to Q.
    sigma : float
        Width of the Gaussian, in the unit of the colors.

    Returns
    -------
    SoftEncoding
        Of shape (..., neighbors), nearest first; of equally near centers the lower index first.

    Raises
    ------
    InputError
        If `neighbors` or `sigma` is out of range.

    Notes
    -----
    w_i = exp(-d_i^2 / (2 sigma^2)) / sum_j exp(-d_j^2 / (2 sigma^2)). The least squared distance
    is subtracted before exponentiating, so that colors far from every center stay finite.

    Examples
    --------
    >>> soft = soft_encode([3, 0], np.array([[0.0, 0.0], [10.0, 0.0], [50.0, 0.0]]), neighbors=2)
    >>> soft.bins.tolist(), soft.weights.round(3).tolist()
    ([0, 1], [0.69, 0.31])
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
