"""What is wrong with a prior of unknown origin.

Only the probabilities of the bins are known, not how they came about. Three questions are asked:

- Does a bin that no sRGB color reaches hold more than smoothing could have carried there?
- Is the prior smooth along the index of its bins, yet not along the other axis of the plane?
- Is it likelier under the shape of the published ImageNet prior as it would be had the bins been
  formed by truncation or read in another order, than under that shape itself?

The first two show mistakes of arithmetic. The third compares with the photographs of ImageNet, so
it suspects only, and says nothing of a prior whose subject is unlike them in any case.

References
----------
Zhang, Isola, Efros, "Colorful Image Colorization", ECCV 2016 (the published prior).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats
from ..errors import InputError
from ..quantize.ab import AbQuantizer, ab529, ab_lattice
from ..quantize.tables import cell_middles, occupied_ab_cells
from .smoothing import lattice_probs

Severity: TypeAlias = Literal["wrong", "suspected"]

STEP = 10  # of both lattices that are known, in CIELAB units

# Every color lies within 5 of a reachable bin, and what smoothing by distance gives an unreachable
# bin it gives that reachable one in no smaller measure.
NEARBY = 20
WRONG_MASS = 0.01
SUSPECTED_MASS = 0.001

# A prior smoothed along its index misfits its own filter by less than this share of its misfit
# across the index. Honest ones stay above 0.014, 0.009 and 0.05, single photographs included.
MISFIT_SHARES = {"gaussian 1": 0.005, "gaussian 0.7": 0.002}
MISFIT_SHARE = 0.02
LEAST_MISFIT = 0.02  # below it the prior is smooth along both axes, as a wide Gaussian leaves it

# Nats per pixel of divergence that a defect leaves at most, absolutely and as a share of what an
# intact prior's shape leaves.
SHIFT_REMAINDER, SHIFT_SHARE = 0.16, 0.5
TRUNCATION_REMAINDER, TRUNCATION_SHARE = 0.16, 0.5
ORDER_REMAINDER, ORDER_SHARE = 0.4, 0.3
CERTAIN_GAIN = 1.0

# The density of ImageNet's colors over the ab plane, as a mixture of Gaussians fitted to the
# published prior of Zhang et al. through the soft-encoding (10 neighbors, sigma 5):
# weight, mean a, mean b, deviations along and across, degrees from the a axis.
SHAPE = np.array(
    [
        [0.3226, 0.23, 0.91, 1.50, 3.82, 1.1],
        [0.3031, 3.80, 10.80, 7.39, 13.20, 157.9],
        [0.1387, -1.08, -2.51, 5.27, 18.34, 6.9],
        [0.0888, 18.24, 31.55, 16.86, 24.98, 108.4],
        [0.0777, -15.14, 23.39, 18.25, 6.87, 122.6],
        [0.0690, 0.62, 3.94, 45.00, 20.48, 100.8],
    ]
)
SHAPE_FLOOR = 1e-3  # share of a uniform distribution, since rare colors differ between data sets


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
        Of the defect against an intact prior under the published shape, in nats per pixel; None
        where the finding rests on no likelihood.
    """

    code: str
    severity: Severity
    detail: str
    log_likelihood_ratio: float | None = None


@dataclass(frozen=True, eq=False)
class _Lattice:
    """What is known of a lattice of bins.

    Attributes
    ----------
    quantizer : AbQuantizer
    reachable : ndarray of shape (Q,), bool
        Which bins contain an sRGB color.
    near : ndarray of shape (Q, Q), bool
        Row by row the reachable bins that explain mass on an unreachable one.
    across : ndarray of shape (Q,), int64
        The bins ordered by b, then a.
    shapes : dict
        The published prior as each defect would leave it, unsmoothed and smoothed.
    """

    quantizer: AbQuantizer
    reachable: NDArray[np.bool_]
    near: NDArray[np.bool_]
    across: NDArray[np.int64]
    shapes: dict[str, list[Floats]]


def diagnose_prior(probs: NDArray[Any]) -> list[Finding]:
    """Find what is wrong with a prior over the 313 published bins or the 529 of the full square.

    Parameters
    ----------
    probs : ndarray of shape (313,) or (529,)
        In the published order, a ascending, then b ascending; normalized here.

    Returns
    -------
    list of Finding
        The certain ones first; empty for a prior that nothing speaks against.

    Raises
    ------
    InputError
        If the shape is another, or the values are no probabilities.

    Notes
    -----
    A uniform share, as mixed in to have no empty bins, is taken off first: Q times the least
    probability. Empty bins are normal, and so is a narrow subject.
    """
    probs = np.asarray(probs, np.float64)
    if probs.shape not in ((313,), (529,)):
        raise InputError(f"only priors of 313 or 529 bins can be diagnosed, got {probs.shape}")
    # Filters leave zeros a rounding error below zero.
    sound = np.isfinite(probs).all() and probs.sum() > 0 and probs.min() >= -1e-9 * probs.sum()
    if not sound:
        raise InputError("a prior's values must be finite, none negative, and not all zero")
    probs = np.maximum(probs, 0.0)
    probs /= probs.sum()
    if probs.max() - probs.min() < 1e-9:
        return []  # uniform: nothing was counted, so nothing can have gone wrong
    probs = probs - probs.min()
    probs /= probs.sum()
    lattice = _lattice(len(probs))
    divergences = shape_divergences(probs)
    findings = [
        _judge_unreachable_mass(probs, lattice),
        _judge_index_smoothing(probs, lattice),
        _judge_binning(divergences),
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
        20 units of u on both axes). Zero for every smoothing whose weight falls with distance.
    """
    lattice = _lattice(len(probs))
    unreachable = ~lattice.reachable
    explained = lattice.near[unreachable] @ probs
    return float(np.maximum(probs[unreachable] - explained, 0.0).sum())


def shape_divergences(probs: Floats) -> dict[str, float]:
    """Return the divergence of a prior from the published shape, intact and under each defect.

    Parameters
    ----------
    probs : ndarray of shape (313,) or (529,), float64, summing to 1

    Returns
    -------
    dict of str to float
        KL(p || shape) in nats, of the unsmoothed or the smoothed shape, whichever is nearer. The
        difference of two is the mean log-likelihood ratio per pixel.
    """
    held = probs > 0
    entropy = -float((probs[held] * np.log(probs[held])).sum())
    return {
        name: min(-float(probs @ np.log(shape)) for shape in shapes) - entropy
        for name, shapes in _lattice(len(probs)).shapes.items()
    }


def published_shape(n_bins: int = 313) -> Floats:
    """Return the modeled shape of the published ImageNet prior, soft-encoded as that one is.

    Parameters
    ----------
    n_bins : {313, 529}

    Returns
    -------
    ndarray of shape (n_bins,), float64, summing to 1
        Of 313 bins, within a total variation of 0.02 of the published file.
    """
    quantizer = _lattice(n_bins).quantizer
    soft = quantizer.encode_soft(cell_middles("ab")[occupied_ab_cells()])
    return soft.total(_cell_density(), n_bins)


def _judge_unreachable_mass(probs: Floats, lattice: _Lattice) -> Finding | None:
    excess = unexplained_mass(probs)
    if excess < SUSPECTED_MASS:
        return None
    unreachable = ~lattice.reachable
    top = np.argmax(np.where(unreachable, probs, 0.0))
    a, b = lattice.quantizer.centers[top]
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
    for name, kernel in _kernels().items():
        share = MISFIT_SHARES.get(name, MISFIT_SHARE)
        along = _misfit(probs, kernel)
        if along > share:
            continue  # no misfit across could be so large
        across = _misfit(probs[lattice.across], kernel)
        if across >= LEAST_MISFIT and along <= share * across:
            return Finding(
                "index-smoothing",
                "wrong",
                "along the index of its bins the prior is as smooth as a filter leaves it "
                f"({name}, misfit {along:.2g}), across the index it is not (misfit {across:.2g}): "
                "it was smoothed as a list, although neighbors in the list need not be "
                "neighboring colors. Take the prior from before the smoothing, and smooth it over "
                "the ab plane.",
            )
    return None


def _judge_binning(divergences: dict[str, float]) -> Finding | None:
    defect = min((name for name in divergences if name in _ROUNDINGS), key=divergences.__getitem__)
    intact, remainder = divergences["intact"], divergences[defect]
    shifted = defect in ("floor", "ceil")
    most = SHIFT_REMAINDER if shifted else TRUNCATION_REMAINDER
    share = SHIFT_SHARE if shifted else TRUNCATION_SHARE
    if defect == "intact" or remainder > most or remainder > share * intact:
        return None
    gain = intact - remainder
    likelihood = (
        f"the published ImageNet prior's shape, {_ROUNDINGS[defect]}, is likelier than the intact "
        f"shape by {gain:.3f} nats per pixel (divergence {remainder:.3f} instead of {intact:.3f})"
    )
    advice = "If the images are ordinary photographs, count them again with the nearest bins."
    if shifted:
        return Finding("half-bin-shift", "suspected", f"{likelihood}. {advice}", gain)
    return Finding("truncated", "suspected", f"{likelihood}. {advice}", gain)


def _judge_order(probs: Floats, lattice: _Lattice, divergences: dict[str, float]) -> Finding | None:
    order = min((name for name in divergences if name in _ORDERS), key=divergences.__getitem__)
    intact, remainder = divergences["intact"], divergences[order]
    if remainder > ORDER_REMAINDER or remainder > ORDER_SHARE * intact:
        return None
    gain = intact - remainder
    a, b = lattice.quantizer.centers[np.argmax(probs)]
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
    quantizer = ab_lattice() if n_bins == 313 else ab529()
    centers = quantizer.centers
    middles = cell_middles("ab")[occupied_ab_cells()]
    reachable = np.zeros(n_bins, np.bool_)
    reachable[quantizer.encode(middles)] = True
    apart = np.abs(centers[:, None] - centers).max(axis=2)
    near = (apart <= NEARBY) & reachable
    across = np.lexsort((centers[:, 0], centers[:, 1]))
    shapes = _shapes(quantizer, middles)
    return _Lattice(quantizer, reachable, near, across, shapes)


_ROUNDINGS = {
    "intact": "as it is",
    "floor": "with bins taken downward instead of to the nearest",
    "ceil": "with bins taken upward instead of to the nearest",
    "trunc": "with bins truncated toward zero",
    "half-trunc": "with bins truncated toward zero after adding half a bin",
}

# As keys of a sort, the last the outermost: signs of a and b, and whether b is the outer one.
_ORDERS = {
    "b outer, then a": (1, 1, True),
    "a descending": (-1, 1, False),
    "b descending": (1, -1, False),
    "both descending": (-1, -1, False),
    "b outer, a descending": (-1, 1, True),
    "b outer descending, a ascending": (1, -1, True),
    "b outer, both descending": (-1, -1, True),
}


def _shapes(quantizer: AbQuantizer, middles: Floats) -> dict[str, list[Floats]]:
    """Return the published shape under each defect, unsmoothed and smoothed, nowhere zero."""
    n_bins, centers, density = len(quantizer.centers), quantizer.centers, _cell_density()
    scaled = middles / STEP
    rounded = {
        "intact": np.floor(scaled + 0.5),
        "floor": np.floor(scaled),
        "ceil": np.ceil(scaled),
        "trunc": np.trunc(scaled),
        "half-trunc": np.trunc(scaled + 0.5),
    }
    shapes = {}
    for name, points in rounded.items():
        raw = np.bincount(quantizer.encode(STEP * points), density, n_bins)
        shapes[name] = [raw, lattice_probs(raw, centers, STEP)]
    for name, (sign_a, sign_b, b_outer) in _ORDERS.items():
        keys = (sign_b * centers[:, 1], sign_a * centers[:, 0])
        order = np.lexsort(keys[::-1] if b_outer else keys)
        shapes[name] = [shape[order] for shape in shapes["intact"]]
    return {
        name: [(1 - SHAPE_FLOOR) * shape / shape.sum() + SHAPE_FLOOR / n_bins for shape in pair]
        for name, pair in shapes.items()
    }


def _cell_density() -> Floats:
    """Return the modeled share of each occupied ab cell in ImageNet's pixels."""
    weight, mean_a, mean_b, along, across, degrees = SHAPE.T
    middles = cell_middles("ab")[occupied_ab_cells()]
    a, b = middles[:, :1] - mean_a, middles[:, 1:] - mean_b
    angle = np.radians(degrees)
    u = (a * np.cos(angle) + b * np.sin(angle)) / along
    v = (b * np.cos(angle) - a * np.sin(angle)) / across
    density: Floats = np.exp(-0.5 * (u**2 + v**2)) @ (weight / (along * across))
    density /= density.sum()
    return density


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
        # Savitzky and Golay 1964, quadratic and cubic alike.
        square = 5.0 * np.arange(-half, half + 1) ** 2
        kernels[f"savitzky-golay {width}"] = 3 * half**2 + 3 * half - 1 - square
    return {name: kernel / kernel.sum() for name, kernel in kernels.items()}


def _misfit(sequence: Floats, kernel: Floats) -> float:
    """Return how far a sequence p is from what a filter K leaves.

    The total variation between p and K x, x >= 0 found by least squares.
    """
    from scipy.optimize import nnls  # slow to import

    places = np.arange(len(sequence))
    offsets = places[:, None] - places + len(kernel) // 2
    inside = (offsets >= 0) & (offsets < len(kernel))
    smoother = np.where(inside, kernel[np.clip(offsets, 0, len(kernel) - 1)], 0.0)
    # What lies farther than the kernel reaches from any mass can only be zero.
    smoother = smoother[:, np.abs(smoother[sequence > 0]).sum(axis=0) > 0]
    if kernel.min() < 0:
        # Where such a filter goes below zero, the prior was cut at zero.
        cut = (sequence == 0) & (np.abs(smoother).sum(axis=1) > 0)
        smoother = np.hstack([smoother, np.eye(len(sequence))[:, cut]])
    source, _ = nnls(smoother, sequence, maxiter=20 * len(sequence))
    return 0.5 * float(np.abs(sequence - smoother @ source).sum())
