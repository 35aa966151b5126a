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
from .lightness import level_edges
from .prior import Prior, entropy_bits
from .weights import check_probs, gray_bins


class Comparison(NamedTuple):
    """How far a prior is from another one; see `compare_priors` for an example.

    Attributes
    ----------
    jensen_shannon : float
        In bits, 0 for equal priors to 1 for priors without a common bin.
    total_variation : float
        The fraction of the pixels that would have to change bins, 0 to 1.
    differences : ndarray of shape (Q,), float64
        p - q: above 0 in bins that have more of the first prior.
    """

    jensen_shannon: float
    total_variation: float
    differences: Floats

    def __repr__(self) -> str:
        far = f"jensen_shannon={self.jensen_shannon:.4f}"
        return f"Comparison({far}, total_variation={self.total_variation:.4f})"


def compare_priors(p: NDArray[Any], q: NDArray[Any]) -> Comparison:
    """Compare two priors over the same bins.

    Parameters
    ----------
    p, q : ndarray of shape (Q,)
        Probabilities or counts; each is normalized.

    Raises
    ------
    InputError
        If one of them is not a prior, or they have different numbers of bins.

    Notes
    -----
    With m = (p + q) / 2, the Jensen-Shannon divergence is (KL(p || m) + KL(q || m)) / 2, here with
    logarithms of base 2; the total variation is sum |p - q| / 2.

    Examples
    --------
    >>> comparison = compare_priors(np.array([3, 1, 0]), np.array([2, 1, 1]))
    >>> comparison.total_variation, round(comparison.jensen_shannon, 3)
    (0.25, 0.143)
    """
    p, q = check_probs(p), check_probs(q)
    if len(p) != len(q):
        raise InputError(f"priors over {len(p)} and {len(q)} bins cannot be compared bin by bin")
    middle = (p + q) / 2.0
    divergence = (_kullback_leibler(p, middle) + _kullback_leibler(q, middle)) / 2.0
    differences = p - q
    return Comparison(max(0.0, divergence), float(np.abs(differences).sum()) / 2.0, differences)


class ComparedLevel(NamedTuple):
    """A level of lightness, and how far its colors are from those of all pixels.

    Attributes
    ----------
    low, high : float
        The L at which it begins and ends, 0 to 100.
    share : float
        Its fraction of the pixels.
    gray_share, entropy_bits, jensen_shannon : float or None
        The near-gray fraction of its pixels; the entropy of its prior, and the divergence of the
        whole prior from it, in bits. None without a pixel.
    """

    low: float
    high: float
    n_pixels: int
    share: float
    gray_share: float | None = None
    entropy_bits: float | None = None
    jensen_shannon: float | None = None


def compare_levels(prior: Prior) -> list[ComparedLevel]:
    """Compare the levels of lightness of a prior with the whole, from dark to light."""
    if not prior.levels:
        return []
    gray = gray_bins(prior.quantizer.centers, prior.quantizer.space)
    edges = level_edges(len(prior.levels)).tolist()
    compared = []
    for low, high, level in zip(edges[:-1], edges[1:], prior.levels, strict=True):
        one = ComparedLevel(low, high, level.n_pixels, level.n_pixels / prior.n_pixels)
        if level.n_pixels:
            one = one._replace(
                gray_share=float(level.probs[gray].sum()),
                entropy_bits=entropy_bits(level.probs),
                jensen_shannon=compare_priors(level.probs, prior.probs).jensen_shannon,
            )
        compared.append(one)
    return compared


def bins_that_differ_most(differences: Floats, n: int) -> NDArray[np.intp]:
    """Return the bins that differ most, the largest difference of either sign first.

    Parameters
    ----------
    differences : ndarray of shape (Q,), float64
        See `Comparison`.
    n : int
        How many at most; bins that do not differ are left out.

    Returns
    -------
    ndarray of shape (at most n,), intp
        Bins of equal difference in ascending order.

    Examples
    --------
    >>> bins_that_differ_most(np.array([0.1, -0.3, 0.0, 0.2]), 3).tolist()
    [1, 3, 0]
    """
    order: NDArray[np.intp] = np.argsort(-np.abs(differences), kind="stable")[:n]
    return np.asarray(order[differences[order] != 0.0])


def _kullback_leibler(p: Floats, m: Floats) -> float:
    held = (p > 0) & (m > 0)  # half of the smallest float is 0
    return float((p[held] * np.log2(p[held] / m[held])).sum())
