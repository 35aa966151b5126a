"""Quantizers of the ab plane by nearest center: lattices and k-means.

`ab_lattice` gives the 313 published bins at step 10 and applies the same rule at any other step,
`ab529` gives the full 23 x 23 square, `fit_kmeans` centers fitted to the colors of a data set.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats
from ..errors import InputError
from . import decoding
from .gamut import gamut_lattice, square_lattice
from .kernels import nearest_centers
from .quantizer import Decoding, EqualByContent, Space, centers_of, fingerprint_of
from .soft_encoding import NEIGHBORS, SIGMA, SoftEncoding, soft_encode


@dataclass(frozen=True, eq=False, repr=False)
class AbQuantizer(EqualByContent):
    """Bins of the ab plane, each the region nearest to its center.

    Attributes
    ----------
    centers : ndarray of shape (Q, 2), float64, CIELAB units
    step : int or None
        Distance of neighboring lattice points; None if the centers are not a lattice.
    neighbors, sigma : int, float
        Parameters of the soft-encoding, see `colorprep.soft_encode`.

    Examples
    --------
    >>> bins = ab_lattice()
    >>> int(bins.encode([20, -30]))  # the hard label of the ab color (20, -30)
    154
    >>> soft = bins.encode_soft([[20, -30]])
    >>> bins.decode(soft.weights, "mean", bins=soft.bins).round(2).tolist()
    [[20.0, -30.0]]
    """

    name: str
    centers: Floats
    step: int | None = None
    neighbors: int = NEIGHBORS
    sigma: float = SIGMA

    @property
    def space(self) -> Space:
        """The plane of its colors."""
        return "ab"

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the name and the centers."""
        return fingerprint_of(self.name, {"centers": self.centers})

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the soft-encoding and the step."""
        return {"step": self.step, "neighbors": self.neighbors, "sigma": self.sigma}

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Nothing beyond the centers."""
        return {}

    def encode(self, colors: NDArray[Any]) -> NDArray[np.uint16]:
        """Return each color's nearest center; of equally near ones the first.

        Parameters
        ----------
        colors : ndarray of shape (..., 2), CIELAB units

        Returns
        -------
        ndarray of shape (...), uint16
        """
        colors = np.asarray(colors, np.float64)
        points = np.ascontiguousarray(colors.reshape(-1, 2))
        index = np.empty((len(points), 1), np.uint16)
        nearest_centers(points, self.centers, index, np.empty((len(points), 1)))
        return index.reshape(colors.shape[:-1])

    def encode_soft(self, colors: NDArray[Any]) -> SoftEncoding:
        """Return Gaussian weights of each color's nearest centers, see `soft_encode`."""
        return soft_encode(colors, self.centers, self.neighbors, self.sigma)

    def decode(
        self,
        probs: NDArray[Any],
        how: Decoding = "annealed-mean",
        temperature: float = decoding.TEMPERATURE,
        bins: NDArray[np.uint16] | None = None,
    ) -> Floats:
        """Return the ab colors that distributions over the bins stand for, (..., 2) float64.

        `probs` is (..., Q), or (..., k) with the `bins` of a soft-encoding; `how` is ``mode``,
        ``mean`` or ``annealed-mean``, which alone uses the temperature.
        """
        return decoding.decode_probs(probs, centers_of(self.centers, bins), how, temperature)


def ab_lattice(step: int = 10, neighbors: int = NEIGHBORS, sigma: float = SIGMA) -> AbQuantizer:
    """Return the lattice quantizer of the sRGB gamut; at step 10 the 313 published bins.

    Parameters
    ----------
    step : int
        Distance of neighboring centers, 2 to 55 CIELAB units.
    neighbors, sigma : int, float
        Parameters of the soft-encoding, see `soft_encode`.

    Returns
    -------
    AbQuantizer
        Its methods `encode`, `encode_soft` and `decode` convert between ab colors and bins; its
        `centers` are the colors of the bins, a ascending, then b ascending.

    Raises
    ------
    InputError
        If an argument is out of range, or there are fewer bins than neighbors.

    Examples
    --------
    >>> bins = ab_lattice()
    >>> len(bins.centers), len(ab_lattice(5).centers)
    (313, 1083)
    >>> bins.encode([[0, 0], [38, 61]]).tolist()
    [120, 202]
    """
    name = "ab313" if step == 10 else f"ab:{step}"
    centers = gamut_lattice(step).astype(np.float64)
    return _checked(AbQuantizer(name, centers, step, neighbors, sigma))


def ab529(neighbors: int = NEIGHBORS, sigma: float = SIGMA) -> AbQuantizer:
    """Return the full 23 x 23 lattice of the SIGGRAPH 2017 network.

    Parameters
    ----------
    neighbors, sigma : int, float
        Parameters of the soft-encoding, see `soft_encode`; that network itself uses hard bins.

    Returns
    -------
    AbQuantizer
        Bin (a / 10 + 11) * 23 + (b / 10 + 11) has the center (a, b).

    Raises
    ------
    InputError
        If `neighbors` or `sigma` is out of range.

    Examples
    --------
    >>> bins = ab529()
    >>> int(bins.encode([0, 0])), bins.centers[0].tolist()
    (264, [-110.0, -110.0])
    """
    centers = square_lattice(10).astype(np.float64)
    return _checked(AbQuantizer("ab529", centers, 10, neighbors, sigma))


def fit_kmeans(
    ab_counts: NDArray[np.int64],
    components: int = 313,
    seed: int = 0,
    neighbors: int = NEIGHBORS,
    sigma: float = SIGMA,
) -> AbQuantizer:
    """Fit centers to the colors of a data set by k-means.

    Parameters
    ----------
    ab_counts : ndarray of shape (256, 256), int64
        Pixels per ab cell; the cells' middles are the weighted points.
    components : int
        Number of centers.
    seed : int
        Seed of the random starting centers.
    neighbors, sigma : int, float
        Parameters of the soft-encoding, see `soft_encode`.

    Returns
    -------
    AbQuantizer
        Centers sorted by a, then b.

    Raises
    ------
    InputError
        If there are fewer cells with pixels than centers to fit.

    Examples
    --------
    >>> counts = np.zeros((256, 256), np.int64)
    >>> counts[[128, 129, 180], [128, 128, 90]] = 500, 500, 70
    >>> fit_kmeans(counts, components=2, neighbors=2).centers.tolist()
    [[1.0, 0.5], [52.5, -37.5]]
    """
    from sklearn.cluster import KMeans  # slow to import
    from threadpoolctl import threadpool_limits

    rows, columns = np.nonzero(ab_counts)
    if len(rows) < components:
        raise InputError(
            f"cannot fit {components} centers: the images have only {len(rows)} different "
            "cells of ab; use fewer components or more colorful images"
        )
    points = np.column_stack([rows, columns]) - 127.5
    # One thread, so that the order of summation, and thus the result, is the same everywhere.
    with threadpool_limits(1):
        fit = KMeans(components, n_init=1, random_state=seed).fit(
            points, sample_weight=ab_counts[rows, columns].astype(np.float64)
        )
    centers = fit.cluster_centers_[np.lexsort(fit.cluster_centers_.T[::-1])]
    return _checked(AbQuantizer("kmeans", centers, None, neighbors, sigma))


def _checked(quantizer: AbQuantizer) -> AbQuantizer:
    if not 1 <= quantizer.neighbors <= len(quantizer.centers):
        raise InputError(
            f"neighbors must be from 1 to the {len(quantizer.centers)} bins of {quantizer.name}, "
            f"got {quantizer.neighbors}"
        )
    if not quantizer.sigma > 0:
        raise InputError(f"the sigma of the soft-encoding must be above 0, got {quantizer.sigma}")
    return quantizer
