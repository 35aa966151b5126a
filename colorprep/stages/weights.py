"""`colorprep weights`: rebalancing weights from a prior, ours or a bare published one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..artifacts import save_weights
from ..atomic import check_replaceable, replacing
from ..balance.matrix import NEIGHBOR_SIGMA, weight_matrix
from ..balance.weights import (
    Weights,
    WeightSafety,
    ZeroBins,
    gray_bins,
    rebalancing_weights,
    weight_safety,
)
from ..errors import InputError
from ..finite import check_finite
from ..progress import Reporter
from ..quantize.ab import AbQuantizer
from ..quantize.quantizer import Quantizer
from ..workspace import PRIOR, WEIGHTS, Workspace
from .priors import PriorProbs, read_prior
from .replaced import telling_replaced


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

    def __post_init__(self) -> None:
        """Refuse values that are not finite numbers."""
        check_finite(self)


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
    prior = read_prior(workspace.input_path(params.prior, PRIOR), reporter)
    path = workspace.path(params.output or WEIGHTS)
    check_replaceable(path)
    matrix_path = None
    if params.matrix is not None:
        matrix_path = workspace.path(params.matrix)
        with telling_replaced(reporter, matrix_path):
            _write_matrix(prior, params, matrix_path)
    with telling_replaced(reporter, path):
        report = write_weights(prior, params, path)
    return WeightsResult(path, prior.quantizer, report, matrix_path)


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
