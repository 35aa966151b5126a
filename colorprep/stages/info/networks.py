"""What `colorprep info` says of runs, checkpoints, exported networks and evaluations."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from ...report.numbers import quantity
from ...runs import IMPORTED, LOG, best_row, read_config, read_log, row_facts
from .facts import Facts, read_json, without_schema


def of_run(folder: Path) -> Facts:
    """Return what a run trains, and how far it is."""
    config, log = read_config(folder), read_log(folder / LOG)
    if IMPORTED in config:
        return {"what": f"an imported run of {config['model']}", **without_schema(config)}
    n_rows, best = len(log["step"]), best_row(log["val_loss"])
    steps = int(log["step"][-1]) if n_rows else 0
    return {
        "what": f"a training run of {config['model']}",
        "steps_done": f"{steps} of {config.get('total_steps', 'an unknown number')}",
        "best": None if best is None else row_facts(log, best),
        "last": row_facts(log, n_rows - 1) if n_rows else None,
        **without_schema(config),
    }


def of_evaluation(path: Path) -> Facts:
    """Return the figures of an evaluation."""
    content = read_json(path)
    figures = {
        name: value
        for name, value in content.items()
        if isinstance(value, dict) and "n_left_out" in value
    }
    judged = "pictures"
    if "checkpoint" in content:
        judged = f"the network {content['checkpoint'].get('model')}"
    return {
        "what": f"an evaluation of {judged} on {quantity(content.get('n_images', 0), 'image')}",
        "figures": [{"figure": name, **value} for name, value in figures.items()],
        **{key: value for key, value in content.items() if key not in {*figures, "schema"}},
    }


def of_checkpoint(path: Path) -> Facts:
    """Return what a checkpoint is."""
    from ...training.checkpoint import load_checkpoint  # torch is slow to import

    checkpoint = load_checkpoint(path)
    return {
        "what": f"a checkpoint of {checkpoint.config['model']} for {checkpoint.quantizer.name}",
        "n_parameters": checkpoint.n_parameters,
        "outputs": checkpoint.head,
        "fingerprint": checkpoint.quantizer.fingerprint,
        "progress": {name: _finite(value) for name, value in checkpoint.progress.items()},
        **without_schema(checkpoint.config),
    }


def of_safetensors(path: Path) -> Facts:
    """Return what an exported network is."""
    from ...training.export import read_facts  # torch is slow to import

    return of_model(read_facts(path))


def of_model(facts: Facts) -> Facts:
    """Return what the description of an exported network says."""
    return {
        "what": f"a network for other programs, {facts['model']} for {facts['quantizer']['name']}",
        **without_schema(facts),
    }


def _finite(value: Any) -> Any:
    """Return a value, None for NaN and infinity, which JSON lacks."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
