"""The inputs of `colorprep train`: labels, weights or a prior, and lists of images."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...color.lab import Floats
from ...errors import ArtifactError, InputError
from ...progress import Reporter
from ...quantize.quantizer import Quantizer
from ...shards.reader import LabelFolder, open_labels
from ...training.data.augmentation import Preparation
from ...training.data.dataset import ShardDataset
from ...training.data.loader import ShardLoader
from ...training.losses.pixel_losses import LossOptions
from ...training.losses.terms import LOSSES
from ...training.models.normalization import fewest_images
from ...training.options import DataOptions, ObjectiveOptions
from ...training.processes import Process
from ...workspace import LABELS, PRIOR, WEIGHTS, Workspace
from ..priors import read_prior, read_weights
from .params import TrainParams
from .selection import EVERY_IMAGE, curriculum_of, narrowed, split_labels


@dataclass(frozen=True, eq=False)
class Rebalancing:
    """How rare colors are raised: by weights, by a prior for logit adjustment, or not at all.

    Attributes
    ----------
    weights, prior : ndarray of shape (Q,) or None
        At most one of them.
    path : Path or None
        Its file.
    """

    weights: Floats | None = None
    prior: Floats | None = None
    path: Path | None = None

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


@dataclass(frozen=True, eq=False)
class TrainInputs:
    """The inputs of training.

    Attributes
    ----------
    preparation : Preparation
        Crops and mirrors each batch to train on.
    """

    labels: LabelFolder
    rebalancing: Rebalancing
    training: ShardLoader
    validation: ShardLoader | None
    preparation: Preparation

    @property
    def held_out(self) -> list[str]:
        """Keys of the validation images."""
        return [] if self.validation is None else self.validation.dataset.keys


def read_inputs(
    params: TrainParams,
    workspace: Workspace,
    process: Process,
    reporter: Reporter,
) -> TrainInputs:
    """Open the labels, and read all else that is needed.

    Raises
    ------
    ArtifactError
        If labels, weights or prior are missing, damaged, or do not fit each other.
    InputError
        If a list or a number does not fit the labels.
    """
    data = params.data
    labels = open_labels(workspace.input_path(data.shards, LABELS))
    rebalancing = _rebalancing(params.objective, workspace, labels.quantizer, reporter)
    chosen, held_out = split_labels(labels, data.held_out, workspace, reporter)
    curriculum = curriculum_of(data.curriculum, chosen, held_out, workspace, reporter)
    if data.list is not None:
        chosen = narrowed(chosen, held_out, data.list, workspace, reporter)
    dataset = ShardDataset(labels, chosen)
    if not dataset.mapped:
        reporter.note(
            "the labels are compressed: they take many times as long to read as labels made "
            "without --compression"
        )
    settings = labels.manifest["settings"]
    preparation = Preparation(settings["size"], settings["stride"], data.crop, data.flip)
    shared: dict[str, Any] = {
        "rank": process.rank,
        "world_size": process.world_size,
        "pin_memory": process.device.type == "cuda",
    }
    batch_size, network = params.pace.batch_size, params.network
    training = dataset.loader(
        batch_size,
        seed=params.machine.seed,
        max_images=data.max_images,
        curriculum=curriculum,
        image_weights=_image_weights(params, dataset, rebalancing, workspace),
        fewest=fewest_images(network.model, network.width, preparation.side),
        **shared,
    )
    validation = None
    if held_out:
        validation = ShardDataset(labels, held_out).loader(batch_size, shuffle=False, **shared)
    return TrainInputs(labels, rebalancing, training, validation, preparation)


def selection_facts(data: DataOptions, workspace: Workspace) -> dict[str, Any]:
    """Return which images were requested, in plain values."""

    def shown(list_: str | Path) -> str:
        return workspace.shown(workspace.input_path(list_))

    held_out = data.held_out
    return {
        "held_out": held_out if isinstance(held_out, float | int) else shown(held_out),
        "list": None if data.list is None else shown(data.list),
        "curriculum": [
            {"list": EVERY_IMAGE if list_ is None else shown(list_), "epochs": n_epochs}
            for list_, n_epochs in data.curriculum
        ],
        "max_images": data.max_images,
        "rare_color": data.rare_color,
    }


def _rebalancing(
    objective: ObjectiveOptions, workspace: Workspace, quantizer: Quantizer, reporter: Reporter
) -> Rebalancing:
    """Return the weights or the prior that are requested, or the weights of the workspace."""
    if objective.logit_adjust:
        path = workspace.input_path(objective.prior, PRIOR)
        return Rebalancing(prior=_prior_for(quantizer, path, workspace, reporter), path=path)
    kind = LOSSES.get(objective.loss)
    takes_weights = kind is not None and kind.takes_weights
    if not objective.use_weights or (objective.weights is None and not takes_weights):
        return Rebalancing()
    path = workspace.input_path(objective.weights, WEIGHTS)
    if objective.weights is None and not path.exists():
        reporter.note(f"no {WEIGHTS} here: training without rebalancing")
        return Rebalancing()
    return Rebalancing(weights=_weights_for(quantizer, path, workspace), path=path)


def _image_weights(
    params: TrainParams, dataset: ShardDataset, rebalancing: Rebalancing, workspace: Workspace
) -> Floats | None:
    """Return the weight of each image in the random choice, with --rare-color."""
    if not params.data.rare_color:
        return None
    weights = rebalancing.weights
    if weights is None:
        path = workspace.input_path(params.objective.weights, WEIGHTS)
        if not path.exists():
            raise InputError(
                f"--rare-color chooses images by rebalancing weights, but {path} is missing; "
                "create it with `colorprep weights`"
            )
        weights = _weights_for(dataset.labels.quantizer, path, workspace)
    return dataset.mean_weights(weights)


def _weights_for(quantizer: Quantizer, path: Path, workspace: Workspace) -> Floats:
    return read_weights(path, quantizer, workspace.shown(path))


def _prior_for(
    quantizer: Quantizer, path: Path, workspace: Workspace, reporter: Reporter
) -> Floats:
    prior = read_prior(path, reporter)
    if prior.quantizer.fingerprint != quantizer.fingerprint:
        raise ArtifactError(
            f"{workspace.shown(path)} is of {prior.quantizer.name}, the labels are of "
            f"{quantizer.name} with other bins; give the prior of the labels with --prior"
        )
    return prior.probs
