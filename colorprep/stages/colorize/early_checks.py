"""Mistakes in the inputs of `colorprep colorize` that show before torch is loaded."""

from __future__ import annotations

from pathlib import Path

from ...errors import ArtifactError, InputError
from ...places import is_url
from ...progress import Reporter
from ...runs import BEST, newest_in_runs
from ...workspace import Workspace
from ..checkpoints import choose_checkpoint
from .params import ColorizeParams


def check_inputs(params: ColorizeParams, workspace: Workspace) -> None:
    """Refuse photographs on this disk and checkpoints that are missing.

    Raises
    ------
    ArtifactError
        If the given checkpoint is missing.
    InputError
        If there is no run, or a photograph or a folder is missing.
    """
    if params.checkpoint is not None:
        path = choose_checkpoint(params.checkpoint, workspace, Reporter())
        if not path.exists():
            raise ArtifactError(f"there is no checkpoint {path}; train one first")
    else:
        newest_in_runs(BEST, workspace)  # which of several is used is found out later, by torch
    for given in params.inputs:
        if not is_url(given):
            check_there(workspace.input_path(given))


def check_there(place: Path) -> None:
    """Raise InputError if there is no such file or folder."""
    if not place.exists():
        raise InputError(f"there is no file or folder {place}")
