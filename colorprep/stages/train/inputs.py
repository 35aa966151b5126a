"""What `colorprep train` reads before it trains: weights, a prior, images, layers to start from."""

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
from ...training.losses.terms import LOSSES, LossOptions
from ...training.models.normalization import fewest_images
from ...training.processes import Process
from ...workspace import LABELS, PRIOR, WEIGHTS, Workspace
from ..priors import read_prior, read_weights
from .params import TrainParams
from .selection import EVERY_IMAGE, curriculum_of, narrowed, split_labels


@dataclass(frozen=True, eq=False)
class Rebalancing:
    """What is done about rare colors.

    Attributes
    ----------
    weights, prior : ndarray of shape (Q,) or None
    path : Path or None
        Of the one of them that there is.
    """

    weights: Floats | None = None
    prior: Floats | None = None
    path: Path | None = None

    def facts(self, workspace: Workspace) -> dict[str, Any]:
        """Return which file was used, and a digest of what was in it."""
        used = self.prior if self.weights is None else self.weights
        digest = None if used is None else hashlib.sha256(used.tobytes()).hexdigest()
        return {
            "rebalanced": self.weights is not None,
            "weights": None if self.weights is None else workspace.shown(self.path or Path()),
            "prior": None if self.prior is None else workspace.shown(self.path or Path()),
            "rebalancing_digest": digest,
        }

    def options(self, params: TrainParams) -> LossOptions:
        """Return how pixels are weighed."""
        return LossOptions(
            self.weights, params.weigh_by, params.gray, self.prior, params.logit_adjust
        )


@dataclass(frozen=True, eq=False)
class TrainInputs:
    """The inputs of training.

    Attributes
    ----------
    labels : LabelFolder
    rebalancing : Rebalancing
    training : ShardLoader
    validation : ShardLoader or None
    preparation : Preparation
        Of each batch that is trained on.
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
    """Read what is trained on.

    Parameters
    ----------
    params : TrainParams
    workspace : Workspace
    process : Process
    reporter : Reporter

    Returns
    -------
    TrainInputs

    Raises
    ------
    ArtifactError
        If labels, weights or prior are missing, damaged, or do not fit each other.
    InputError
        If a list or a number does not fit the labels.
    """
    labels = open_labels(workspace.input_path(params.shards, LABELS))
    rebalancing = _rebalancing(params, workspace, labels.quantizer, reporter)
    chosen, held_out = split_labels(labels, params.held_out, workspace, reporter)
    curriculum = curriculum_of(params.curriculum, chosen, held_out, workspace, reporter)
    if params.list is not None:
        chosen = narrowed(chosen, held_out, params.list, workspace, reporter)
    dataset = ShardDataset(labels, chosen)
    if not dataset.mapped:
        reporter.note(
            "the labels are compressed: reading them takes many times as long as mapping those "
            "made without --compression"
        )
    settings = labels.manifest["settings"]
    preparation = Preparation(settings["size"], settings["stride"], params.crop, params.flip)
    ranks: dict[str, Any] = {"rank": process.rank, "world_size": process.world_size}
    pin_memory = process.device.type == "cuda"
    training = dataset.loader(
        params.batch_size,
        seed=params.seed,
        max_images=params.max_images,
        curriculum=curriculum,
        image_weights=_image_weights(params, dataset, rebalancing, workspace),
        fewest=fewest_images(params.model, params.width, preparation.side),
        pin_memory=pin_memory,
        **ranks,
    )
    validation = None
    if held_out:
        validation = ShardDataset(labels, held_out).loader(
            params.batch_size, shuffle=False, pin_memory=pin_memory, **ranks
        )
    return TrainInputs(labels, rebalancing, training, validation, preparation)


def selection_facts(params: TrainParams, workspace: Workspace) -> dict[str, Any]:
    """Return which images were asked for, in plain values."""

    def shown(list_: str | Path) -> str:
        return workspace.shown(workspace.input_path(list_))

    held_out = params.held_out
    return {
        "held_out": held_out if isinstance(held_out, float | int) else shown(held_out),
        "list": None if params.list is None else shown(params.list),
        "curriculum": [
            {"list": EVERY_IMAGE if list_ is None else shown(list_), "epochs": n_epochs}
            for list_, n_epochs in params.curriculum
        ],
        "max_images": params.max_images,
        "rare_color": params.rare_color,
    }


def _rebalancing(
    params: TrainParams, workspace: Workspace, quantizer: Quantizer, reporter: Reporter
) -> Rebalancing:
    """Return the weights or the prior that are asked for or at hand."""
    if params.logit_adjust:
        path = workspace.input_path(params.prior, PRIOR)
        return Rebalancing(prior=_prior_for(quantizer, path, workspace, reporter), path=path)
    kind = LOSSES.get(params.loss)
    takes_weights = kind is not None and kind.takes_weights
    if not params.use_weights or (params.weights is None and not takes_weights):
        return Rebalancing()
    path = workspace.input_path(params.weights, WEIGHTS)
    if params.weights is None and not path.exists():
        reporter.note(f"no {WEIGHTS} here: training without rebalancing")
        return Rebalancing()
    return Rebalancing(weights=_weights_for(quantizer, path, workspace), path=path)


def _image_weights(
    params: TrainParams, dataset: ShardDataset, rebalancing: Rebalancing, workspace: Workspace
) -> Floats | None:
    """Return what each image weighs, where rare colors are to be chosen more often."""
    if not params.rare_color:
        return None
    weights = rebalancing.weights
    if weights is None:
        path = workspace.input_path(params.weights, WEIGHTS)
        if not path.exists():
            raise InputError(
                f"--rare-color chooses images by rebalancing weights, and there is no {path}; make "
                "it with `colorprep weights`"
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
            f"{quantizer.name} with other bins; give the prior that they were made by with --prior"
        )
    return prior.probs
