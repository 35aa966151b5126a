"""Mistakes in the inputs of `colorprep colorize` that show before torch is loaded."""

from __future__ import annotations

from ...places import is_url
from ...workspace import Workspace
from ..early_checks import check_checkpoint, check_there
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
    check_checkpoint(params.checkpoint, workspace)
    for given in params.inputs:
        if not is_url(given):
            check_there(workspace.input_path(given))
