"""`colorprep info`: what an artifact is, and how it was made."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..artifacts import holds_bare_array, load_arrays, load_prior, load_weights
from ..errors import ArtifactError, ColorprepError, InputError
from ..images.lists import read_list
from ..places import Location, Url
from ..progress import Reporter
from ..report.numbers import quantity
from ..runs import CONFIG, IMPORTED, LOG, best_row, read_config, read_log, row_facts
from ..scorebook import SCHEMA as SCORES_SCHEMA
from ..shards.files import LabelFiles
from ..shards.manifest import MANIFEST, read_manifest
from ..shards.plan import PLAN, Plan, read_plan
from ..shards.reader import ShardReader
from ..storage import local_copy, size_of
from ..workspace import MEMORY, Workspace
from .evaluate.files import FIGURES
from .evaluate.methods_files import METHODS
from .prior_facts import Facts, facts_of_prior, facts_of_vector

EXPORTED = "model.json"  # of `training.export`, whose import would take torch's time


def run(path: str | Path, workspace: Workspace, reporter: Reporter) -> Facts:
    """Describe an artifact.

    Parameters
    ----------
    path : str or Path
        A prior, weights, labels, shard, run, checkpoint, exported network, evaluation, list,
        scores, or a bare .npy.

    Returns
    -------
    dict
        Facts by name, ``what`` first, in a form for JSON.

    Raises
    ------
    ArtifactError
        If it is missing, damaged, or unknown to colorprep.
    """
    target = workspace.input_location(path)
    try:
        return _of_url(target) if isinstance(target, Url) else _described(target)
    except ColorprepError:
        raise
    except (
        LookupError, TypeError, AttributeError, ValueError, RecursionError, csv.Error,
    ) as error:  # fmt: skip
        # Readers check only what their commands need; info shows more.
        raise ArtifactError(
            f"{target} is damaged: an entry is missing or invalid ({error}); create it again"
        ) from error


def _of_url(url: Url) -> Facts:
    """Describe labels in a store, or a copy of a file there."""
    if url.suffix not in _READERS:
        if size_of(url / MANIFEST) is None and size_of(url / PLAN) is None:
            raise ArtifactError(f"{url} is neither a folder of labels nor a file of colorprep")
        return _of_folder_of_labels(url)
    try:
        with local_copy(url) as copy:
            try:
                return _described(copy)
            except ColorprepError as error:
                raise ArtifactError(str(error).replace(str(copy), str(url))) from error
    except FileNotFoundError:
        raise ArtifactError(f"there is no file {url}") from None


def _described(target: Path) -> Facts:
    if not target.exists():
        raise ArtifactError(f"there is no file or folder {target}")
    if target.is_dir():
        return _of_folder(target)
    describe = _READERS.get(target.suffix)
    if target.suffix in (".npy", ".npz"):
        describe = _of_npy if holds_bare_array(target) else _of_npz
    if describe is None:
        raise ArtifactError(
            f"{target} is not an artifact of colorprep; it writes {' '.join(sorted(_READERS))} "
            "files, and folders of labels, runs and evaluations"
        )
    return describe(target)


def _of_folder(folder: Path) -> Facts:
    if (folder / MANIFEST).exists() or (folder / PLAN).exists():
        return _of_folder_of_labels(folder)
    if (folder / CONFIG).exists():
        return _of_run(folder)
    if (folder / EXPORTED).exists():
        return _of_json(folder / EXPORTED)
    if (folder / FIGURES).exists():
        return _of_evaluation(folder / FIGURES)
    if (folder / METHODS).exists():
        return _of_json(folder / METHODS)
    names = sorted(
        entry.name for entry in folder.iterdir() if (entry / MANIFEST).exists() or entry.is_file()
    )
    if (folder / MEMORY).exists() or "prior.npz" in names:
        return {"what": "a workspace", "holds": names}
    raise ArtifactError(f"{folder} is not a folder of labels, a run, an evaluation, or a workspace")


def _of_folder_of_labels(folder: Location) -> Facts:
    is_finished = size_of(folder / MANIFEST) is not None
    return _of_labels(folder) if is_finished else _of_unfinished_labels(folder)


def _of_labels(folder: Location) -> Facts:
    manifest = read_manifest(folder)
    quantizer = manifest["quantizer"]["name"]
    kind = "shards" if manifest["format"] == "h5" else "one .npy an image"
    return {
        "what": f"labels of {manifest['n_images']} images by {quantizer}, {kind}",
        "n_shards": manifest["n_shards"],
        "classes": len(manifest["classes"]),
        "settings": manifest["settings"],
        "skipped": manifest["skipped"],
        "source": {"digest": manifest["digest"], "n_files": manifest["n_files"]},
        "versions": manifest["versions"],
    }


def _of_unfinished_labels(folder: Location) -> Facts:
    plan = read_plan(folder / PLAN)
    n_done = sum(1 for _ in LabelFiles(folder).finished(range(plan.n_shards)))
    return {
        "what": "unfinished labels; the same `colorprep labels` continues them",
        "shards_done": f"{n_done} of {plan.n_shards}",
        "plan": _of_plan(plan),
    }


def _of_plan(plan: Plan) -> Facts:
    return {
        "what": f"a plan of labels of {plan.n_files} files by {plan.settings.quantizer}",
        "n_shards": plan.n_shards,
        "classes": len(plan.classes),
        "shuffle": plan.shuffle,
        "settings": plan.settings.facts(),
        "source": {"digest": plan.digest, "n_files": plan.n_files},
    }


def _of_run(folder: Path) -> Facts:
    config, log = read_config(folder), read_log(folder / LOG)
    if IMPORTED in config:
        return {"what": f"an imported run of {config['model']}", **_without_schema(config)}
    n_rows, best = len(log["step"]), best_row(log["val_loss"])
    steps = int(log["step"][-1]) if n_rows else 0
    return {
        "what": f"a training run of {config['model']}",
        "steps_done": f"{steps} of {config.get('total_steps', 'an unknown number')}",
        "best": None if best is None else row_facts(log, best),
        "last": row_facts(log, n_rows - 1) if n_rows else None,
        **_without_schema(config),
    }


def _without_schema(facts: Facts) -> Facts:
    return {key: value for key, value in facts.items() if key != "schema"}


def _of_evaluation(path: Path) -> Facts:
    content = _read_json(path)
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


def _of_comparison(content: Facts) -> Facts:
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


def _of_npz(path: Path) -> Facts:
    kind = str(load_arrays(path, "")[1].get("schema"))
    if kind.startswith("colorprep.weights"):
        return _of_weights(path)
    if kind.startswith("colorprep.scores"):
        return _of_scores(path)
    return facts_of_prior(load_prior(path))


def _of_weights(path: Path) -> Facts:
    weights, meta = load_weights(path)
    return {
        "what": f"rebalancing weights of the {len(weights.weights)} bins of {meta['quantizer']}",
        **({"levels_of_lightness": len(weights.levels)} if weights.levels else {}),
        **{key: value for key, value in meta.items() if key not in ("schema", "quantizer")},
    }


def _of_scores(path: Path) -> Facts:
    _, meta = load_arrays(path, SCORES_SCHEMA)
    return {
        "what": f"scores of {meta['n_images']} images; the file may be deleted",
        **_without_schema(meta),
    }


def _of_npy(path: Path) -> Facts:
    try:
        array: NDArray[Any] = np.load(path, allow_pickle=False, mmap_mode="r")
    except (ValueError, OSError, EOFError) as error:
        raise ArtifactError(f"{path} cannot be read as an .npy file: {error}") from error
    facts: Facts = {"what": "an array", "shape": list(array.shape), "dtype": str(array.dtype)}
    if array.ndim == 1 and len(array) in (313, 529) and array.dtype.kind in "fiu":
        return {**facts, **facts_of_vector(path, array)}
    if array.ndim == 2 and array.dtype == np.uint16:
        facts["what"] = "a label map"
        facts["bins"] = int(len(np.unique(array)))
    elif array.ndim == 2 and array.shape[1] == 2:
        facts["what"] = "centers of bins"
    elif array.ndim == 2 and array.shape[1] == array.shape[0] + 1:
        facts["what"] = "a matrix of soft targets times weights"
    return facts


def _of_shard(path: Path) -> Facts:
    shard = ShardReader(path)
    return {
        "what": f"a label shard of {len(shard)} images",
        "datasets": {
            name: f"{array.dtype} {tuple(array.shape)}" for name, array in shard.arrays.items()
        },
        "settings": shard.settings,
        "first_key": shard.keys[0] if shard.keys else None,
        "last_key": shard.keys[-1] if shard.keys else None,
    }


def _of_checkpoint(path: Path) -> Facts:
    from ..training.checkpoint import load_checkpoint  # torch is slow to import

    checkpoint = load_checkpoint(path)
    return {
        "what": f"a checkpoint of {checkpoint.config['model']} for {checkpoint.quantizer.name}",
        "n_parameters": checkpoint.n_parameters,
        "outputs": checkpoint.head,
        "fingerprint": checkpoint.quantizer.fingerprint,
        "progress": {name: _finite(value) for name, value in checkpoint.progress.items()},
        **_without_schema(checkpoint.config),
    }


def _of_safetensors(path: Path) -> Facts:
    from ..training.export import read_facts  # torch is slow to import

    return _of_model(read_facts(path))


def _of_model(facts: Facts) -> Facts:
    return {
        "what": f"a network for other programs, {facts['model']} for {facts['quantizer']['name']}",
        **_without_schema(facts),
    }


def _of_list(path: Path) -> Facts:
    try:
        lines = read_list(path)
    except InputError as error:
        raise ArtifactError(str(error)) from error
    return {
        "what": f"a list of {len(lines)} images",
        "different": len(set(lines)),
        "first": lines[0],
        "last": lines[-1],
    }


def _of_csv(path: Path) -> Facts:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    return {"what": f"a table of {max(0, len(rows) - 1)} rows", "columns": rows[0] if rows else []}


def _of_json(path: Path) -> Facts:
    if path.name == MANIFEST:
        return _of_labels(path.parent)
    if path.name == CONFIG:
        return _of_run(path.parent)
    if path.name == PLAN:
        return _of_plan(read_plan(path))
    if path.name == FIGURES:
        return _of_evaluation(path)
    content = _read_json(path)
    if path.name == MEMORY:
        return {"what": "the memory of a workspace", **content}
    if str(content.get("schema")).startswith("colorprep.model/"):
        return _of_model(content)
    if str(content.get("schema")).startswith("colorprep.comparison/"):
        return _of_comparison(content)
    if "inputs" not in content:
        raise ArtifactError(f"{path} is not an artifact of colorprep")
    return {
        "what": f"the sidecar of a shard of {content['n_images']} images",
        **{key: value for key, value in content.items() if key not in ("inputs", "schema")},
    }


def _read_json(path: Path) -> Facts:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ArtifactError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise ArtifactError(f"{path} is not an artifact of colorprep")
    return content


def _finite(value: Any) -> Any:
    """Return a value, None for NaN and infinity, which JSON lacks."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


_READERS: dict[str, Callable[[Path], Facts]] = {
    ".npz": _of_npz,
    ".npy": _of_npy,
    ".h5": _of_shard,
    ".pt": _of_checkpoint,
    ".safetensors": _of_safetensors,
    ".txt": _of_list,
    ".csv": _of_csv,
    ".json": _of_json,
}
