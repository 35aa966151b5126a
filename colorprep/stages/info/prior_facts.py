"""What `colorprep info` says of priors: how they were made, how colors are distributed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...balance.comparison import compare_levels
from ...balance.prior import Prior, entropy_bits
from ...balance.weights import check_probs, gray_bins
from ...color.lab import Floats
from ...errors import ArtifactError, InputError
from ...quantize.ab import ab529, ab_lattice
from ...quantize.quantizer import Quantizer
from .facts import Facts

COMMONEST = 5


def facts_of_prior(prior: Prior) -> Facts:
    """Return what a prior is."""
    quantizer = prior.quantizer
    n_empty = int(np.count_nonzero(prior.counts == 0))
    return {
        "what": f"a color prior over the {len(prior.probs)} bins of {quantizer.name}",
        "name": prior.meta.get("name"),
        "n_images": prior.meta.get("n_images"),
        "n_pixels": prior.n_pixels,
        "bins_without_a_pixel": n_empty,
        "replicates": 0 if prior.bootstrap is None else len(prior.bootstrap),
        **_distribution_of(prior.probs, quantizer),
        **_levels_of(prior),
        **{key: value for key, value in prior.meta.items() if key not in _SHOWN_ABOVE},
        "parameters": quantizer.parameters,
        "fingerprint": quantizer.fingerprint,
        "digest": prior.digest,
    }


def _levels_of(prior: Prior) -> Facts:
    if not prior.levels:
        return {}
    levels = [
        {
            name: _rounded(value) if isinstance(value, float) else value
            for name, value in level._asdict().items()
            if value is not None
        }
        for level in compare_levels(prior)
    ]
    return {"levels_of_lightness": levels}


_SHOWN_ABOVE = ("name", "n_images", "n_pixels")


def facts_of_vector(path: Path, array: NDArray[Any]) -> Facts:
    """Return what a vector over the bins of ab313 or ab529 is.

    Raises
    ------
    ArtifactError
        If it is no prior.
    """
    quantizer = ab_lattice() if len(array) == 313 else ab529()
    try:
        probs = check_probs(array)
    except InputError as error:
        raise ArtifactError(f"{path}: {error}") from error
    return {
        "what": f"a bare vector over the {len(array)} bins of {quantizer.name}",
        "sum": float(array.sum()),
        "empty_bins": int(np.count_nonzero(array == 0)),
        **_distribution_of(probs, quantizer),
    }


def _distribution_of(probs: Floats, quantizer: Quantizer) -> Facts:
    """Return how a prior is distributed."""
    bits = entropy_bits(probs)
    commonest = np.argsort(-probs, kind="stable")[:COMMONEST]
    return {
        "entropy_bits": _rounded(bits),
        "effective_bins": _rounded(2**bits),
        "gray_share": _rounded(probs[gray_bins(quantizer.centers, quantizer.space)].sum()),
        "commonest": [
            {
                "bin": int(i),
                "center": [_rounded(value) for value in quantizer.centers[i]],
                "share": _rounded(probs[i]),
            }
            for i in commonest
        ],
    }


def _rounded(value: float) -> float:
    return float(f"{value:.5g}")
