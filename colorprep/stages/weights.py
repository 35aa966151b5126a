"""`colorprep weights`: rebalancing weights from a prior, ours or a bare published one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..artifacts import load_prior, load_vector, save_weights
from ..atomic import check_replaceable, replacing
from ..balance.diagnosis import diagnose_prior
from ..balance.matrix import NEIGHBOR_SIGMA, weight_matrix
from ..balance.prior import Prior
from ..balance.weights import (
    Weights,
    WeightSafety,
    ZeroBins,
    check_probs,
    gray_bins,
    rebalancing_weights,
    weight_safety,
)
from ..color.lab import Floats
from ..errors import ArtifactError, InputError
from ..progress import Reporter
from ..quantize.ab import AbQuantizer, ab529, ab_lattice
from ..quantize.quantizer import Quantizer
from ..workspace import Workspace

PRIOR_NAME = "prior.npz"
WEIGHTS_NAME = "weights.npz"


@dataclass(frozen=True)
class WeightsParams:
    """What `colorprep weights` is to do.

    Attributes
    ----------
    prior : str, Path or None
        A prior.npz or a bare .npy; None for the workspace's ``prior.npz``.
    mix, alpha : float
        Lambda and the exponent.
    zero_bins : {"uniform", "floor", "drop"}
    matrix : str, Path or None
        Where to write the matrix of weights times soft targets, if anywhere.
    neighbor_sigma, lattice_sigma : float
        Of the matrix, in bins.
    output : str, Path or None
        None for ``weights.npz``.
    """

    prior: str | Path | None = None
    mix: float = 0.5
    alpha: float = 1.0
    zero_bins: ZeroBins = "uniform"
    matrix: str | Path | None = None
    neighbor_sigma: float = NEIGHBOR_SIGMA
    lattice_sigma: float = 0.0
    output: str | Path | None = None


class PriorProbs(NamedTuple):
    """As much of a prior as weights need.

    Attributes
    ----------
    probs : ndarray of shape (Q,), float64
    quantizer : Quantizer
    n_pixels : int or None
        Unknown for a bare vector.
    digest : str
    source : mapping or None
        Digest and number of the files that were counted; None where they are not known.
    """

    probs: Floats
    quantizer: Quantizer
    n_pixels: int | None
    digest: str
    source: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class WeightReport:
    """Weights, and what they will do to the loss."""

    weights: Weights
    safety: WeightSafety


@dataclass(frozen=True)
class WeightsResult:
    """What `colorprep weights` did.

    Attributes
    ----------
    path : Path
    quantizer : Quantizer
    report : WeightReport
    matrix_path : Path or None
    """

    path: Path
    quantizer: Quantizer
    report: WeightReport
    matrix_path: Path | None


def run(params: WeightsParams, workspace: Workspace, reporter: Reporter) -> WeightsResult:
    """Make rebalancing weights of a prior.

    Parameters
    ----------
    params : WeightsParams
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    WeightsResult

    Raises
    ------
    ArtifactError
        If the prior is missing or damaged.
    InputError
        If a parameter is out of range, or a weight would be infinite.
    """
    prior = read_probs(workspace.path(params.prior or PRIOR_NAME), reporter)
    path = workspace.path(params.output or WEIGHTS_NAME)
    check_replaceable(path)
    matrix_path = None
    if params.matrix is not None:
        matrix_path = workspace.path(params.matrix)
        _write_matrix(prior, params, matrix_path)
    report = write_weights(prior, params, path)
    return WeightsResult(path, prior.quantizer, report, matrix_path)


def read_probs(path: Path, reporter: Reporter) -> PriorProbs:
    """Read a prior.npz, or a bare vector of 313 or 529 bins.

    Parameters
    ----------
    path : Path
    reporter : Reporter
        Told if a bare vector does not sum to 1.

    Returns
    -------
    PriorProbs

    Raises
    ------
    ArtifactError
        If it is missing, damaged, or has another number of bins.
    """
    if path.suffix != ".npy":
        return prior_probs(load_prior(path))
    vector = load_vector(path)
    if len(vector) not in (313, 529):
        raise ArtifactError(
            f"{path} has {len(vector)} bins; a bare prior must have the 313 bins of ab313 or the "
            "529 of ab529"
        )
    try:
        probs = check_probs(vector)
    except InputError as error:
        raise ArtifactError(f"{path}: {error}") from error
    if abs(vector.sum() - 1.0) > 1e-6:
        reporter.warn(f"{path} sums to {vector.sum():g}; it was normalized to sum to 1")
    for finding in diagnose_prior(probs):
        reporter.warn(f"{path}: {finding.severity}: {finding.detail}")
    digest = hashlib.sha256(np.ascontiguousarray(probs, "<f8").tobytes()).hexdigest()[:32]
    return PriorProbs(probs, ab_lattice() if len(probs) == 313 else ab529(), None, digest)


def prior_probs(prior: Prior) -> PriorProbs:
    """Return as much of a prior as weights need."""
    source = prior.meta.get("source")
    known = isinstance(source, Mapping) and isinstance(source.get("digest"), str)
    return PriorProbs(
        prior.probs, prior.quantizer, prior.n_pixels, prior.digest, source if known else None
    )


def write_weights(prior: PriorProbs, params: WeightsParams, path: Path) -> WeightReport:
    """Make weights of a prior and write them.

    Parameters
    ----------
    prior : PriorProbs
    params : WeightsParams
    path : Path

    Returns
    -------
    WeightReport

    Raises
    ------
    InputError
        If a parameter is out of range, or a weight would be infinite.
    """
    weights = rebalancing_weights(
        prior.probs, params.mix, params.alpha, params.zero_bins, prior.n_pixels
    )
    gray = gray_bins(prior.quantizer.centers, prior.quantizer.space)
    safety = weight_safety(weights, gray)
    meta = {
        "quantizer": prior.quantizer.name,
        "fingerprint": prior.quantizer.fingerprint,
        "lambda": params.mix,
        "alpha": params.alpha,
        "zero_bins": params.zero_bins,
        "prior_digest": prior.digest,
        "safety": vars(safety),
    }
    save_weights(path, weights, meta)
    return WeightReport(weights, safety)


def _write_matrix(prior: PriorProbs, params: WeightsParams, path: Path) -> None:
    if not isinstance(prior.quantizer, AbQuantizer):
        raise InputError(f"--matrix is for ab lattices; {prior.quantizer.name} is none")
    if params.zero_bins != "uniform":
        raise InputError("--matrix takes --zero-bins uniform only, as the published matrices do")
    matrix = weight_matrix(
        prior.probs,
        prior.quantizer,
        params.mix,
        params.alpha,
        params.lattice_sigma,
        params.neighbor_sigma,
    )
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.save(stream, matrix)
