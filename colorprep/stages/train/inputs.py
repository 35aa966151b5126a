"""The inputs of `colorprep train`: labels, weights or a prior, and lists of images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...color.lab import Floats
from ...errors import InputError
from ...progress import Reporter
from ...report.numbers import byte_size, quantity
from ...shards.cache import GIGABYTE
from ...shards.reader import LabelFolder, open_labels
from ...shards.remote import RemoteShards
from ...storage import size_of
from ...training.data.augmentation import Preparation
from ...training.data.dataset import ShardDataset
from ...training.data.loader import ShardLoader
from ...training.losses.terms import Objective
from ...training.models.normalization import fewest_images
from ...training.models.spec import NetworkSpec
from ...training.options import DataOptions
from ...training.processes import Process
from ...workspace import LABELS, WEIGHTS, Workspace
from .objective import Rebalancing, label_sizes, make_objective, read_rebalancing, weights_for
from .params import TrainParams
from .recipe import check_recipe
from .selection import EVERY_IMAGE, curriculum_of, held_out_shown, narrowed, split_labels


@dataclass(frozen=True, eq=False)
class TrainInputs:
    """The inputs of training.

    Attributes
    ----------
    spec : NetworkSpec
        Of the network.
    arrays : set of str
        Of each batch.
    preparation : Preparation
        Changes each batch to train on at random.
    """

    labels: LabelFolder
    rebalancing: Rebalancing
    objective: Objective
    spec: NetworkSpec
    arrays: set[str]
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
    labels = open_labels(workspace.input_location(data.shards, LABELS), data.cache)
    check_recipe(params.network.recipe, labels)
    rebalancing = read_rebalancing(params.objective, workspace, labels.quantizer, reporter)
    objective = make_objective(params.objective, params.network.critic, labels, rebalancing)
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
    preparation = Preparation(
        settings["size"],
        settings["stride"],
        data.crop,
        data.flip,
        data.zoom,
        data.rotate,
        data.channel_shift,
        data.hints,
    )
    shared: dict[str, Any] = {
        "rank": process.rank,
        "world_size": process.world_size,
        "pin_memory": process.device.type == "cuda",
    }
    batch_size, network = params.pace.batch_size, params.network
    sizes, stride = label_sizes(labels), settings["stride"]
    spec = NetworkSpec(objective.channels, network.width, sizes, stride)
    training = dataset.loader(
        batch_size,
        seed=params.machine.seed,
        max_images=data.max_images,
        curriculum=curriculum,
        image_weights=_image_weights(params, dataset, rebalancing, workspace),
        fewest=fewest_images(network.model, spec, preparation.side, network.critic),
        **shared,
    )
    _note_windows(labels, training, data.cache, reporter)
    validation = None
    if held_out:
        validation = ShardDataset(labels, held_out).loader(batch_size, shuffle=False, **shared)
    return TrainInputs(
        labels, rebalancing, objective, spec, dataset.arrays, training, validation, preparation
    )


def _note_windows(
    labels: LabelFolder, training: ShardLoader, cache: float, reporter: Reporter
) -> None:
    """Say if images come in another order than that of labels on a disk."""
    windows = training.order.windows
    if windows is None or not isinstance(labels.shards, RemoteShards):
        return
    n_bytes = labels.shards.sizes[np.unique(windows.shard_of)].sum()
    reporter.note(
        f"the labels ({byte_size(n_bytes)}) exceed the cache ({byte_size(cache * GIGABYTE)}): "
        f"images come in windows of {quantity(windows.n_together, 'shard')}, which are drawn at "
        "random, and in random order within each; a larger --cache mixes all images"
    )


def selection_facts(data: DataOptions, workspace: Workspace) -> dict[str, Any]:
    """Return which images were requested, in plain values."""

    def shown(list_: str | Path) -> str:
        return workspace.shown(workspace.input_location(list_))

    return {
        "held_out": held_out_shown(data.held_out, workspace),
        "list": None if data.list is None else shown(data.list),
        "curriculum": [
            {"list": EVERY_IMAGE if list_ is None else shown(list_), "epochs": n_epochs}
            for list_, n_epochs in data.curriculum
        ],
        "max_images": data.max_images,
        "rare_color": data.rare_color,
    }


def _image_weights(
    params: TrainParams, dataset: ShardDataset, rebalancing: Rebalancing, workspace: Workspace
) -> Floats | None:
    """Return the weight of each image in the random choice, with --rare-color."""
    if not params.data.rare_color:
        return None
    weights = rebalancing.weights
    if weights is None or params.objective.by_lightness:
        path = workspace.input_location(params.objective.weights, WEIGHTS)
        if size_of(path) is None:
            raise InputError(
                f"--rare-color chooses images by rebalancing weights, but {path} is missing; "
                "create it with `colorprep weights`"
            )
        weights = weights_for(dataset.labels.quantizer, path, workspace)
    return dataset.mean_weights(weights)
