"""Mistakes in the inputs of a training that show before torch is loaded, which takes seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...places import Location
from ...progress import Reporter
from ...runs import BEST
from ...shards.reader import open_labels
from ...training.choices import PACKAGED_VGG
from ...workspace import LABELS, Workspace
from ..early_checks import check_labels
from .params import TrainParams, resumed
from .recipe import check_recipe, labels_of_recipe
from .resuming import options_to_resume, run_to_resume
from .selection import split_labels


def check_inputs(params: TrainParams, workspace: Workspace, given: Mapping[str, Any]) -> None:
    """Refuse labels on this disk that are not finished, missing files, and a run's other options.

    What is in a store is left to the training, which asks for it once.

    Parameters
    ----------
    given : mapping of str to object
        The options that were given explicitly, by name; the others are those of a resumed run.

    Raises
    ------
    ArtifactError
        If the labels, or the configuration of a resumed run, are missing or damaged.
    UrlGiven
        If the output is in a store.
    InputError
        If a list, a folder to hold out, weights, a prior or a checkpoint is missing; if an option
        differs that a resumed run must keep.
    """
    if params.output is not None:
        workspace.path(params.output)
    run = run_to_resume(params, workspace)
    if run is not None:
        params = resumed(options_to_resume(run), given)
    with labels_of_recipe(params.network.recipe):
        check_labels(params.data.shards, workspace)
    folder = workspace.input_location(params.data.shards, LABELS)
    begins_with = None if run is not None else params.network.init
    for path in (*_files(params, workspace), *_weights(begins_with, workspace)):
        if isinstance(path, Path) and not path.exists():
            raise InputError(f"there is no file {path}; check the path, or make it first")
    _check_held_out(params, folder, workspace)


def _files(params: TrainParams, workspace: Workspace) -> Iterator[Location]:
    """Yield the files that a training reads, new or resumed."""
    lists = (params.data.list, *(list_ for list_, _ in params.data.curriculum))
    for given in (*lists, params.objective.weights, params.objective.prior):
        if given is not None:
            yield workspace.input_location(given)


def _weights(init: str | Path | None, workspace: Workspace) -> Iterator[Location]:
    """Yield the file of weights that a new training begins with."""
    if init is not None and str(init) != PACKAGED_VGG:
        path = workspace.input_path(init)
        yield path / BEST if path.is_dir() else path


def _check_held_out(params: TrainParams, labels: Location, workspace: Workspace) -> None:
    """Refuse what is neither a fraction, nor a list, nor a folder of the labels' images."""
    held_out, recipe = params.data.held_out, params.network.recipe
    if isinstance(held_out, float | int) or not isinstance(labels, Path):
        return
    path = workspace.input_location(held_out)
    if isinstance(path, Path) and (str(held_out).endswith("/") or not path.exists()):
        opened = open_labels(labels)
        with labels_of_recipe(recipe):
            check_recipe(recipe, opened)  # other labels than the recipe's are the larger mistake
        split_labels(opened, held_out, workspace, Reporter())
