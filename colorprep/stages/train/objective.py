"""What a network is trained to make small: the objective, and how it raises rare colors."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...color.lab import Floats
from ...errors import ArtifactError, InputError
from ...places import Location
from ...progress import Reporter
from ...quantize.quantizer import Quantizer
from ...shards.reader import LabelFolder
from ...training.choices import CriticName
from ...training.losses import objectives
from ...training.losses.pixel_losses import LossOptions
from ...training.losses.terms import LOSSES, Objective
from ...training.models.critics import CRITICS
from ...training.options import ObjectiveOptions
from ...workspace import PRIOR, WEIGHTS, Workspace
from ..priors import PriorProbs, read_prior, read_weights


@dataclass(frozen=True, eq=False)
class Rebalancing:
    """How rare colors are raised: by weights, by a prior for logit adjustment, or not at all.

    Attributes
    ----------
    weights, prior : ndarray of shape (Q,) or (N, Q), or None
        Of all pixels, or of N levels of lightness; at most one of them.
    path : Path, Url or None
        Its file.
    """

    weights: Floats | None = None
    prior: Floats | None = None
    path: Location | None = None

    def facts(self, workspace: Workspace) -> dict[str, Any]:
        """Return which file was used, and a digest of its numbers."""
        used = self.prior if self.weights is None else self.weights
        digest = None if used is None else hashlib.sha256(used.tobytes()).hexdigest()
        return {
            "rebalanced": self.weights is not None,
            "weights": None if self.weights is None else workspace.shown(self.path or Path()),
            "prior": None if self.prior is None else workspace.shown(self.path or Path()),
            "rebalancing_digest": digest,
        }

    def options(self, objective: ObjectiveOptions) -> LossOptions:
        """Return the options of the loss."""
        return LossOptions(
            self.weights, objective.weigh_by, objective.gray, self.prior, objective.logit_adjust
        )


def label_sizes(labels: LabelFolder) -> dict[str, int]:
    """Return the sizes of labels on which networks may depend, see `models.spec.NetworkSpec`."""
    settings = labels.manifest["settings"]
    features = settings.get("features")
    sizes = {
        "segments": settings.get("segments") or 0,
        "classes": len(labels.manifest["classes"]),
        "features": features["length"] if features else 0,
    }
    return {name: size for name, size in sizes.items() if size}


def make_objective(
    options: ObjectiveOptions,
    critic: CriticName | None,
    labels: LabelFolder,
    rebalancing: Rebalancing,
) -> Objective:
    """Return the objective of the options.

    Raises
    ------
    InputError
        If the loss does not fit the labels, its options, or the critic.
    """
    return objectives.make_objective(
        options.loss,
        labels.quantizer,
        rebalancing.options(options),
        label_sizes(labels),
        scale=1.0 if critic is None else _scale_beside(critic, options.loss),
        saturation=options.saturation,
    )


def read_rebalancing(
    objective: ObjectiveOptions, workspace: Workspace, quantizer: Quantizer, reporter: Reporter
) -> Rebalancing:
    """Return the weights or the prior that are requested, or the weights of the workspace."""
    if objective.logit_adjust:
        path = workspace.input_location(objective.prior, PRIOR)
        prior = _prior_for(quantizer, path, workspace, reporter)
        shown = workspace.shown(path)
        probs = prior.by_lightness(shown) if objective.by_lightness else prior.probs
        return Rebalancing(prior=probs, path=path)
    kind = LOSSES.get(objective.loss)
    takes_weights = kind is not None and kind.takes_weights
    requested = objective.weights is not None or objective.by_lightness
    if not objective.use_weights or not (requested or takes_weights):
        return Rebalancing()
    path = workspace.input_location(objective.weights, WEIGHTS)
    if not requested and not workspace.path(WEIGHTS).exists():
        reporter.note(f"no {WEIGHTS} here: training without rebalancing")
        return Rebalancing()
    weights = weights_for(quantizer, path, workspace, objective.by_lightness)
    return Rebalancing(weights=weights, path=path)


def weights_for(
    quantizer: Quantizer, path: Location, workspace: Workspace, by_lightness: bool = False
) -> Floats:
    """Read weights for the bins of labels; see `priors.read_weights`."""
    return read_weights(path, quantizer, workspace.shown(path), by_lightness)


def _prior_for(
    quantizer: Quantizer, path: Location, workspace: Workspace, reporter: Reporter
) -> PriorProbs:
    prior = read_prior(path, reporter)
    if prior.quantizer.fingerprint != quantizer.fingerprint:
        raise ArtifactError(
            f"{workspace.shown(path)} is of {prior.quantizer.name}, the labels are of "
            f"{quantizer.name} with other bins; give the prior of the labels with --prior"
        )
    return prior


# The loss of the images that a critic judges, and its factor beside the verdict. Published is 100
# times the absolute error of RGB from -1 to 1, or of (ab + 128) / 255.
BESIDE = {"rgb": ("rgb-l1", 100.0 * 2.0), "ab": ("l1", 100.0 / 255.0)}


def _scale_beside(critic: CriticName, loss: str) -> float:
    head = CRITICS[critic].head
    fitting, scale = BESIDE[head]
    if loss != fitting:
        raise InputError(
            f"the critic {critic} judges {head}, so it needs --loss {fitting}, not {loss}"
        )
    return scale
