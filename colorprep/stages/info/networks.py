"""What `colorprep info` says of runs, checkpoints, exported networks, and what they were put to."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from ...report.numbers import quantity
from ...runs import IMPORTED, LOG, best_row, read_config, read_log, row_facts
from .facts import Facts, without_schema


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


def of_evaluation(content: Facts) -> Facts:
    """Return the figures of an evaluation."""
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


def of_comparison(content: Facts) -> Facts:
    """Return the means of several methods, metric by metric."""
    methods = content["methods"]
    count, images = len(methods), quantity(content["n_images"], "image")
    means = [
        {"metric": metric}
        | {name: one["metrics"].get(metric, {}).get("mean") for name, one in methods.items()}
        for metric in content["better"]
    ]
    hidden = ("schema", "n_images", "methods", "better", "left_out")
    return {
        "what": f"a comparison of {count} methods on {images}",
        "metrics": means,
        **{key: value for key, value in content.items() if key not in hidden},
        "left_out": len(content["left_out"]),
    }


def of_sweep(content: Facts) -> Facts:
    """Return the PSNR of a network by its number of color hints."""
    model, images = content["checkpoint"]["model"], quantity(content["n_images"], "image")
    hidden = ("schema", "psnr", "n_images")
    return {
        "what": f"a sweep of color hints: the PSNR of {model} on {images} by their number",
        "psnr": content["psnr"],
        **{key: value for key, value in content.items() if key not in hidden},
        "next": "`colorprep colorize photo.jpg --hints photo.csv` colors a photograph by hints",
    }


def of_probes(content: Facts) -> Facts:
    """Return the accuracies of linear probes by run and layer."""
    runs, chance = content["runs"], content["chance"]
    rows = [
        {"run": name, "layer": layer, **probe["accuracy"]}
        for name, run in runs.items()
        for layer, probe in run["layers"].items()
    ]
    hidden = ("schema", "runs", "over_runs")
    return {
        "what": f"linear probes of the layers of {quantity(len(runs), 'run')}: how well they tell "
        f"{quantity(chance['n_classes'], 'class', 'classes')} apart",
        "accuracy": rows,
        **{key: value for key, value in content.items() if key not in hidden},
        "next": "`colorprep probe runs/a runs/b` compares runs that began differently",
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
