"""Gaussian mixtures over hue and chroma: fitted ones, and colorizer-fcn's uniform grid.

A mixture lives in the plane (C cos h, C sin h), where hue is a circle, or, with linear hue, on the
rectangle (h, C) as in colorizer-fcn. The uniform grid is an equal-weight mixture on that rectangle.

A color's soft label is the posterior over all components, its hard label the likeliest one.

References
----------
The colorizer-fcn project: full-covariance mixture, and a grid whose sigma is the half-diagonal of
a cell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..color.hue_chroma import from_chroma_plane, to_chroma_plane
from ..color.lab import Floats
from ..errors import InputError
from . import decoding
from .kernels import likeliest_components, mixture_posteriors
from .quantizer import Decoding, EqualByContent, Space, centers_of, fingerprint_of
from .soft_encoding import SoftEncoding

FIT_POINTS = 100_000
CELL = 1.0 / 256.0


@dataclass(frozen=True, eq=False, repr=False)
class HueChromaMixture(EqualByContent):
    """Bins of hue and chroma, each a Gaussian of a mixture.

    Attributes
    ----------
    means : ndarray of shape (Q, 2), float64
        In the chroma plane; (hue, chroma) if `linear_hue` is set.
    covariances : ndarray of shape (Q, 2, 2), float64
    mixing : ndarray of shape (Q,), float64
        Mixing weights, summing to 1.
    linear_hue : bool
        Treat hue as a number line, for compatibility with colorizer-fcn.
    """

    means: Floats
    covariances: Floats
    mixing: Floats
    linear_hue: bool = False

    @property
    def name(self) -> str:
        """Name of the quantizer on the command line."""
        return "gmm"

    @property
    def space(self) -> Space:
        """The plane of its colors."""
        return "hue-chroma"

    @cached_property
    def centers(self) -> Floats:
        """The means as hue and chroma, (Q, 2) float64."""
        return self.means if self.linear_hue else from_chroma_plane(self.means)

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the name, the Gaussians and whether hue is linear."""
        arrays = {"means": self.means, "covariances": self.covariances, "mixing": self.mixing}
        return fingerprint_of(self.name, arrays, linear_hue=self.linear_hue)

    @property
    def parameters(self) -> dict[str, Any]:
        """Whether hue is linear."""
        return {"linear_hue": self.linear_hue}

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The Gaussians."""
        return {"means": self.means, "covariances": self.covariances, "mixing": self.mixing}

    @cached_property
    def gaussians(self) -> Floats:
        """The Gaussians in the form that `mixture_posteriors` needs, (Q, 6) float64."""
        precisions = np.linalg.inv(self.covariances)
        normalizer = np.log(self.mixing) - 0.5 * np.log(np.linalg.det(self.covariances))
        return np.column_stack(
            [
                self.means,
                normalizer,
                precisions[:, 0, 0] / 2.0,
                precisions[:, 0, 1],
                precisions[:, 1, 1] / 2.0,
            ]
        )

    def posterior(self, colors: NDArray[Any]) -> Floats:
        """Return each color's posterior over the components.

        Parameters
        ----------
        colors : ndarray of shape (..., 2), hue in turns and chroma

        Returns
        -------
        ndarray of shape (..., Q), float64, summing to 1
        """
        points = self._points(colors)
        out = np.empty((len(points), len(self.means)))
        mixture_posteriors(points, self.gaussians, out)
        return out.reshape(*np.shape(colors)[:-1], len(self.means))

    def encode(self, colors: NDArray[Any]) -> NDArray[np.uint16]:
        """Return each color's likeliest component, (...) uint16."""
        points = self._points(colors)
        out = np.empty(len(points), np.uint16)
        likeliest_components(points, self.gaussians, out)
        return out.reshape(np.shape(colors)[:-1])

    def _points(self, colors: NDArray[Any]) -> Floats:
        """Return colors (..., 2) in the plane of the Gaussians, (N, 2) float64."""
        colors = np.asarray(colors, np.float64)
        points = colors if self.linear_hue else to_chroma_plane(colors)
        return np.ascontiguousarray(points.reshape(-1, 2))

    def encode_soft(self, colors: NDArray[Any]) -> SoftEncoding:
        """Return each color's posterior over all components, in order of the components."""
        weight = self.posterior(colors)
        every_bin = np.arange(len(self.means), dtype=np.uint16)
        return SoftEncoding(np.broadcast_to(every_bin, weight.shape), weight)

    def decode(
        self,
        probs: NDArray[Any],
        how: Decoding = "annealed-mean",
        temperature: float = decoding.TEMPERATURE,
        bins: NDArray[np.uint16] | None = None,
    ) -> Floats:
        """Return the hue and chroma of distributions over the bins.

        Hues are averaged on their circle, or along the number line if `linear_hue` is set.
        """
        centers = centers_of(self.centers, bins)
        if self.linear_hue:
            return decoding.decode_probs(probs, centers, how, temperature)
        return decoding.decode_hue_chroma(probs, centers, how, temperature)


class HueChromaGrid(HueChromaMixture):
    """The uniform grid of colorizer-fcn: n x n isotropic Gaussians of equal weight, hue fastest.

    Posteriors are computed on the rectangle (h, C) as in that project, but decoded hues are
    averaged on their circle.
    """

    @property
    def name(self) -> str:
        """Name of the quantizer on the command line."""
        return "hc-grid"

    @property
    def parameters(self) -> dict[str, Any]:
        """Empty: the number of bins and `sigma` define the grid."""
        return {}

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Each bin's standard deviation, `sigma` of shape (Q,)."""
        return {"sigma": np.sqrt(self.covariances[:, 0, 0])}

    def decode(
        self,
        probs: NDArray[Any],
        how: Decoding = "annealed-mean",
        temperature: float = decoding.TEMPERATURE,
        bins: NDArray[np.uint16] | None = None,
    ) -> Floats:
        """Return the hue and chroma of distributions; hues are averaged on their circle."""
        return decoding.decode_hue_chroma(probs, centers_of(self.centers, bins), how, temperature)


def hue_chroma_grid(
    components: int = 256, sigma: float | NDArray[Any] | None = None
) -> HueChromaGrid:
    """Return the uniform grid of colorizer-fcn over hue and chroma.

    Parameters
    ----------
    components : int
        A square number n * n, at least 4: n values of hue and n of chroma, from 0 to 1, ends
        included.
    sigma : float, ndarray of shape (components,), or None
        Standard deviation of the Gaussians, one for all or one each. None for the half-diagonal
        of a cell, (1 / (n - 1)) / sqrt(2).

    Raises
    ------
    InputError
        If `components` is not a square number, or sigma is not above 0.

    Examples
    --------
    >>> grid = hue_chroma_grid(16)
    >>> int(grid.encode([0.3, 0.9])), grid.centers[13].round(2).tolist()
    (13, [0.33, 1.0])
    """
    n = math.isqrt(components)
    if n * n != components or n < 2:
        raise InputError(f"hc-grid takes a square number of components from 4 on, got {components}")
    spread = np.full(components, default_sigma(components) if sigma is None else sigma, np.float64)
    if not (spread > 0).all():
        raise InputError(f"the sigma of hc-grid must be above 0, got {spread.min():g}")
    chroma, hue = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, n), indexing="ij")
    return HueChromaGrid(
        means=np.column_stack([hue.ravel(), chroma.ravel()]),
        covariances=(spread**2)[:, None, None] * np.eye(2),
        mixing=np.full(components, 1.0 / components),
        linear_hue=True,
    )


def default_sigma(components: int) -> float:
    """Return the half-diagonal of a cell of the uniform grid, given its number of bins."""
    return 1.0 / (math.isqrt(components) - 1) / math.sqrt(2.0)


def learn_sigma(hue_chroma_counts: NDArray[np.int64], components: int) -> Floats:
    """Estimate each grid bin's standard deviation from the colors nearest to its center.

    Parameters
    ----------
    hue_chroma_counts : ndarray of shape (256, 256), int64
        Pixels per cell of hue and chroma.
    components : int
        A square number of bins.

    Returns
    -------
    ndarray of shape (components,), float64
        Root of half the mean squared distance to the center, at least the width of a histogram
        cell; `default_sigma` for bins that are nearest to no color.
    """
    from scipy.spatial import cKDTree  # slow to import

    centers = hue_chroma_grid(components).centers
    weight = hue_chroma_counts.ravel().astype(np.float64)
    distance, nearest = cKDTree(centers).query(hue_chroma_middles())
    pixels = np.bincount(nearest, weights=weight, minlength=components)
    squared = np.bincount(nearest, weights=weight * distance**2, minlength=components)
    learned = np.sqrt(squared / np.maximum(2.0 * pixels, 1.0))
    return np.where(pixels > 0, np.maximum(learned, CELL), default_sigma(components))


def fit_mixture(
    hue_chroma_counts: NDArray[np.int64],
    components: int = 32,
    seed: int = 0,
    linear_hue: bool = False,
) -> HueChromaMixture:
    """Fit a full-covariance Gaussian mixture to the colors of a data set.

    Parameters
    ----------
    hue_chroma_counts : ndarray of shape (256, 256), int64
        Pixels per cell of hue and chroma: row 256 h, column 256 C.
    components : int
        Number of Gaussians.
    seed : int
        Seed of the drawn points and of the fit.
    linear_hue : bool
        Treat hue as a number line, as colorizer-fcn does.

    Returns
    -------
    HueChromaMixture
        Components sorted by hue, then chroma.

    Raises
    ------
    InputError
        If nothing was counted, or `components` is below 1 or above the number of points.

    Notes
    -----
    scikit-learn's EM has no sample weights, so it is given 100,000 points drawn from the histogram
    of *all* pixels, uniformly within their cells.

    Examples
    --------
    >>> counts = np.zeros((256, 256), np.int64)
    >>> counts[[0, 128], [200, 100]] = 3000, 1000  # saturated reds, and some dull cyans
    >>> mixture = fit_mixture(counts, components=2)
    >>> mixture.centers.round(2).tolist(), mixture.mixing.round(2).tolist()
    ([[0.0, 0.78], [0.5, 0.39]], [0.75, 0.25])
    """
    from sklearn.mixture import GaussianMixture  # slow to import
    from threadpoolctl import threadpool_limits

    if not 1 <= components <= FIT_POINTS:
        raise InputError(f"gmm takes 1 to {FIT_POINTS} components, got {components}")
    points = draw_colors(hue_chroma_counts, FIT_POINTS, seed)
    if not linear_hue:
        points = to_chroma_plane(points)
    # One thread, so that the order of summation, and thus the result, is the same everywhere.
    with threadpool_limits(1):
        fit = GaussianMixture(components, covariance_type="full", random_state=seed).fit(points)
    centers = fit.means_ if linear_hue else from_chroma_plane(fit.means_)
    order = np.lexsort(centers.T[::-1])
    return HueChromaMixture(
        fit.means_[order], fit.covariances_[order], fit.weights_[order], linear_hue
    )


def draw_colors(hue_chroma_counts: NDArray[np.int64], n: int, seed: int) -> Floats:
    """Draw colors from a histogram of hue and chroma, uniformly within its cells.

    Parameters
    ----------
    hue_chroma_counts : ndarray of shape (256, 256), int64

    Returns
    -------
    ndarray of shape (n, 2), float64
        Hue in [0, 1) and chroma in [0, 1].

    Raises
    ------
    InputError
        If the histogram is empty.
    """
    weight = hue_chroma_counts.ravel()
    if not weight.any():
        raise InputError("cannot draw colors from an empty histogram")
    generator = np.random.default_rng(seed)
    cells = np.repeat(np.arange(weight.size), generator.multinomial(n, weight / weight.sum()))
    corners = np.column_stack([cells >> 8, cells & 255])
    return (corners + generator.random((n, 2))) * CELL


def hue_chroma_middles() -> Floats:
    """Return the middles of the 65,536 hue-chroma cells in order, (65536, 2) float64."""
    cells = np.arange(65536)
    return (np.column_stack([cells >> 8, cells & 255]) + 0.5) * CELL
