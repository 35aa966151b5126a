"""The folders of training runs: which is the newest, how it was made, and what it has logged.

A log is read while another process writes it, so a last line without its end is left out.
"""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import ArtifactError, InputError
from ..workspace import Workspace

RUNS_NAME = "runs"
CONFIG_NAME = "config.json"
LOG_NAME = "log.csv"
BEST_NAME = "best.pt"

# The columns that are read, and whether a row may leave them empty.
COLUMNS = {
    "epoch": False,
    "step": False,
    "train_loss": False,
    "val_loss": True,
    "learning_rate": False,
    "images_per_second": False,
    "data_wait": True,
}
COUNTS = ("epoch", "step")

Log: TypeAlias = dict[str, NDArray[Any]]


def newest_in_runs(name: str, workspace: Workspace) -> Path:
    """Return the newest file of that name among all runs.

    Raises
    ------
    InputError
        If no run has one.
    """
    runs = workspace.path(RUNS_NAME)
    found = runs.glob(f"*/{name}")
    newest = max(found, key=lambda path: (path.stat().st_mtime_ns, path), default=None)
    if newest is None:
        raise InputError(
            f"no run in {runs} has a {name}; train one with `colorprep train`, or tell where one is"
        )
    return newest


def read_config(folder: Path) -> dict[str, Any]:
    """Return how a run was made.

    Raises
    ------
    ArtifactError
        If there is no such folder, or it is no run's.
    """
    path = folder / CONFIG_NAME
    if not folder.is_dir():
        raise ArtifactError(f"there is no run {folder}; give the folder of a run")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError(f"{folder} is no run: it has no {CONFIG_NAME}") from None
    except ValueError as error:
        raise ArtifactError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(config, dict) or "model" not in config:
        raise ArtifactError(f"{path} does not tell the model of a run")
    return config


def read_log(folder: Path) -> Log:
    """Return what a run has logged so far.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict of str to ndarray of shape (n,)
        By the names of `COLUMNS`, in order of the step: int64 for ``epoch`` and ``step``, float64
        for others, NaN where there is no value. n is 0 where nothing is logged yet.

    Raises
    ------
    ArtifactError
        If the log is damaged.
    """
    path = folder / LOG_NAME
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except UnicodeDecodeError as error:
        raise ArtifactError(f"{path} is damaged: {error}") from error
    header, *lines = list(csv.reader(text[: text.rfind("\n") + 1].splitlines())) or [[]]
    missing = [name for name, optional in COLUMNS.items() if not optional and name not in header]
    if header and missing:
        raise ArtifactError(f"{path}, line 1: there is no column {missing[0]}; is it a run's log?")
    rows = [_row(path, number, header, line) for number, line in enumerate(lines, 2)]
    log: Log = {name: np.array([row[name] for row in rows], np.float64) for name in COLUMNS}
    log |= {name: log[name].astype(np.int64) for name in COUNTS}
    fallen = np.flatnonzero(np.diff(log["step"], prepend=0) <= 0)
    if len(fallen):
        raise ArtifactError(f"{path}, line {fallen[0] + 2}: steps do not rise; is the log damaged?")
    return log


def _row(path: Path, number: int, header: list[str], line: list[str]) -> dict[str, float]:
    """Return the columns of a line, NaN where there is no value."""
    row = dict(zip(header, line, strict=False))
    try:
        values = {
            name: float(row[name] if not optional else row.get(name) or "nan")
            for name, optional in COLUMNS.items()
        }
        broken = [name for name, value in values.items() if not _allowed(name, value)]
    except (ValueError, KeyError):
        broken = list(header)
    if broken or len(line) != len(header):
        raise ArtifactError(
            f"{path}, line {number} is damaged: {','.join(line)!r} where numbers are expected for "
            f"{','.join(header)}"
        )
    return values


def _allowed(name: str, value: float) -> bool:
    if name in COUNTS:
        return value.is_integer()
    return math.isfinite(value) or (COLUMNS[name] and math.isnan(value))


def best_row(log: Log) -> int | None:
    """Return which row has the lowest validation loss, the first of equals; None without any."""
    losses = log["val_loss"]
    return None if np.isnan(losses).all() else int(np.nanargmin(losses))


def row_facts(log: Log, index: int) -> dict[str, int | float | None]:
    """Return a row by its columns, fit for JSON: None where there is no value."""
    row = {name: values[index].item() for name, values in log.items()}
    return {name: None if math.isnan(value) else value for name, value in row.items()}
