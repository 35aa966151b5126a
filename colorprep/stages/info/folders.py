"""What `colorprep info` says of folders that hold several things of one kind."""

from __future__ import annotations

import json
from pathlib import Path

from ...artifacts import load_prior
from ...errors import ArtifactError
from ...images.lists import read_list
from ...marks import read_mark
from ...report.numbers import quantity
from ...runs import CONFIG, IMPORTED, LOG, best_row, read_config, read_log
from ...workspace import PRIOR
from ..checkpoints import run_progress
from .facts import Facts


def holds_runs(folder: Path) -> bool:
    """Return whether runs are in a folder, one in each of its own folders."""
    return next(folder.glob(f"*/{CONFIG}"), None) is not None


def of_runs(folder: Path) -> Facts:
    """Return the runs of a folder, in order of their names."""
    rows = runs_in(folder)
    names = [str(row["run"]) for row in rows]
    progress = {name: run_progress(folder / name) for name in names}
    begun = [name for name, steps in progress.items() if steps and not steps.is_finished]
    run = f"{folder.resolve().name}/{(begun or names)[0]}"
    use = f"`colorprep plot {run}` draws its losses, `colorprep colorize --checkpoint {run} "
    return {
        "what": quantity(len(rows), "run") + " of training",
        "runs": rows,
        "next": f"`colorprep train --resume -o {run}` continues it"
        if begun
        else f"{use}photo.jpg` colors by it",
    }


def runs_in(folder: Path) -> list[Facts]:
    """Return a row for each run; one that is damaged has only its name and the reason."""
    rows = []
    for path in sorted(folder.glob(f"*/{CONFIG}")):
        try:
            rows.append({"run": path.parent.name, **_of_run(path.parent)})
        except ArtifactError as error:
            rows.append({"run": path.parent.name, "damaged": str(error)})
    return rows


def _of_run(folder: Path) -> Facts:
    """Return a run's model, its steps and its lowest validation loss."""
    config = read_config(folder)
    if IMPORTED in config:
        return {"model": config["model"], "imported": config[IMPORTED].get("file")}
    log = read_log(folder / LOG)
    best = best_row(log["val_loss"])
    return {
        "model": config["model"],
        "steps": f"{log['step'].max(initial=0)} of {config.get('total_steps', 'unknown')}",
        "val_loss": None if best is None else float(log["val_loss"][best]),
    }


def holds_priors(folder: Path) -> bool:
    """Return whether priors are in a folder, one in each of its own folders."""
    return next(folder.glob(f"*/{PRIOR}"), None) is not None


def of_priors(folder: Path) -> Facts:
    """Return the class priors, or named priors, of a folder."""
    priors = {path.parent.name: load_prior(path) for path in sorted(folder.glob(f"*/{PRIOR}"))}
    rows = [
        {"prior": name, "images": prior.meta.get("n_images"), "pixels": prior.n_pixels}
        for name, prior in priors.items()
    ]
    return {
        "what": f"{quantity(len(rows), 'prior')}, each of a class or with a name",
        "priors": rows,
        "next": f"`colorprep evaluate --naturalness {folder.resolve().name}` judges pictures by "
        "class priors, and `colorprep report` shows them",
    }


def holds_lists(folder: Path) -> bool:
    """Return whether a folder is colorprep's own, and has lists."""
    return read_mark(folder).whole and next(folder.glob("*.txt"), None) is not None


def of_lists(folder: Path) -> Facts:
    """Return the lists of a folder and their lengths."""
    rows = [
        {"list": path.name, "images": len(read_list(path))} for path in sorted(folder.glob("*.txt"))
    ]
    return {
        "what": quantity(len(rows), "list") + " of images",
        "lists": rows,
        "next": f"--list {folder.resolve().name}/NAME restricts `prior`, `labels`, `train` and "
        "other commands to a list",
    }


def of_pictures(record: Path) -> Facts:
    """Return how many pictures `colorize` made in a folder, from the record there."""
    try:
        lines = record.read_text(encoding="utf-8").splitlines()
        made = {entry["name"]: entry for entry in map(json.loads, lines)}
        photographs = {entry["photograph"] for entry in made.values()}
        networks = {entry["by"] for entry in made.values()}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ArtifactError(f"{record} is damaged ({error}); colorize again") from error
    missing = [name for name in made if not (record.parent / name).exists()]
    return {
        "what": f"{quantity(len(made), 'picture')} that `colorprep colorize` made from "
        f"{quantity(len(photographs), 'photograph')}",
        "networks_and_settings": len(networks),
        "no_longer_there": len(missing),
        "next": "`colorprep evaluate --original ORIGINALS --colorized "
        f"{record.parent.resolve().name}` compares them with their originals",
    }


def of_audit(content: Facts) -> Facts:
    """Return what an audit found."""
    images = quantity(content["n_images"], "image")
    shown = ("reasons", "notes", "errors", "classes", "source", "decoding", "allowed", "versions")
    return {
        "what": f"an audit of {images}: {content['n_kept']} kept, {content['n_dropped']} dropped",
        **{name: content[name] for name in shown if name in content},
        "next": "look at the sheets of what was dropped, then use the rest: "
        "`colorprep prior --list lists/keep.txt`",
    }
