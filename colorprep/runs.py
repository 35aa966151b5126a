"""The folders of training runs: their files, which is the newest, and their configuration and log.

A log may be read while another process writes it, so an incomplete last line is left out.
"""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ArtifactError, InputError
from .workspace import RUNS, Workspace

RUN_SCHEMA = "colorprep.run/1"
CONFIG, LOG, LAST, BEST = "config.json", "log.csv", "last.pt", "best.pt"
# The columns that every log has; it may have any others, all of them figures.
COUNTS = ("epoch", "step", "images")
FIGURES = ("train_loss", "val_loss", "learning_rate", "images_per_second", "data_wait")
NEVER_EMPTY = ("learning_rate", "images_per_second")
MOST_COUNT = 2**63 - 1  # of int64
IMPORTED = "imported"  # the entry of a configuration that says where an imported run is from
# Entries of the configuration of every trained run, and those that older versions may lack.
ALWAYS_THERE = {"model": str, "loss": str, "unit": str, "rebalanced": bool}
MAY_LACK = {"total_steps": int, "options": dict}

Log: TypeAlias = dict[str, NDArray[Any]]


def runs_with(name: str, workspace: Workspace) -> list[Path]:
    """Return the files of this name in all runs, newest first."""
    found = workspace.path(RUNS).glob(f"*/{name}")
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path), reverse=True)


def find_newest(name: str, workspace: Workspace) -> Path | None:
    """Return the newest file of this name in all runs, or None."""
    return next(iter(runs_with(name, workspace)), None)


def newest_in_runs(name: str, workspace: Workspace) -> Path:
    """Return the newest file of this name in all runs.

    Raises
    ------
    InputError
        If no run has one.
    """
    newest = find_newest(name, workspace)
    if newest is None:
        raise InputError(
            f"no run in {workspace.path(RUNS)} has a {name}; train one with `colorprep "
            "train`, or give the path of one"
        )
    return newest


def read_config(folder: Path) -> dict[str, Any]:
    """Return the configuration of a run.

    Raises
    ------
    ArtifactError
        If the folder is missing or not a run, or the file is damaged.
    """
    path = folder / CONFIG
    if not folder.is_dir():
        raise ArtifactError(f"there is no run {folder}; give the folder of a run")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError(f"{folder} is not a run: it has no {CONFIG}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ArtifactError(
            f"{path} cannot be read as JSON ({error}); restore it, or train anew"
        ) from error
    whole = isinstance(config, dict)
    imported = whole and isinstance(config.get(IMPORTED), dict)
    kinds = ({"model": str} if imported else ALWAYS_THERE) | {
        name: kind for name, kind in MAY_LACK.items() if whole and name in config
    }
    for name, kind in kinds.items():
        if not whole or not isinstance(config.get(name), kind):
            raise ArtifactError(
                f"{path} lacks the {name} of the run; it is damaged, or from an older version: "
                "restore it, or train anew"
            )
    tau = config.get("options", {}).get("logit_adjust", 0.0)
    if not isinstance(tau, int | float):
        raise ArtifactError(f"{path} is damaged: its logit_adjust is {tau!r}, not a number")
    return dict(config)


def loss_text(config: dict[str, Any]) -> str:
    """Describe the loss of a run, and its treatment of rare colors."""
    tau = config.get("options", {}).get("logit_adjust", 0.0)
    rebalanced = ", rebalanced" if config["rebalanced"] else ""
    return f"{config['loss']}{rebalanced}{f', logits adjusted by {tau:g}' if tau else ''}"


def read_log(path: Path) -> Log:
    """Return the columns of a log, up to its last complete row.

    Returns
    -------
    dict of str to ndarray of shape (n,)
        `COUNTS` int64; all other columns float64, with NaN for missing values, in the order of the
        file. n is 0 if nothing is logged yet.

    Raises
    ------
    ArtifactError
        If it is damaged, or not a log of colorprep.
    """
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        header, *lines = list(csv.reader(text[: text.rfind("\n") + 1].splitlines())) or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ArtifactError(f"{path} is damaged: {error}") from error
    missing = [name for name in (*COUNTS, *FIGURES) if name not in header]
    if header and missing:
        raise ArtifactError(f"{path}, line 1: column {missing[0]} is missing; is it a run's log?")
    rows = [_row(path, number, header, line) for number, line in enumerate(lines, 2)]
    log: Log = {name: np.array([row[name] for row in rows], np.int64) for name in COUNTS}
    for name in header or FIGURES:
        if name not in COUNTS:
            log[name] = np.array([row[name] for row in rows], np.float64)
    fallen = np.flatnonzero(np.diff(log["step"], prepend=0) <= 0)
    if len(fallen):
        raise ArtifactError(
            f"{path}, line {fallen[0] + 2}: steps do not increase; is the log damaged?"
        )
    return log


def _row(path: Path, number: int, header: list[str], line: list[str]) -> dict[str, float]:
    """Return the values of a line by column, NaN for empty ones."""
    try:
        texts = dict(zip(header, line, strict=True))
        row = {
            name: int(text) if name in COUNTS else float(text or "nan")
            for name, text in texts.items()
        }
        whole = not any(map(math.isinf, row.values()))
        whole = whole and all(math.isfinite(row[name]) for name in NEVER_EMPTY)
        whole = whole and all(0 <= row[name] <= MOST_COUNT for name in COUNTS)
    except (ValueError, OverflowError):
        whole = False
    if not whole:
        raise ArtifactError(
            f"{path}, line {number} is damaged: {','.join(line)!r} where numbers are expected for "
            f"{','.join(header)}"
        )
    return row


def best_row(val_losses: ArrayLike) -> int | None:
    """Return which row has the lowest validation loss, the first of equals; None without any."""
    losses = np.asarray(val_losses, np.float64)
    return None if np.isnan(losses).all() else int(np.nanargmin(losses))


def row_facts(log: Log, index: int) -> dict[str, int | float | None]:
    """Return a row by its columns, in a form for JSON: None for missing values.

    Columns that are empty throughout are omitted, except `FIGURES`.
    """
    row = {
        name: values[index].item()
        for name, values in log.items()
        if name in (*COUNTS, *FIGURES) or np.isfinite(values).any()
    }
    return {name: None if math.isnan(value) else value for name, value in row.items()}
