"""The shape of the published ImageNet prior, intact and as common defects would leave it.

A mixture of Gaussians models how densely ImageNet's colors fill the ab plane. Binned correctly it
gives the published prior; binned by another rounding, or read in another order, it shows what a
defective count of the same photographs looks like.

References
----------
Zhang, Isola, Efros, "Colorful Image Colorization", ECCV 2016 (the published prior).
"""

from __future__ import annotations

from functools import cache

import numpy as np

from ..color.lab import Floats
from ..quantize.ab import AbQuantizer, ab529, ab_lattice
from ..quantize.tables import cell_middles, occupied_ab_cells
from .smoothing import lattice_probs

STEP = 10  # of both lattices, in CIELAB units

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
SHAPE_FLOOR = 1e-3  # mixed-in uniform distribution, since rare colors differ between data sets

ROUNDINGS = {
    "intact": "as it is",
    "floor": "with bins taken downward instead of to the nearest",
    "ceil": "with bins taken upward instead of to the nearest",
    "trunc": "with bins truncated toward zero",
    "half-trunc": "with bins truncated toward zero after adding half a bin",
}

# Sort orders of the bins: the signs of a and b, and whether b is the outer key.
ORDERS = {
    "b outer, then a": (1, 1, True),
    "a descending": (-1, 1, False),
    "b descending": (1, -1, False),
    "both descending": (-1, -1, False),
    "b outer, a descending": (-1, 1, True),
    "b outer descending, a ascending": (1, -1, True),
    "b outer, both descending": (-1, -1, True),
}


@cache
def quantizer_of(n_bins: int) -> AbQuantizer:
    """Return the lattice of 313 or of 529 bins."""
    return ab_lattice() if n_bins == 313 else ab529()


def published_shape(n_bins: int = 313) -> Floats:
    """Return the modeled shape of the published ImageNet prior, soft-encoded like that one.

    Parameters
    ----------
    n_bins : {313, 529}

    Returns
    -------
    ndarray of shape (n_bins,), float64, summing to 1
        For 313 bins, within a total variation of 0.02 of the published file.

    Examples
    --------
    >>> shape = published_shape()
    >>> int(shape.argmax()), float(shape.max().round(2))  # gray is bin 120
    (120, 0.2)
    """
    soft = quantizer_of(n_bins).encode_soft(cell_middles("ab")[occupied_ab_cells()])
    return soft.total(_cell_density(), n_bins)


def shape_divergences(probs: Floats) -> dict[str, float]:
    """Return the divergence of a prior from the published shape, intact and under each defect.

    Parameters
    ----------
    probs : ndarray of shape (313,) or (529,), float64, summing to 1

    Returns
    -------
    dict of str to float
        KL(p || shape) in nats, for each key of `ROUNDINGS` and `ORDERS`; of the unsmoothed and
        the smoothed shape the smaller one. The difference of two entries is the mean
        log-likelihood ratio per pixel.

    Examples
    --------
    >>> divergences = shape_divergences(published_shape())
    >>> min(divergences, key=divergences.get)
    'intact'
    """
    held = probs > 0
    entropy = -float((probs[held] * np.log(probs[held])).sum())
    return {
        name: min(-float(probs @ np.log(shape)) for shape in shapes) - entropy
        for name, shapes in _shapes(len(probs)).items()
    }


@cache
def _shapes(n_bins: int) -> dict[str, list[Floats]]:
    """Return the published shape under each defect, unsmoothed and smoothed, nowhere zero."""
    quantizer, density = quantizer_of(n_bins), _cell_density()
    centers = quantizer.centers
    scaled = cell_middles("ab")[occupied_ab_cells()] / STEP
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
    for name, (sign_a, sign_b, b_outer) in ORDERS.items():
        keys = (sign_b * centers[:, 1], sign_a * centers[:, 0])
        order = np.lexsort(keys[::-1] if b_outer else keys)
        shapes[name] = [shape[order] for shape in shapes["intact"]]
    return {
        name: [(1 - SHAPE_FLOOR) * shape / shape.sum() + SHAPE_FLOOR / n_bins for shape in pair]
        for name, pair in shapes.items()
    }


def _cell_density() -> Floats:
    """Return the modeled fraction of ImageNet's pixels in each occupied ab cell."""
    weight, mean_a, mean_b, along, across, degrees = SHAPE.T
    middles = cell_middles("ab")[occupied_ab_cells()]
    a, b = middles[:, :1] - mean_a, middles[:, 1:] - mean_b
    angle = np.radians(degrees)
    u = (a * np.cos(angle) + b * np.sin(angle)) / along
    v = (b * np.cos(angle) - a * np.sin(angle)) / across
    density: Floats = np.exp(-0.5 * (u**2 + v**2)) @ (weight / (along * across))
    density /= density.sum()
    return density
