"""Priors: counting one, its weights, and comparing it with others."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

import numpy as np
from numpy.typing import NDArray

from ..artifacts import load_prior as stored_prior
from ..balance import comparison, prior, weights
from ..balance.comparison import Comparison
from ..balance.weights import Weights, ZeroBins
from ..errors import InputError
from ..places import Places, location_of
from ..quantize.spec import QuantizerSpec
from ..report.themes import Theme
from ..stages.prior import PriorParams, run
from ..stages.priors import PriorProbs, probs_of, read_prior
from ..stages.weights import WeightsParams, weights_of
from .calls import Call, PythonReporter, called
from .options import PriorOptions, check_keywords, chosen

if TYPE_CHECKING:  # matplotlib is slow to import
    from matplotlib.figure import Figure


class Prior(prior.Prior):
    """A prior that can be drawn, and shows itself in a notebook.

    `count_prior` and `load_prior` return it. Its attributes are those of
    `colorprep.balance.prior.Prior`.

    Examples
    --------
    >>> import colorprep as cp
    >>> counts = np.arange(313)
    >>> probs, cells = counts / counts.sum(), np.zeros((256, 256), np.int64)
    >>> prior = cp.Prior(cp.ab_lattice(), counts, probs, cells)
    >>> prior
    Prior(ab313, 313 bins, 48,828 pixels, 8.01 bits)
    >>> figure = prior.plot()
    """

    @classmethod
    def of(cls, given: prior.Prior) -> Prior:
        """Return a prior with the attributes of another one."""
        return cls(**{field.name: getattr(given, field.name) for field in fields(given)})

    def plot(self, theme: Theme = "auto") -> Figure:
        """Draw how often each bin occurs; see `colorprep.report.figures.prior_map`.

        Parameters
        ----------
        theme : {"light", "dark", "auto"}
            ``auto`` follows the notebook, and is dark in files.

        Returns
        -------
        Figure
            Of matplotlib; a notebook shows it, and its method `savefig` writes it to a file.
        """
        from ..report.notebook import prior_figure

        return prior_figure(self, theme)

    def _repr_html_(self) -> str:
        from ..report.notebook import prior_html

        return prior_html(self)


PriorLike: TypeAlias = "prior.Prior | NDArray[Any] | str | Path"
"""A prior, the probabilities or counts of its bins, or its file: a prior.npz or a bare .npy."""


def count_prior(
    source: Places,
    *,
    progress: bool = False,
    workspace: str | Path | None = None,
    **options: Unpack[PriorOptions],
) -> Prior:
    """Count the colors of images, as `colorprep prior` does.

    Parameters
    ----------
    source : str, Path or sequence of these
        A folder, an archive or a URL of images, or several archives.
    progress : bool
        Draw a bar.
    workspace : str, Path or None
        A folder in which the prior, its weights and indexes of archives are kept.
    **options
        Those of `colorprep prior`, see `colorprep.api.options.PriorOptions`.

    Raises
    ------
    InputError
        If no image could be read, or the options do not fit together.
    OutputError
        If the output cannot be written.

    Examples
    --------
    >>> import colorprep as cp
    >>> photographs = cp.write_sample("photographs", count=10, size=32)
    >>> prior = cp.count_prior(photographs)
    >>> prior
    Prior(ab313, 313 bins, 10 images, 10,240 pixels, 5.06 bits)
    >>> cp.count_prior(photographs, quantizer="hc-1d", components=4, output="prior.npz")
    Prior(hc-1d, 16 bins, 10 images, 10,240 pixels, 1.98 bits)
    """
    check_keywords("count_prior", options, PriorOptions)
    with called(progress, workspace) as call:
        params = _params(source, options, call)
        return Prior.of(run(params, call.workspace, call.reporter).whole.prior)


def _params(source: Places, options: PriorOptions, call: Call) -> PriorParams:
    named = dict(options)
    quantizer, smooth = named.pop("quantizer", None), named.pop("smooth", None)
    spec, given = chosen(options, QuantizerSpec), chosen(named, PriorParams)
    if given.get("size") == "native":
        given["size"] = None
    if smooth is not None:
        given["smoothing"] = smooth
    if isinstance(quantizer, str) and not quantizer.endswith(".npz"):
        spec["name"] = quantizer
    elif isinstance(quantizer, str | Path | prior.Prior):
        if spec:
            raise InputError(f"{min(spec)} does not go with the bins of a prior, as they are")
        given["bins"] = call.prior_file(quantizer)
    return PriorParams(call.images(source, options), QuantizerSpec(**spec), **given)


def load_prior(path: str | Path) -> Prior:
    """Read a prior.npz; its path may be a URL.

    Raises
    ------
    ArtifactError
        If the file is missing, damaged, not a prior, or of a newer schema; if its counts are
        negative or its probabilities are invalid.

    Examples
    --------
    >>> import colorprep as cp
    >>> counts = np.arange(529)
    >>> prior = cp.Prior(cp.ab529(), counts, counts / counts.sum(), np.zeros((256, 256), np.int64))
    >>> cp.save_prior("prior.npz", prior)
    >>> cp.load_prior("prior.npz").digest == prior.digest
    True
    """
    return Prior.of(stored_prior(path))


def rebalancing_weights(
    prior: PriorLike,
    mix: float = WeightsParams.mix,
    alpha: float = WeightsParams.alpha,
    zero_bins: ZeroBins = WeightsParams.zero_bins,
    n_pixels: int | None = None,
) -> Weights:
    """Return the rebalancing weights of a prior, those of its levels of lightness included.

    Parameters
    ----------
    prior : Prior, ndarray of shape (Q,), str or Path
        The prior p: probabilities or counts of bins, or a file, prior.npz or a bare .npy.
    mix : float
        Lambda, the fraction of the uniform distribution u, 0 to 1. At 1 all weights are equal.
    alpha : float
        Exponent, 0 or more. At 0 all weights are equal.
    zero_bins : {"uniform", "floor", "drop"}
        How to treat bins without probability, see `colorprep.balance.weights.rebalancing_weights`.
    n_pixels : int or None
        The number of pixels that an array was counted from, for ``floor``; others know theirs.

    Returns
    -------
    Weights
        Finite, with sum(probs * weights) = 1.

    Raises
    ------
    InputError
        If an argument is out of range, or a bin would get an infinite weight: lambda 0 with
        empty bins and ``uniform``.
    ArtifactError
        If a file is missing, damaged or no prior.

    Notes
    -----
    w = m^(-alpha) / sum(p m^(-alpha)) with m = (1 - lambda) p + lambda u.

    Examples
    --------
    >>> rebalancing_weights(np.array([0.75, 0.25])).weights.round(3).tolist()
    [0.857, 1.429]
    """
    known = _read(prior)
    if known is None:
        return weights.rebalancing_weights(np.asarray(prior), mix, alpha, zero_bins, n_pixels)
    return weights_of(known, WeightsParams(mix=mix, alpha=alpha, zero_bins=zero_bins))


def compare_priors(prior: PriorLike, other: PriorLike) -> Comparison:
    """Compare two priors over the same bins.

    Parameters
    ----------
    prior, other : Prior, ndarray of shape (Q,), str or Path
        Probabilities or counts of bins, or a file: prior.npz or a bare .npy.

    Raises
    ------
    InputError
        If an array is not a prior, or the two are over different bins.
    ArtifactError
        If a file is missing, damaged or no prior.

    Notes
    -----
    With m = (p + q) / 2, the Jensen-Shannon divergence is (KL(p || m) + KL(q || m)) / 2, here with
    logarithms of base 2; the total variation is sum |p - q| / 2.

    Examples
    --------
    >>> compare_priors(np.array([3, 1, 0]), np.array([2, 1, 1]))
    Comparison(jensen_shannon=0.1432, total_variation=0.2500)
    """
    one, two = _read(prior), _read(other)
    if one and two and one.quantizer.fingerprint != two.quantizer.fingerprint:
        raise InputError(
            f"these priors are over different bins, {one.quantizer} and {two.quantizer}; "
            "count_prior(..., quantizer=prior) counts images by the bins of another prior"
        )
    p, q = np.asarray(one.probs if one else prior), np.asarray(two.probs if two else other)
    return comparison.compare_priors(p, q)


def _read(given: PriorLike) -> PriorProbs | None:
    """Return a prior and its bins; None for an array, whose bins are unknown."""
    if isinstance(given, prior.Prior):
        return probs_of(given)
    if isinstance(given, str | Path):
        return read_prior(location_of(given), PythonReporter())
    return None
