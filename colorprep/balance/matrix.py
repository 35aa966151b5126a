"""Keras-FCN's weight matrix: for each true bin, its soft target times its weight.

The loss takes the row of the true bin y: -sum_c T[y, c] log_softmax(z)_c. Row y sums to the weight
of bin y. The last column belongs to the network's extra channel for ignored pixels and is 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats
from ..errors import InputError
from ..quantize.ab import AbQuantizer
from .smoothing import lattice_probs
from .weights import check_probs, inverse_power

NEIGHBOR_SIGMA = 0.5


def weight_matrix(
    probs: NDArray[Any],
    quantizer: AbQuantizer,
    mix: float = 0.5,
    alpha: float = 1.0,
    lattice_sigma: float = 0.0,
    neighbor_sigma: float = NEIGHBOR_SIGMA,
) -> Floats:
    """Return the matrix of soft targets times rebalancing weights.

    Parameters
    ----------
    probs : ndarray of shape (Q,)
        The prior.
    quantizer : AbQuantizer
        An ab lattice, usually ``ab313``.
    mix, alpha : float
        Lambda and exponent of the weights, see `inverse_power`.
    lattice_sigma : float
        Width in bins of the Gaussian that smooths the prior first; 0 if it is already smooth.
    neighbor_sigma : float
        Width in bins of the Gaussian over the bin and its (up to four) axis neighbors, which
        makes the soft target.

    Returns
    -------
    ndarray of shape (Q, Q + 1), float64
        313 x 314 for ``ab313``.

    Raises
    ------
    InputError
        If the quantizer is not a lattice, the prior has another number of bins, or an argument
        is out of range.

    Notes
    -----
    The prior is smoothed and normalized on the whole square lattice (23 x 23), and the bins are
    not normalized again, as in the published matrices of Keras-FCN.

    Examples
    --------
    >>> from colorprep import ab_lattice
    >>> matrix = weight_matrix(np.ones(313), ab_lattice())  # a uniform prior: all weights are 1
    >>> matrix.shape, matrix[120, [119, 120, 121]].round(3).tolist()
    ((313, 314), [0.088, 0.649, 0.088])
    """
    if quantizer.step is None:
        raise InputError(f"the weight matrix needs an ab lattice; {quantizer.name} is not one")
    if len(probs) != len(quantizer.centers):
        raise InputError(
            f"the prior has {len(probs)} bins, {quantizer.name} has {len(quantizer.centers)}"
        )
    if not neighbor_sigma > 0 or not lattice_sigma >= 0:
        raise InputError(
            "--neighbor-sigma must be above 0 and --lattice-sigma 0 or more, got "
            f"{neighbor_sigma} and {lattice_sigma}"
        )
    p = lattice_probs(check_probs(probs), quantizer.centers, quantizer.step, lattice_sigma)
    weights = inverse_power(p, mix, alpha)
    return weighted_targets(weights, quantizer, neighbor_sigma)


def weighted_targets(
    weights: Floats, quantizer: AbQuantizer, neighbor_sigma: float = NEIGHBOR_SIGMA
) -> Floats:
    """Return each bin's soft target times its weight, with a last column of zeros.

    Parameters
    ----------
    weights : ndarray of shape (Q,), float64
    quantizer : AbQuantizer
        An ab lattice.
    neighbor_sigma : float
        See `weight_matrix`.

    Returns
    -------
    ndarray of shape (Q, Q + 1), float64
    """
    matrix = np.zeros((len(weights), len(weights) + 1))
    matrix[:, :-1] = neighbor_targets(quantizer, neighbor_sigma) * weights[:, None]
    return matrix


def neighbor_targets(quantizer: AbQuantizer, sigma: float = NEIGHBOR_SIGMA) -> Floats:
    """Return each bin's soft target on itself and its axis neighbors on the lattice.

    Parameters
    ----------
    quantizer : AbQuantizer
        An ab lattice.
    sigma : float
        Width of the Gaussian in bins.

    Returns
    -------
    ndarray of shape (Q, Q), float64
        Rows sum to 1; lattice points outside the bins are left out.
    """
    centers = quantizer.centers / (quantizer.step or 1)
    squared = ((centers[:, None] - centers[None]) ** 2).sum(axis=-1)
    target = np.where(squared <= 1.0, np.exp(-squared / (2.0 * sigma**2)), 0.0)
    normalized: Floats = target / target.sum(axis=1, keepdims=True)
    return normalized
