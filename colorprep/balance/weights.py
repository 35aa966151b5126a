"""Rebalancing weights: rare colors count more in the loss, common ones less.

References
----------
Zhang, Isola, Efros, ECCV 2016, section 2.2, equations 3 and 4 (lambda = 0.5). Their code calls
lambda gamma.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats
from ..errors import InputError
from ..quantize.quantizer import Space, centers_in_ab

ZeroBins: TypeAlias = Literal["uniform", "floor", "drop"]

GRAY_CHROMA = 15.0


@dataclass(frozen=True, eq=False)
class Weights:
    """Rebalancing weights with the probabilities under which their mean is 1.

    See `rebalancing_weights` for an example.

    Attributes
    ----------
    weights : ndarray of shape (Q,), float64
    probs : ndarray of shape (Q,), float64
        The prior, after flooring if that was requested.
    levels : tuple of Weights
        Those of each level of lightness, from dark to light; empty if there are none.
    """

    weights: Floats
    probs: Floats
    levels: tuple[Weights, ...] = ()

    def __repr__(self) -> str:
        low, high = self.weights.min(), self.weights.max()
        levels = f", {len(self.levels)} levels of lightness" if self.levels else ""
        return f"Weights({len(self.weights)} bins, {low:.3g} to {high:.3g}{levels})"


@dataclass(frozen=True)
class WeightSafety:
    """The effect of a set of weights on the loss.

    Attributes
    ----------
    smallest, largest : float
        The smallest weight of a bin that occurs, and the largest of all.
    effective_share : float
        Effective sample size as a fraction of all pixels, (E w)^2 / E w^2.
    gray_before, gray_after : float
        Fraction of the pixels, and of the loss, in near-gray bins (chroma up to 15 CIELAB units).
    empty_bins : int
        Bins without probability.
    """

    smallest: float
    largest: float
    effective_share: float
    gray_before: float
    gray_after: float
    empty_bins: int


def check_probs(probs: NDArray[Any]) -> Floats:
    """Return a prior as float64, normalized.

    Parameters
    ----------
    probs : ndarray of shape (Q,)
        Counts or probabilities: finite, nonnegative, of positive sum.

    Returns
    -------
    ndarray of shape (Q,), float64, summing to 1

    Raises
    ------
    InputError
        If they are not a prior.
    """
    given = np.asarray(probs)
    if given.ndim != 1 or len(given) < 2 or given.dtype.kind not in "fiu":
        raise InputError(f"a prior must be a vector of numbers, got {given.dtype} {given.shape}")
    floats = given.astype(np.float64)
    if not (np.isfinite(floats).all() and (floats >= 0).all() and floats.sum() > 0):
        raise InputError("a prior must hold finite numbers from 0 up, not all of them 0")
    normalized: Floats = floats / floats.sum()
    return normalized


def rebalancing_weights(
    probs: NDArray[Any],
    mix: float = 0.5,
    alpha: float = 1.0,
    zero_bins: ZeroBins = "uniform",
    n_pixels: int | None = None,
) -> Weights:
    """Return the rebalancing weights of a prior.

    Parameters
    ----------
    probs : ndarray of shape (Q,)
        The prior p.
    mix : float
        Lambda, the fraction of the uniform distribution u, 0 to 1. At 1 all weights are equal.
    alpha : float
        Exponent, 0 or more. At 0 all weights are equal.
    zero_bins : {"uniform", "floor", "drop"}
        How to treat bins without probability. ``uniform``: u = 1/Q on every bin. ``floor``: the
        same, after raising p to at least half a pixel in every bin and normalizing. ``drop``: u
        is uniform over the other bins, and empty bins get weight 0.
    n_pixels : int or None
        Number of pixels that the prior was counted from; ``floor`` needs it.

    Returns
    -------
    Weights
        Finite, with sum(probs * weights) = 1.

    Raises
    ------
    InputError
        If an argument is out of range, or a bin would get an infinite weight: lambda 0 with
        empty bins and ``uniform``.

    Notes
    -----
    w = m^(-alpha) / sum(p m^(-alpha)) with m = (1 - lambda) p + lambda u, computed by logarithms
    so that no intermediate power overflows.

    Examples
    --------
    >>> rebalancing_weights(np.array([0.75, 0.25])).weights.round(3).tolist()
    [0.857, 1.429]
    """
    p = check_probs(probs)
    if not 0.0 <= mix <= 1.0:
        raise InputError(f"lambda must be from 0 to 1, got {mix}")
    if not 0.0 <= alpha < np.inf:
        raise InputError(f"alpha must be 0 or more, got {alpha}")
    if zero_bins == "floor":
        p = raised_to_half_a_pixel(p, n_pixels)
    elif zero_bins not in ("uniform", "drop"):
        raise InputError(f"zero bins must be uniform, floor or drop, got {zero_bins!r}")
    if zero_bins != "drop":
        return Weights(inverse_power(p, mix, alpha), p)
    kept = p > 0
    weights = np.zeros(len(p))
    weights[kept] = inverse_power(p[kept], mix, alpha)
    return Weights(weights, p)


def inverse_power(p: Floats, mix: float, alpha: float) -> Floats:
    """Return w = m^(-alpha) / sum(p m^(-alpha)) with m = (1 - lambda) p + lambda / Q.

    Parameters
    ----------
    p : ndarray of shape (Q,), float64, nonnegative
        It need not sum to 1, and is not normalized.
    mix, alpha : float
        Lambda and the exponent.

    Returns
    -------
    ndarray of shape (Q,), float64, finite, above 0

    Raises
    ------
    InputError
        If a weight would be infinite, or too small for a float.
    """
    mixed = (1.0 - mix) * p + mix / len(p)
    if not (mixed > 0).all():
        raise InputError(
            f"{np.count_nonzero(mixed == 0)} empty bins would get an infinite weight at lambda 0; "
            "choose a lambda above 0, or --zero-bins floor or drop"
        )
    log_power = -alpha * np.log(mixed)
    # Dividing by the largest power first keeps every step finite if the result is.
    relative = np.exp(log_power - log_power.max())
    expectation = p @ relative
    with np.errstate(over="ignore", divide="ignore"):
        weights: Floats = relative / expectation
    if not np.isfinite(weights).all():
        raise InputError(
            f"alpha {alpha:g} makes weights too large for floats; choose a smaller one"
        )
    if not (weights > 0).all():
        raise InputError(
            f"alpha {alpha:g} makes weights too small for floats; choose a smaller one"
        )
    return weights


def weight_safety(weights: Weights, gray: NDArray[np.bool_]) -> WeightSafety:
    """Return the effect of weights on the loss.

    Parameters
    ----------
    gray : ndarray of shape (Q,), bool
        Which bins are near-gray, see `colorprep.balance.weights.gray_bins`.

    Examples
    --------
    >>> weights = rebalancing_weights(np.array([0.75, 0.25]))
    >>> safety = weight_safety(weights, np.array([True, False]))
    >>> round(safety.effective_share, 2), safety.gray_before, round(safety.gray_after, 3)
    (0.94, 0.75, 0.643)
    """
    p, w = weights.probs, weights.weights
    present = w[p > 0]
    return WeightSafety(
        smallest=float(present.min()),
        largest=float(w.max()),
        effective_share=float((p @ w) ** 2 / (p @ w**2)),
        gray_before=float(p[gray].sum()),
        gray_after=float((p * w)[gray].sum() / (p @ w)),
        empty_bins=int(np.count_nonzero(p == 0)),
    )


def gray_bins(centers: Floats, space: Space) -> NDArray[np.bool_]:
    """Return which bins are near-gray: chroma of at most 15 CIELAB units.

    Parameters
    ----------
    centers : ndarray of shape (Q, 2), float64
    space : {"ab", "hue-chroma"}

    Returns
    -------
    ndarray of shape (Q,), bool

    Examples
    --------
    >>> gray_bins(np.array([[0.0, 10.0], [10.0, 20.0]]), "ab").tolist()
    [True, False]
    """
    ab = centers_in_ab(centers, space)
    return np.asarray(np.hypot(ab[:, 0], ab[:, 1]) <= GRAY_CHROMA)


def raised_to_half_a_pixel(p: Floats, n_pixels: int | None) -> Floats:
    """Return probabilities of at least half a pixel a bin, normalized.

    Parameters
    ----------
    p : ndarray of shape (Q,), float64, summing to 1
    n_pixels : int or None
        Number of pixels that they were counted from.

    Returns
    -------
    ndarray of shape (Q,), float64, above 0, summing to 1

    Raises
    ------
    InputError
        If the number of pixels is unknown.
    """
    if not n_pixels:
        raise InputError(
            "--zero-bins floor needs the number of counted pixels, which a bare .npy does not "
            "hold; give a prior.npz, or choose uniform or drop"
        )
    raised = np.maximum(p, 0.5 / n_pixels)
    normalized: Floats = raised / raised.sum()
    return normalized
