"""Choosing the checkpoint for a command, and reporting its run and step.

A run is finished once its log contains its last step. Unless one is given, commands use the newest
finished run; a run that was interrupted, or is still training, is used only if none is finished.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import ArtifactError
from ..progress import Reporter
from ..runs import BEST, IMPORTED, LOG, newest_in_runs, read_config, read_log, runs_with
from ..workspace import Workspace


class Progress(NamedTuple):
    """How far a run has come.

    Attributes
    ----------
    steps : int
        Steps done, as far as they are logged.
    total : int
        Steps in the whole run.
    """

    steps: int
    total: int

    @property
    def is_finished(self) -> bool:
        """Return whether the last step is done."""
        return self.steps >= self.total


class Origin(NamedTuple):
    """Where a checkpoint comes from; unknown facts are None.

    Attributes
    ----------
    path : Path
        The checkpoint.
    run : Path or None
        The folder of its run.
    step, total_steps : int or None
        The step after which it was saved, and the number of steps in the whole run.
    steps_done : int or None
        The number of steps that the run has taken by now.
    finished : bool or None
        Whether the run is finished.
    imported : str or None
        The name of the file that it was imported from, if it was not trained here.
    """

    path: Path
    run: Path | None
    step: int | None
    total_steps: int | None
    steps_done: int | None
    finished: bool | None
    imported: str | None = None

    def text(self, workspace: Workspace) -> str:
        """Return the checkpoint and its step in words, for messages."""
        shown = workspace.shown(self.path)
        if self.imported is not None:
            return f"{shown}, imported from {self.imported}"
        if self.step is None:
            return f"{shown}, of an unknown step"
        total = "" if self.total_steps is None else f" of {self.total_steps}"
        return f"{shown}, step {self.step}{total}"

    def facts(self) -> dict[str, Any]:
        """Return the facts for --json."""
        imported = {} if self.imported is None else {"imported": self.imported}
        return {
            "run": self.run,
            "step": self.step,
            "total_steps": self.total_steps,
            "finished": self.finished,
            **imported,
        }


def choose_checkpoint(
    given: str | Path | None, workspace: Workspace, reporter: Reporter, colors: bool = False
) -> Path:
    """Return the path of the checkpoint to use.

    Parameters
    ----------
    given : str, Path or None
        A checkpoint, or the folder of a run, for its best checkpoint. None for the newest finished
        run, or the newest run if none is finished; if a newer run is not finished, a note says so.
    colors : bool
        Whether only runs that predict colors are of use, not such as those of classes; if there are
        newer ones, a note says so.

    Returns
    -------
    Path
        Of a file that may be missing if it was given.

    Raises
    ------
    InputError
        If there is no run.
    """
    if given is not None:
        path = workspace.input_path(given)
        return path / BEST if path.is_dir() else path
    newest = newest_in_runs(BEST, workspace)
    paths = runs_with(BEST, workspace)
    if colors:
        paths = [path for path in paths if _predicts_colors(path.parent)] or [newest]
        if paths[0] != newest:
            reporter.note(f"{workspace.shown(newest.parent)} is newer, but does not predict colors")
    for path in paths:
        progress = run_progress(path.parent)
        if progress is not None and progress.is_finished:
            if path != paths[0]:
                reporter.note(
                    f"{workspace.shown(paths[0].parent)} is newer, but not known to be finished; "
                    "to use it, give its path"
                )
            return path
    return paths[0]


def _predicts_colors(run: Path) -> bool:
    """Return whether pictures can be made by a run; True if that is unknown."""
    from ..training.checkpoint import heads_of  # torch is slow to import
    from ..training.models.outputs import HEADS

    try:
        head = heads_of(read_config(run))[0]
    except (ArtifactError, LookupError, TypeError):
        return True
    return head not in HEADS or HEADS[head].gives_colors


def run_progress(folder: Path) -> Progress | None:
    """Return the progress of a run; None if unknown, as without a log.

    An imported run has no steps, and is finished.
    """
    try:
        config = read_config(folder)
        total = 0 if IMPORTED in config else config.get("total_steps")
        steps = read_log(folder / LOG)["step"]
    except ArtifactError:
        return None
    if not isinstance(total, int) or not (IMPORTED in config or (folder / LOG).exists()):
        return None
    return Progress(int(steps.max(initial=0)), total)


def origin_of(path: Path, config: Mapping[str, Any], progress: Mapping[str, Any]) -> Origin:
    """Return where a checkpoint comes from.

    Parameters
    ----------
    path : Path
        The checkpoint. The log beside it is used only if the configuration beside it is the same.
    config, progress : mapping
        As in `training.checkpoint.Checkpoint`.
    """
    step, total = progress.get("step"), config.get("total_steps")
    run = path.parent if _is_of_run(config, path.parent) else None
    done = None if run is None else run_progress(run)
    finished = None if done is None else done.is_finished
    if step is not None and step == total:
        finished = True
    imported = config.get(IMPORTED)
    return Origin(
        path,
        run,
        step,
        total,
        None if done is None else done.steps,
        finished,
        None if imported is None else str(imported["file"]),
    )


def report_origin(doing: str, origin: Origin, workspace: Workspace, reporter: Reporter) -> None:
    """Report which checkpoint is used, and warn if its run is not finished.

    Parameters
    ----------
    doing : str
        The action, such as ``coloring by``.
    """
    reporter.note(f"{doing} {origin.text(workspace)}")
    if origin.finished is False:
        reporter.warn(
            f"{workspace.shown(origin.path)} is from a run that is not finished: it has taken "
            f"{origin.steps_done} of {origin.total_steps} steps"
        )


def _is_of_run(config: Mapping[str, Any], folder: Path) -> bool:
    """Return whether a checkpoint comes from the run of a folder, as far as known."""
    try:
        beside = read_config(folder)
    except ArtifactError:
        return False
    own = json.loads(json.dumps(dict(config)))
    return all(own.get(name) == beside.get(name) for name in ("options", "total_steps"))
