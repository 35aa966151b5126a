"""`colorprep verify`: check artifacts and priors from elsewhere, and repair labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...artifacts import holds_bare_array, load_arrays, load_prior, load_vector, load_weights
from ...balance.diagnosis import Finding, diagnose_prior
from ...balance.prior import Prior, Smoothing, smoothed_probs
from ...balance.weights import Weights, ZeroBins, check_probs, rebalancing_weights
from ...color.lab import Floats
from ...errors import ArtifactError, InputError
from ...locks import sole_process
from ...places import Location, Url
from ...progress import Reporter
from ...quantize.tables import cell_bins
from ...storage import size_of
from ...workspace import MEMORY, Workspace
from ..source import ImageParams
from .labels import labels_problems, repair_labels
from .problem import Problem


@dataclass(frozen=True)
class VerifyParams:
    """Parameters of `colorprep verify`.

    Attributes
    ----------
    path : str or Path
        Labels, which may be at a URL, a prior, weights, or a bare prior of another program.
    deep : bool
        Make all labels again and compare.
    repair : bool
        Make wrong files again.
    images : ImageParams
        The source of the images, for `deep` and `repair`.
    segments : str, Path or None
        Their masks, for labels that hold segments.
    features : str, Path or None
        The file of the classifier, for labels that hold its features; None finds the packaged one.
    """

    path: str | Path
    deep: bool = False
    repair: bool = False
    images: ImageParams = field(default_factory=ImageParams)
    segments: str | Path | None = None
    features: str | Path | None = None


@dataclass(frozen=True)
class VerifyResult:
    """Result of `colorprep verify`.

    Attributes
    ----------
    what : str
        The kind of artifact.
    problems : list of Problem
        Those that are left.
    n_compared : int or None
        Images that were labeled again and compared; None if not requested.
    """

    path: Location
    what: str
    problems: list[Problem]
    repaired: list[Problem]
    n_compared: int | None = None

    @property
    def sound(self) -> bool:
        """Whether there is no problem that is more than suspected."""
        return all(problem.severity != "wrong" for problem in self.problems)


def run(params: VerifyParams, workspace: Workspace, reporter: Reporter) -> VerifyResult:
    """Check an artifact, and repair it if requested.

    Raises
    ------
    ArtifactError
        If the path does not exist, or cannot be checked.
    InputError
        If `deep` or `repair` is set for something other than labels, or no images are known.
    """
    path = workspace.input_location(params.path)
    if _is_folder(path):
        return _verify_labels(path, params, workspace, reporter)
    if params.deep or params.repair:
        raise InputError(f"--deep and --repair are for a folder of labels; {path} is a file")
    if holds_bare_array(path):
        return VerifyResult(path, "a bare prior", _bare_prior_problems(path), [])
    if path.suffix != ".npz":
        raise ArtifactError(
            f"{path} cannot be checked: give a folder of labels, a prior.npz, a weights.npz or an "
            ".npy prior"
        )
    what, check = _npz_check(path)
    try:
        found = check(path)
    except ArtifactError as error:
        found = [str(error)]
    return VerifyResult(path, what, [Problem(path, text) for text in found], [])


def _is_folder(path: Location) -> bool:
    """Return whether a path is a folder; one in a store by its ending, as it has none."""
    if isinstance(path, Url) and path.suffix not in (".npz", ".npy"):
        return True
    if not (path.exists() if isinstance(path, Path) else size_of(path) is not None):
        raise ArtifactError(f"there is no file or folder {path}")
    return isinstance(path, Path) and path.is_dir()


def _verify_labels(
    folder: Location, params: VerifyParams, workspace: Workspace, reporter: Reporter
) -> VerifyResult:
    if params.deep or params.repair:
        _check_images_known(folder, params, workspace)
    inputs = (params.images, params.segments, params.features)
    found = labels_problems(folder, params.deep, *inputs, workspace, reporter)
    repaired: list[Problem] = []
    wrong = {problem.path for problem in found.problems if problem.severity == "wrong"}
    if wrong and params.repair:
        with sole_process(folder, "labeled", reporter, workspace=workspace.root):
            repair_labels(folder, wrong, *inputs, workspace, reporter)
        left = labels_problems(folder, params.deep, *inputs, workspace, reporter)
        repaired = [problem for problem in found.problems if problem not in left.problems]
        found = left
    return VerifyResult(folder, "labels", found.problems, repaired, found.n_compared)


def _check_images_known(folder: Location, params: VerifyParams, workspace: Workspace) -> None:
    """Refuse at once, not after all shards are read."""
    if params.images.folder is None and not workspace.path(MEMORY).exists():
        option = "--repair" if params.repair else "--deep"
        raise InputError(
            f"{option} reads the images, and no image folder is known here; give theirs, as in "
            f"`colorprep verify {folder} {option} --dir train/`"
        )


def _npz_check(path: Location) -> tuple[str, Callable[[Location], list[str]]]:
    try:
        schema = str(load_arrays(path, "")[1].get("schema"))
    except ArtifactError:
        return "a file of arrays", _prior_problems
    if schema.startswith("colorprep.weights"):
        return "weights", _weights_problems
    return "a prior", _prior_problems


def _prior_problems(path: Location) -> list[str]:
    """Return the problems of a prior.npz: wrong sums, and probabilities other than recomputed."""
    prior = load_prior(path)
    problems = []
    n_pixels = int(prior.cells.sum())
    if prior.n_pixels != n_pixels:
        problems.append(f"its bins hold {prior.n_pixels} pixels, and its cells {n_pixels}")
    if prior.meta.get("n_pixels") not in (None, prior.n_pixels):
        problems.append(f"it says {prior.meta['n_pixels']} pixels, and holds {prior.n_pixels}")
    images = prior.images
    if images is not None and images.is_whole:
        if prior.meta.get("n_images") not in (None, len(images.hashes)):
            problems.append(
                f"it says {prior.meta['n_images']} images, and has hashes of {len(images.hashes)}"
            )
    bins = cell_bins(prior.quantizer)
    if bins is not None:
        known = bins != len(bins) - 1
        by_cell = np.bincount(
            bins[known], weights=prior.cells.ravel()[known], minlength=len(prior.counts)
        )
        if not np.array_equal(by_cell, prior.counts):
            problems.append("the counts of its bins are not those of its cells")
        if prior.cells.ravel()[~known].any():
            problems.append("it counts pixels in cells that no 8-bit color has")
    if problems:
        return problems
    smoothing = prior.meta.get("smoothing", "soft")
    expected = smoothed_probs(prior.quantizer, prior.counts, prior.cells, smoothing)
    if not np.allclose(expected, prior.probs, rtol=1e-9, atol=1e-15):
        problems.append(f"its probabilities are not its counts smoothed by {smoothing}")
    return problems + _level_problems(prior, smoothing)


def _level_problems(prior: Prior, smoothing: Smoothing) -> list[str]:
    """Return the problems of a prior's levels of lightness: wrong sums, and other probabilities."""
    problems = []
    for name in ("counts", "cells") if prior.levels else ():
        total = sum(getattr(level, name) for level in prior.levels)
        if not np.array_equal(total, getattr(prior, name)):
            problems.append(f"the {name} of its levels of lightness do not add up to its own")
    for number, level in enumerate(prior.levels):
        name = f"level {number} of lightness"
        if level.n_pixels != int(level.cells.sum()):
            problems.append(f"the bins and the cells of its {name} hold other numbers of pixels")
        elif level.n_pixels:
            expected = smoothed_probs(prior.quantizer, level.counts, level.cells, smoothing)
            if not np.allclose(expected, level.probs, rtol=1e-9, atol=1e-15):
                what = f"the probabilities of its {name}"
                problems.append(f"{what} are not its counts smoothed by {smoothing}")
    return problems


def _weights_problems(path: Location) -> list[str]:
    """Return the problems of a weights.npz: its means, and weights other than recomputed."""
    weights, meta = load_weights(path)
    problems = _problems_of(weights, meta, "its weights")
    for number, level in enumerate(weights.levels):
        problems += _problems_of(level, meta, f"the weights of its level {number} of lightness")
    return list(dict.fromkeys(problems))


def _problems_of(weights: Weights, meta: Mapping[str, Any], name: str) -> list[str]:
    """Return the problems of the weights of one prior."""
    values, probs = weights.weights, weights.probs
    problems = []
    mean = float(probs @ values)
    if not abs(mean - 1.0) < 1e-9:
        problems.append(f"{name} have mean {mean:.6g} under its prior, not 1")
    try:
        # The probabilities of a floored prior are stored after flooring.
        policy: ZeroBins = "uniform" if meta["zero_bins"] == "floor" else meta["zero_bins"]
        again = rebalancing_weights(probs, meta["lambda"], meta["alpha"], policy)
        same = np.allclose(again.weights, values, rtol=1e-9, atol=0)
    except (InputError, KeyError, TypeError) as error:
        return [*problems, f"it does not say how it was made ({error})"]
    if not same:
        problems.append(f"{name} are not those of lambda {meta['lambda']}")
    return problems


def _bare_prior_problems(path: Location) -> list[Problem]:
    """Return the problems of a prior from elsewhere."""
    try:
        found = vector_findings(load_vector(path))
    except (ArtifactError, InputError) as error:
        return [Problem(path, str(error))]
    return [Problem(path, finding.detail, finding.severity) for finding in found]


def vector_findings(vector: Floats) -> list[Finding]:
    """Diagnose a bare vector as a prior.

    Parameters
    ----------
    vector : ndarray of shape (Q,), float64

    Raises
    ------
    InputError
        If it cannot be a prior.
    """
    found = list(diagnose_prior(check_probs(vector)))
    total = float(vector.sum())
    if abs(total - 1.0) > 1e-3 and not np.array_equal(vector, np.rint(vector)):
        text = f"it sums to {total:.6g}, not to 1, and holds no counts; are these weights?"
        found.append(Finding("sum", "suspected", text))
    return found
