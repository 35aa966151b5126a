"""Mistakes in the inputs of a training that show before torch is loaded, which takes seconds."""

from __future__ import annotations

from pathlib import Path

from ...errors import InputError
from ...shards.manifest import read_manifest
from ...workspace import LABELS, Workspace
from .params import TrainParams
from .recipe import labels_of_recipe


def check_inputs(params: TrainParams, workspace: Workspace) -> None:
    """Refuse labels on this disk that are not finished, and missing files.

    What is in a store is left to the training, which asks for it once.

    Raises
    ------
    ArtifactError
        If the labels are missing or damaged.
    UrlGiven
        If the output is in a store.
    InputError
        If a list, weights or a prior is missing.
    """
    if params.output is not None:
        workspace.path(params.output)
    with labels_of_recipe(params.network.recipe):
        folder = workspace.input_location(params.data.shards, LABELS)
        if isinstance(folder, Path):
            read_manifest(folder)
    for given in (params.data.list, params.objective.weights, params.objective.prior):
        path = workspace.input_location(given) if given is not None else None
        if isinstance(path, Path) and not path.exists():
            raise InputError(f"there is no file {path}; check the path, or make it first")
