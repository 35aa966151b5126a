"""Which run is resumed, and with which options; without torch, so that mistakes show at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import ArtifactError, InputError
from ...runs import CONFIG, LAST, MAY_LACK, find_newest, read_config
from ...workspace import Workspace
from .params import TrainParams, from_plain


def newest_begun(workspace: Workspace) -> Path | None:
    """Return the folder of the run that was written last, or None."""
    newest = find_newest(LAST, workspace)
    return None if newest is None else newest.parent


def run_to_resume(params: TrainParams, workspace: Workspace) -> Path | None:
    """Return the folder of the run that is resumed, None if a new one begins."""
    if not params.resume:
        return None
    path = workspace.path(params.output) if params.output else newest_begun(workspace)
    return path if path is not None and (path / LAST).exists() else None


def config_to_resume(run: Path) -> dict[str, Any]:
    """Return the configuration of a run.

    Raises
    ------
    ArtifactError
        If it cannot be read, or is from a version whose runs cannot be resumed.
    """
    config = read_config(run)
    for name in MAY_LACK:
        if name not in config:
            raise ArtifactError(
                f"{run / CONFIG} lacks the {name} of the run, so it cannot be resumed; restore the "
                "file, or train anew without --resume"
            )
    return config


def options_to_resume(run: Path) -> TrainParams:
    """Return the parameters of a run.

    Raises
    ------
    ArtifactError
        If the configuration is damaged.
    """
    config = config_to_resume(run)
    try:
        return from_plain(config["options"])
    except (InputError, LookupError, TypeError, AttributeError, ValueError) as error:
        raise ArtifactError(
            f"{run / CONFIG} is damaged: its options cannot be used ({error}); restore it, or "
            "train anew without --resume"
        ) from error
