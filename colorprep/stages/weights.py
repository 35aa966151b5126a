"""`colorprep weights`: rebalancing weights from a prior.npz or a bare published prior."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import starmap
from pathlib import Path

from ..artifacts import save_weights
from ..atomic import check_replaceable, write_npy
from ..balance.lightness import LightnessLevel
from ..balance.matrix import NEIGHBOR_SIGMA, weight_matrix
from ..balance.weights import (
    Weights,
    WeightSafety,
    ZeroBins,
    gray_bins,
    rebalancing_weights,
    weight_safety,
)
from ..color.lab import Floats
from ..errors import InputError
from ..finite import check_finite
from ..places import Location
from ..progress import Reporter
from ..quantize.ab import AbQuantizer
from ..quantize.quantizer import Quantizer
from ..workspace import PRIOR, WEIGHTS, Workspace
from .priors import PriorProbs, read_prior
from .replaced import telling_replaced


@dataclass(frozen=True)
class WeightsParams:
    """Parameters of `colorprep weights`.

    Attributes
    ----------
    prior : str, Path or None
        A prior.npz or a bare .npy; None for the workspace's ``prior.npz``.
    mix, alpha : float
        Lambda, the fraction of the uniform distribution that is mixed in, and the exponent.
    matrix : str, Path or None
        Where to write the matrix of weights times soft targets; None for no matrix.
    neighbor_sigma, lattice_sigma : float
        For the matrix, in bins: of its soft targets, and of smoothing its prior.
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
    """Written weights, and their effect on the loss.

    Attributes
    ----------
    values : ndarray of shape (Q,), float64
    n_levels : int
        Levels of lightness that have weights of their own; 0 for none.
    """

    values: Floats
    safety: WeightSafety
    n_levels: int = 0


@dataclass(frozen=True)
class WeightsResult:
    """Result of `colorprep weights`."""

    path: Location
    quantizer: Quantizer
    weights: WeightReport
    matrix_path: Location | None


def run(params: WeightsParams, workspace: Workspace, reporter: Reporter) -> WeightsResult:
    """Compute rebalancing weights from a prior, and write them.

    Raises
    ------
    ArtifactError
        If the prior is missing or damaged.
    InputError
        If a parameter is out of range, or a weight would be infinite.
    """
    prior = read_prior(workspace.input_location(params.prior, PRIOR), reporter)
    path = workspace.location(params.output or WEIGHTS)
    check_replaceable(path)
    matrix_path = None
    if params.matrix is not None:
        matrix_path = workspace.location(params.matrix)
        with telling_replaced(reporter, matrix_path):
            _write_matrix(prior, params, matrix_path)
    with telling_replaced(reporter, path):
        weights = write_weights(prior, params, path)
    return WeightsResult(path, prior.quantizer, weights, matrix_path)


def write_weights(prior: PriorProbs, params: WeightsParams, path: Location) -> WeightReport:
    """Compute the weights for a prior, and write them to `path`.

    Raises
    ------
    InputError
        If a parameter is out of range, or a weight would be infinite.
    """
    weights = weights_of(prior, params)
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
    return WeightReport(weights.weights, safety, len(weights.levels))


def weights_of(prior: PriorProbs, params: WeightsParams) -> Weights:
    """Return the weights of a prior, and those of its levels of lightness."""
    settings = params.mix, params.alpha, params.zero_bins
    whole = rebalancing_weights(prior.probs, *settings, prior.n_pixels)

    def of_level(number: int, level: LightnessLevel) -> Weights:
        if not level.n_pixels:
            return whole
        try:
            return rebalancing_weights(level.probs, *settings, level.n_pixels)
        except InputError as error:
            raise InputError(f"level {number} of lightness: {error}") from error

    levels = () if prior.counted is None else prior.counted.levels
    return replace(whole, levels=tuple(starmap(of_level, enumerate(levels))))


def _write_matrix(prior: PriorProbs, params: WeightsParams, path: Location) -> None:
    if not isinstance(prior.quantizer, AbQuantizer):
        raise InputError(f"--matrix needs an ab lattice; {prior.quantizer.name} is not one")
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
    write_npy(path, matrix)
