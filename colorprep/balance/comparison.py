"""How far two priors over the same bins are apart, and in which bins.

References
----------
Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory
37(1), 1991 (the Jensen-Shannon divergence).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats
from ..errors import InputError
from .weights import check_probs


class Comparison(NamedTuple):
    """How far a prior is from another one.

    Attributes
    ----------
    jensen_shannon : float
        In bits, 0 for equal priors to 1 for priors without a common bin.
    total_variation : float
        The share of the pixels that would have to change bins, 0 to 1.
    differences : ndarray of shape (Q,), float64
        Of the shares, p - q: above 0 where the first prior holds more.
    """

    jensen_shannon: float
    total_variation: float
    differences: Floats


def compare_priors(p: NDArray[Any], q: NDArray[Any]) -> Comparison:
    """Compare two priors over the same bins.

    Parameters
    ----------
    p, q : ndarray of shape (Q,)
        Probabilities or counts; each is normalized.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If one of them is no prior, or they have different numbers of bins.

    Notes
    -----
    With m = (p + q) / 2, the Jensen-Shannon divergence is (KL(p || m) + KL(q || m)) / 2, here with
    logarithms of base 2; the total variation is sum |p - q| / 2.
    """
    p, q = check_probs(p), check_probs(q)
    if len(p) != len(q):
        raise InputError(f"priors over {len(p)} and {len(q)} bins cannot be compared bin by bin")
    middle = (p + q) / 2.0
    divergence = (_kullback_leibler(p, middle) + _kullback_leibler(q, middle)) / 2.0
    differences = p - q
    return Comparison(max(0.0, divergence), float(np.abs(differences).sum()) / 2.0, differences)


def bins_that_differ_most(differences: Floats, n: int) -> NDArray[np.intp]:
    """Return the bins whose shares differ most, the largest difference of either sign first.

    Parameters
    ----------
    differences : ndarray of shape (Q,), float64
    n : int
        How many at most; bins that do not differ are left out.

    Returns
    -------
    ndarray of shape (at most n,), intp
        Of equal differences the lower bin first.
    """
    order: NDArray[np.intp] = np.argsort(-np.abs(differences), kind="stable")[:n]
    return np.asarray(order[differences[order] != 0.0])


def _kullback_leibler(p: Floats, m: Floats) -> float:
    held = (p > 0) & (m > 0)  # the middle of the least of floats is 0
    return float((p[held] * np.log2(p[held] / m[held])).sum())
