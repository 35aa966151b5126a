"""Missing inputs that show before torch or matplotlib is loaded, which takes seconds."""

from __future__ import annotations

from pathlib import Path

from ..artifacts import load_prior
from ..errors import ArtifactError, InputError
from ..images.patterns import matches
from ..places import each_place, is_url
from ..progress import Reporter
from ..runs import BEST, newest_in_runs
from ..shards.manifest import read_manifest
from ..workspace import LABELS, PRIOR, Workspace
from .checkpoints import choose_checkpoint
from .source import ImageParams, read_given_list


def check_checkpoint(given: str | Path | None, workspace: Workspace) -> None:
    """Refuse a checkpoint that is missing.

    Raises
    ------
    ArtifactError
        If the given one is missing.
    InputError
        If none is given, and no run has one.
    """
    if given is None:
        newest_in_runs(BEST, workspace)  # which of several is used is found out later, by torch
        return
    path = choose_checkpoint(given, workspace, Reporter())
    if not path.exists():
        raise ArtifactError(f"there is no checkpoint {path}; train one first")


def check_images(images: ImageParams, workspace: Workspace) -> None:
    """Refuse a given folder, archive or list on this disk that is missing: an InputError."""
    if images.list is not None:
        read_given_list(images.list, workspace)
    if images.folder is None:
        return
    for place in each_place(workspace.input_places(images.folder)):
        for match in () if is_url(place) else matches(place):
            if not Path(match).exists():
                raise InputError(f"there is no folder or archive {match}; give one that exists")


def check_labels(given: str | Path | None, workspace: Workspace) -> None:
    """Refuse labels on this disk that are missing, damaged or not finished: an ArtifactError."""
    folder = workspace.input_location(given, LABELS)
    if isinstance(folder, Path):
        read_manifest(folder)


def check_prior(given: str | Path | None, workspace: Workspace) -> None:
    """Refuse a prior on this disk that is missing: an ArtifactError."""
    path = workspace.input_location(given, PRIOR)
    if isinstance(path, Path) and not path.exists():
        load_prior(path)  # whose message says what to do


def check_weights(given: str | Path, workspace: Workspace) -> None:
    """Refuse a file of weights that is missing: an ArtifactError."""
    path = workspace.input_path(given)
    if not path.is_file():
        raise ArtifactError(f"there is no file {path}; give a .pth, .pt or .safetensors file")


def check_there(place: Path) -> None:
    """Raise InputError if there is no such file or folder."""
    if not place.exists():
        raise InputError(f"there is no file or folder {place}")
