"""Finding and reading priors and weights: artifacts of colorprep, or bare vectors from elsewhere.

A bare vector is an .npy file that does not name its bins: 313 numbers belong to ab313, 529 to
ab529. The type of a file is determined by its content, not its name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

import numpy as np

from ..artifacts import check_weights, holds_bare_array, load_prior, load_vector, load_weights
from ..balance.diagnosis import diagnose_prior
from ..balance.lightness import probs_by_level
from ..balance.prior import Prior
from ..balance.weights import Weights, check_probs
from ..color.lab import Floats
from ..errors import ArtifactError, InputError
from ..places import Location
from ..progress import Reporter
from ..quantize.ab import AbQuantizer, ab529, ab_lattice
from ..quantize.quantizer import Quantizer
from ..storage import sizes_in
from ..workspace import CLASS_PRIORS, PRIOR


class PriorProbs(NamedTuple):
    """What a prior.npz and a bare vector have in common.

    Attributes
    ----------
    probs : ndarray of shape (Q,), float64, summing to 1
    counted : Prior or None
        The whole prior; None for a bare vector, whose counts are unknown.
    """

    probs: Floats
    quantizer: Quantizer
    digest: str
    counted: Prior | None

    @property
    def source(self) -> Mapping[str, Any] | None:
        """Digest and number of the files that were counted; None if unknown, or by parts."""
        source = None if self.counted is None else self.counted.meta.get("source")
        if not isinstance(source, Mapping) or "parts" in source:
            return None
        digest, n_files = source.get("digest"), source.get("n_files")
        return {"digest": digest, "n_files": n_files} if isinstance(digest, str) else None

    @property
    def n_pixels(self) -> int | None:
        """The number of counted pixels; None for a bare vector."""
        return None if self.counted is None else self.counted.n_pixels

    def by_lightness(self, shown: str) -> Floats:
        """Return the probabilities of each level of lightness.

        Parameters
        ----------
        shown : str
            The path, for messages.

        Returns
        -------
        ndarray of shape (N, Q), float64
            Those of the whole for a level without a pixel.

        Raises
        ------
        ArtifactError
            If the prior has no levels.
        """
        if self.counted is None or not self.counted.levels:
            raise _without_levels(shown)
        return probs_by_level(self.counted.levels, self.probs)


def read_prior(path: Location, reporter: Reporter) -> PriorProbs:
    """Read a prior.npz, or a bare vector over the bins of ab313 or ab529.

    Warns of a bare vector that does not sum to 1, or seems to be invalid.

    Raises
    ------
    ArtifactError
        If it is missing, damaged, not a prior, or a vector of another length.
    """
    if not holds_bare_array(path):
        return probs_of(load_prior(path))
    vector = load_vector(path)
    quantizer = _bare_bins(path, vector, "prior")
    try:
        probs = check_probs(vector)
    except InputError as error:
        raise ArtifactError(f"{path}: {error}") from error
    if abs(vector.sum() - 1.0) > 1e-6:
        reporter.warn(f"{path} sums to {vector.sum():g}; it was normalized to sum to 1")
    for finding in diagnose_prior(probs):
        reporter.warn(f"{path}: {finding.severity}: {finding.detail}")
    digest = hashlib.sha256(np.ascontiguousarray(probs, "<f8").tobytes()).hexdigest()[:32]
    return PriorProbs(probs, quantizer, digest, None)


def class_priors_folder(prior: Location) -> Location:
    """Return the folder of the class priors that belong to a prior: ``priors/`` beside it."""
    return prior.parent / CLASS_PRIORS


def class_priors(prior: Location) -> dict[str, Location]:
    """Return where the class priors beside a prior are, by class in order; named ones included.

    Raises
    ------
    InputError
        If they are in a store that denies access or does not answer.
    """
    folder = class_priors_folder(prior)
    files = [PurePath(file) for file in sizes_in(folder)]
    names = sorted(file.parts[0] for file in files if len(file.parts) == 2 and file.name == PRIOR)
    return {name: folder / name / PRIOR for name in names}


def probs_of(prior: Prior) -> PriorProbs:
    """Return a counted prior in the form that `read_prior` returns."""
    return PriorProbs(prior.probs, prior.quantizer, prior.digest, prior)


def read_weights(
    path: Location, quantizer: Quantizer, shown: str, by_lightness: bool = False
) -> Floats:
    """Read the weights of a quantizer's bins: a weights.npz, or a bare vector for ab313 or ab529.

    Parameters
    ----------
    quantizer : Quantizer
        Of the labels that are weighted.
    shown : str
        The path, for messages.
    by_lightness : bool
        Read those of each level of lightness.

    Returns
    -------
    ndarray of shape (Q,) or, by lightness, (N, Q), float64
        Finite; above 0, except for dropped bins.

    Raises
    ------
    ArtifactError
        If the file is missing, damaged, without weights, or for other bins; by lightness, if it
        has no levels.
    """
    levels: tuple[Weights, ...] = ()
    if holds_bare_array(path):
        values = load_vector(path)
        lattice = _bare_bins(path, values, "vector of weights")
        check_weights(path, values, None)
        meta: Mapping[str, Any] = {"quantizer": lattice.name, "fingerprint": lattice.fingerprint}
    else:
        weights, meta = load_weights(path)
        values, levels = weights.weights, weights.levels
    if meta.get("fingerprint") != quantizer.fingerprint or len(values) != len(quantizer.centers):
        raise ArtifactError(
            f"{shown} holds {len(values)} weights for {meta.get('quantizer')}, but the labels use "
            f"the {len(quantizer.centers)} bins of {quantizer.name}; make "
            "both from one prior, or train with --no-weights"
        )
    if not by_lightness:
        return values
    if not levels:
        raise _without_levels(shown)
    return np.stack([level.weights for level in levels])


def _without_levels(shown: str) -> ArtifactError:
    return ArtifactError(
        f"{shown} has no levels of lightness; `colorprep prior --by-lightness 8` counts them, "
        "and writes their weights"
    )


def _bare_bins(path: Location, vector: Floats, what: str) -> AbQuantizer:
    if len(vector) not in (313, 529):
        raise ArtifactError(
            f"{path} has {len(vector)} bins; a bare {what} must have the 313 bins of ab313 or the "
            "529 of ab529"
        )
    return ab_lattice() if len(vector) == 313 else ab529()
