"""What is wrong with a prior of unknown origin.

Only the probabilities of its bins are known, not how they were computed. Three questions:

- Do bins that no sRGB color reaches hold more mass than smoothing could have carried there?
- Is the prior smooth along the index of its bins, but not along the other axis of the plane?
  (`colorprep.balance.index_smoothing`)
- Does the published ImageNet prior explain it better if its bins are formed by truncation, or
  read in another order? (`colorprep.balance.published_shape`)

The first two reveal errors of arithmetic. The third compares with the photographs of ImageNet, so
its findings are mostly suspicions, and it stays silent about priors of very different subjects.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats
from ..errors import InputError
from ..quantize.tables import cell_middles, occupied_ab_cells
from .index_smoothing import find_index_smoothing
from .published_shape import ORDERS, ROUNDINGS, STEP, quantizer_of, shape_divergences

Severity: TypeAlias = Literal["wrong", "suspected"]

# Every color lies within 5 of a reachable bin, and smoothing by distance gives that reachable bin
# at least as much as it gives an unreachable one.
NEARBY = 20
WRONG_MASS = 0.01
SUSPECTED_MASS = 0.001

# How far a prior may be from the shape of a defect to be suspected of it: in nats per pixel of
# divergence, and as a fraction of its divergence from the intact shape.
ROUNDING_REMAINDER, ROUNDING_FRACTION = 0.16, 0.5
ORDER_REMAINDER, ORDER_FRACTION = 0.4, 0.3
CERTAIN_GAIN = 1.0


class Finding(NamedTuple):
    """What is wrong with a prior, or seems to be.

    Attributes
    ----------
    code : str
        ``unreachable-mass``, ``index-smoothing``, ``half-bin-shift``, ``truncated`` or
        ``bin-order``.
    severity : {"wrong", "suspected"}
    detail : str
        A sentence with the figures, and what to do.
    log_likelihood_ratio : float or None
        Defect against intact prior under the published shape, in nats per pixel; None for
        findings that rest on no likelihood.
    """

    code: str
    severity: Severity
    detail: str
    log_likelihood_ratio: float | None = None

    def __repr__(self) -> str:
        return f"Finding({self.code}, {self.severity})"


@dataclass(frozen=True, eq=False)
class _Lattice:
    """Geometry of a lattice of bins.

    Attributes
    ----------
    centers : ndarray of shape (Q, 2), float64
    reachable : ndarray of shape (Q,), bool
        Which bins contain an sRGB color.
    near : ndarray of shape (Q, Q), bool
        For each bin, the reachable bins that explain mass on it if it is unreachable.
    across : ndarray of shape (Q,), int64
        The bins ordered by b, then a.
    """

    centers: Floats
    reachable: NDArray[np.bool_]
    near: NDArray[np.bool_]
    across: NDArray[np.int64]


def diagnose_prior(probs: NDArray[Any]) -> list[Finding]:
    """Find what is wrong with a prior over the 313 published bins or the 529 of the full square.

    Parameters
    ----------
    probs : ndarray of shape (313,) or (529,)
        In the published order, a ascending, then b ascending; normalized here.

    Returns
    -------
    list of Finding
        The certain ones first; empty for a sound prior.

    Raises
    ------
    InputError
        If the shape is another one, or the values are not probabilities.

    Notes
    -----
    A uniform distribution that was mixed in to avoid empty bins is removed first: the least
    probability is subtracted from all. Empty bins are normal, and so is a narrow subject.

    Examples
    --------
    >>> probs = np.zeros(313)
    >>> probs[[0, 120]] = 0.3, 0.7  # (-90, 50), which no sRGB color reaches, and gray
    >>> [(finding.code, finding.severity) for finding in diagnose_prior(probs)]
    [('unreachable-mass', 'wrong')]
    """
    probs = np.asarray(probs, np.float64)
    if probs.shape not in ((313,), (529,)):
        raise InputError(f"only priors of 313 or 529 bins can be diagnosed, got {probs.shape}")
    # Some filters leave values a rounding error below zero.
    sound = np.isfinite(probs).all() and probs.sum() > 0 and probs.min() >= -1e-9 * probs.sum()
    if not sound:
        raise InputError("a prior's values must be finite, none negative, and not all zero")
    probs = np.maximum(probs, 0.0)
    probs /= probs.sum()
    if probs.max() - probs.min() < 1e-9:
        return []  # uniform: not counted, so no count can be wrong
    probs = probs - probs.min()
    probs /= probs.sum()
    lattice = _lattice(len(probs))
    divergences = shape_divergences(probs)
    findings = [
        _judge_unreachable_mass(probs, lattice),
        _judge_index_smoothing(probs, lattice),
        _judge_rounding(divergences),
        _judge_order(probs, lattice, divergences),
    ]
    found = [finding for finding in findings if finding is not None]
    return sorted(found, key=lambda finding: finding.severity != "wrong")


def unexplained_mass(probs: Floats) -> float:
    """Return the mass on bins that no sRGB color reaches, beyond what smoothing explains.

    Parameters
    ----------
    probs : ndarray of shape (313,) or (529,), float64, summing to 1

    Returns
    -------
    float
        The sum over unreachable bins u of max(0, p_u - sum of p_r over reachable bins r within
        20 units of u on both axes). Zero after any smoothing whose weight falls with distance.
    """
    lattice = _lattice(len(probs))
    unreachable = ~lattice.reachable
    explained = lattice.near[unreachable] @ probs
    return float(np.maximum(probs[unreachable] - explained, 0.0).sum())


def _judge_unreachable_mass(probs: Floats, lattice: _Lattice) -> Finding | None:
    excess = unexplained_mass(probs)
    if excess < SUSPECTED_MASS:
        return None
    unreachable = ~lattice.reachable
    top = np.argmax(np.where(unreachable, probs, 0.0))
    a, b = lattice.centers[top]
    return Finding(
        "unreachable-mass",
        "wrong" if excess >= WRONG_MASS else "suspected",
        f"{probs[unreachable].sum():.2%} of the mass lies on the {unreachable.sum()} bins that no "
        f"sRGB color reaches, {excess:.2%} more than smoothing explains; the fullest of them is "
        f"({a:.0f}, {b:.0f}) with {probs[top]:.2%}. Such a prior comes of color values outside "
        "0..1, say of floats 0..255 converted to CIELAB, or of bins in another order; count the "
        "images again.",
    )


def _judge_index_smoothing(probs: Floats, lattice: _Lattice) -> Finding | None:
    smoothing = find_index_smoothing(probs, probs[lattice.across])
    if smoothing is None:
        return None
    return Finding(
        "index-smoothing",
        "wrong",
        "along the index of its bins the prior is as smooth as a filter leaves it "
        f"({smoothing.filter}, misfit {smoothing.along:.2g}), across the index it is not (misfit "
        f"{smoothing.across:.2g}): it was smoothed as a list, although neighbors in the list need "
        "not be neighboring colors. Take the prior from before the smoothing, and smooth it over "
        "the ab plane.",
    )


def _judge_rounding(divergences: dict[str, float]) -> Finding | None:
    defect = min((name for name in divergences if name in ROUNDINGS), key=divergences.__getitem__)
    intact, remainder = divergences["intact"], divergences[defect]
    if defect == "intact" or remainder > ROUNDING_REMAINDER:
        return None
    if remainder > ROUNDING_FRACTION * intact:
        return None
    gain = intact - remainder
    return Finding(
        "half-bin-shift" if defect in ("floor", "ceil") else "truncated",
        "suspected",
        f"the published ImageNet prior's shape, {ROUNDINGS[defect]}, is likelier than the intact "
        f"shape by {gain:.3f} nats per pixel (divergence {remainder:.3f} instead of {intact:.3f}). "
        "If the images are ordinary photographs, count them again with the nearest bins.",
        gain,
    )


def _judge_order(probs: Floats, lattice: _Lattice, divergences: dict[str, float]) -> Finding | None:
    order = min((name for name in divergences if name in ORDERS), key=divergences.__getitem__)
    intact, remainder = divergences["intact"], divergences[order]
    if remainder > ORDER_REMAINDER or remainder > ORDER_FRACTION * intact:
        return None
    gain = intact - remainder
    a, b = lattice.centers[np.argmax(probs)]
    certain = max(abs(a), abs(b)) > STEP and gain >= CERTAIN_GAIN
    return Finding(
        "bin-order",
        "wrong" if certain else "suspected",
        f"read with {order}, the prior is likelier under the published ImageNet prior's shape by "
        f"{gain:.2f} nats per pixel (divergence {remainder:.2f} instead of {intact:.2f}), and as "
        f"it stands its peak is at ({a:.0f}, {b:.0f}). Bring its values into the order a "
        "ascending, then b ascending.",
        gain,
    )


@cache
def _lattice(n_bins: int) -> _Lattice:
    quantizer = quantizer_of(n_bins)
    centers = quantizer.centers
    reachable = np.zeros(n_bins, np.bool_)
    reachable[quantizer.encode(cell_middles("ab")[occupied_ab_cells()])] = True
    apart = np.abs(centers[:, None] - centers).max(axis=2)
    near = (apart <= NEARBY) & reachable
    across = np.lexsort((centers[:, 0], centers[:, 1]))
    return _Lattice(centers, reachable, near, across)
