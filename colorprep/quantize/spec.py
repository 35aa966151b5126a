"""Choosing a quantizer by name, saving it and restoring it.

A `QuantizerSpec` holds the options of the command line; `make_quantizer` makes the quantizer, from
a histogram of colors if it must be fitted. `quantizer_state` returns a quantizer as plain values
for JSON, `restore_quantizer` makes it again from those.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArtifactError, InputError
from ..finite import check_finite
from .ab import AbQuantizer, ab529, ab_lattice, fit_kmeans
from .hue_chroma_bins import HueChromaBins, hue_chroma_bins
from .mixture import (
    HueChromaMixture,
    fit_mixture,
    hue_chroma_grid,
    learn_sigma,
)
from .quantizer import Quantizer, Space
from .soft_encoding import NEIGHBORS, SIGMA

DEFAULT_COMPONENTS = {"gmm": 32, "hc-grid": 256, "hc-1d": 32, "kmeans": 313}


@dataclass(frozen=True)
class QuantizerSpec:
    """Options that define a quantizer.

    Attributes
    ----------
    name : str
        ``ab313``, ``ab529``, ``ab:STEP``, ``kmeans``, ``gmm``, ``hc-grid`` or ``hc-1d``.
    components : int or None
        Number of centers, Gaussians or edges; None for the default of that name.
    linear_hue : bool
        For ``gmm``: treat hue as a number line.
    sigma : str or float
        For ``hc-grid``: ``default``, ``learned`` or a number.
    neighbors, sigma_ab : int, float
        Parameters of the soft-encoding of ab quantizers.
    seed : int
        Random seed for fitted quantizers.

    Raises
    ------
    InputError
        If the name is unknown, or an option does not fit it.

    Examples
    --------
    >>> spec = QuantizerSpec("kmeans", components=64)
    >>> spec.space, spec.needs_counts
    ('ab', True)
    """

    name: str = "ab313"
    components: int | None = None
    linear_hue: bool = False
    sigma: str | float = "default"
    neighbors: int = NEIGHBORS
    sigma_ab: float = SIGMA
    seed: int = 0

    def __post_init__(self) -> None:
        """Reject options that do not fit together, before any image is read."""
        check_finite(self)
        if not re.fullmatch(r"ab313|ab529|ab:\d+|kmeans|gmm|hc-grid|hc-1d", self.name):
            raise InputError(
                f"unknown quantizer {self.name!r}; choose ab313, ab529, ab:STEP (such as ab:5), "
                "kmeans, gmm, hc-grid or hc-1d"
            )
        if self.components is not None and self.name not in DEFAULT_COMPONENTS:
            raise InputError(f"--components does not fit {self.name}: its number of bins is fixed")
        if self.linear_hue and self.name != "gmm":
            raise InputError(f"--linear-hue goes with gmm only, not with {self.name}")
        if self.sigma != "default" and self.name != "hc-grid":
            raise InputError(f"--sigma goes with hc-grid only, not with {self.name}")
        if isinstance(self.sigma, str) and self.sigma not in ("default", "learned"):
            raise InputError(f"--sigma must be default, learned or a number, got {self.sigma!r}")
        if self.components is not None and not 1 <= self.components <= 65535:
            raise InputError(f"--components must be from 1 to 65535, got {self.components}")
        if not self.needs_counts:
            make_quantizer(self)
        elif self.name == "hc-grid":
            hue_chroma_grid(self.n_components)
        elif self.name == "kmeans":
            self._check_soft_encoding()

    def _check_soft_encoding(self) -> None:
        if not 1 <= self.neighbors <= self.n_components or not self.sigma_ab > 0:
            raise InputError(
                f"--neighbors must be from 1 to {self.n_components} and --sigma-ab above 0, got "
                f"{self.neighbors} and {self.sigma_ab}"
            )

    @property
    def n_components(self) -> int:
        """The requested number, or the default of the name."""
        return self.components or DEFAULT_COMPONENTS[self.name]

    @property
    def space(self) -> Space:
        """The plane whose cells must be counted."""
        return "ab" if self.name.startswith("ab") or self.name == "kmeans" else "hue-chroma"

    @property
    def needs_counts(self) -> bool:
        """Whether the quantizer is fitted to the images."""
        return self.name in ("kmeans", "gmm") or self.sigma == "learned"


def make_quantizer(spec: QuantizerSpec, cells: NDArray[np.int64] | None = None) -> Quantizer:
    """Make the quantizer that a spec defines.

    Parameters
    ----------
    cells : ndarray of shape (256, 256), int64, or None
        Pixels per cell of the spec's space; required if `spec.needs_counts`.

    Raises
    ------
    InputError
        If a number is out of range, or the images have too few colors for the fit.

    Examples
    --------
    >>> make_quantizer(QuantizerSpec("ab:5")).centers.shape
    (1083, 2)
    """
    if spec.name == "ab529":
        return ab529(spec.neighbors, spec.sigma_ab)
    if spec.name.startswith("ab"):
        step = int(spec.name.partition(":")[2] or 10)
        return ab_lattice(step, spec.neighbors, spec.sigma_ab)
    if spec.name == "hc-1d":
        return hue_chroma_bins(spec.n_components)
    if spec.name == "hc-grid" and not isinstance(spec.sigma, str):
        return hue_chroma_grid(spec.n_components, spec.sigma)
    if spec.name == "hc-grid" and spec.sigma == "default":
        return hue_chroma_grid(spec.n_components)
    if cells is None:
        raise InputError(f"{spec.name} is fitted to images: count their colors first")
    if spec.name == "kmeans":
        return fit_kmeans(cells, spec.n_components, spec.seed, spec.neighbors, spec.sigma_ab)
    if spec.name == "gmm":
        return fit_mixture(cells, spec.n_components, spec.seed, spec.linear_hue)
    return hue_chroma_grid(spec.n_components, learn_sigma(cells, spec.n_components))


def quantizer_state(quantizer: Quantizer) -> dict[str, Any]:
    """Return a quantizer as plain values, serializable as JSON.

    Returns
    -------
    dict
        ``name``, ``fingerprint``, ``parameters``, ``centers`` and ``arrays`` as nested lists.
        ``centers`` is None unless they were fitted: the name defines the others.
    """
    keeps_centers = quantizer.name == "kmeans"
    return {
        "name": quantizer.name,
        "fingerprint": quantizer.fingerprint,
        "parameters": quantizer.parameters,
        "centers": quantizer.centers.tolist() if keeps_centers else None,
        "arrays": {name: array.tolist() for name, array in quantizer.arrays.items()},
    }


def restore_quantizer(
    name: str,
    parameters: Mapping[str, Any],
    centers: NDArray[Any] | None,
    arrays: Mapping[str, NDArray[Any]],
    fingerprint: str,
) -> Quantizer:
    """Make a quantizer again from its saved values.

    Parameters
    ----------
    parameters : mapping
        As `Quantizer.parameters`.
    centers : ndarray of shape (Q, 2) or None
        Needed for ``kmeans``.
    arrays : mapping of str to ndarray
        As `Quantizer.arrays`.
    fingerprint : str
        The fingerprint that the quantizer must have.

    Raises
    ------
    ArtifactError
        If something is missing, or the fingerprint differs: the values are damaged, or from a
        version that defines these bins differently.

    Examples
    --------
    >>> state = quantizer_state(make_quantizer(QuantizerSpec("ab529")))
    >>> restore_quantizer(**{**state, "arrays": {}}).name
    'ab529'
    """
    try:
        quantizer = _restored(name, parameters, centers, arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"the description of {name!r} is incomplete: {error}") from error
    if quantizer.fingerprint != fingerprint:
        raise ArtifactError(
            f"quantizer {name!r} has fingerprint {quantizer.fingerprint} instead of {fingerprint}: "
            "the file is damaged, or from a version that defines these bins differently; make it "
            "again"
        )
    return quantizer


def _restored(
    name: str,
    parameters: Mapping[str, Any],
    centers: NDArray[Any] | None,
    arrays: Mapping[str, NDArray[Any]],
) -> Quantizer:
    floats = {key: np.asarray(value, np.float64) for key, value in arrays.items()}
    if name == "gmm":
        return HueChromaMixture(**floats, linear_hue=bool(parameters["linear_hue"]))
    if name == "hc-grid":
        sigma = floats["sigma"]
        return hue_chroma_grid(len(sigma), sigma)
    if name == "hc-1d":
        return HueChromaBins(**floats)
    neighbors, sigma_ab = int(parameters["neighbors"]), float(parameters["sigma"])
    if name == "kmeans":
        points = np.asarray(centers, np.float64)
        return AbQuantizer(name, points, None, neighbors, sigma_ab)
    return make_quantizer(QuantizerSpec(name, neighbors=neighbors, sigma_ab=sigma_ab))
