"""What `colorprep info` says of labels, and of what belongs to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...artifacts import check_schema
from ...places import Location
from ...printable import first_of
from ...report.numbers import quantity
from ...shards.exporting import FACTS as EXPORT
from ...shards.exporting import SCHEMA, shown_files
from ...shards.files import LabelFiles
from ...shards.manifest import MANIFEST, read_manifest
from ...shards.plan import PLAN, Plan, read_plan
from ...shards.reader import ShardReader
from ...storage import read_bytes, size_of
from .facts import Facts, parse_json


def of_folder_of_labels(folder: Location) -> Facts:
    """Return what labels are, finished or not."""
    is_finished = size_of(folder / MANIFEST) is not None
    return of_labels(folder) if is_finished else _of_unfinished_labels(folder)


def of_labels(folder: Location) -> Facts:
    """Return what finished labels are."""
    manifest = read_manifest(folder)
    quantizer = manifest["quantizer"]["name"]
    kind = "shards" if manifest["format"] == "h5" else "one .npy an image"
    return {
        "what": f"labels of {quantity(manifest['n_images'], 'image')} by {quantizer}, {kind}",
        "n_shards": manifest["n_shards"],
        **_of_classes(manifest["classes"]),
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
        "plan": of_plan(plan),
    }


def of_plan(plan: Plan) -> Facts:
    """Return what labels are planned."""
    files = quantity(plan.n_files, "file")
    return {
        "what": f"a plan of labels of {files} by {plan.settings.quantizer}",
        "n_shards": plan.n_shards,
        **_of_classes(plan.classes),
        "shuffle": plan.shuffle,
        "settings": plan.settings.facts(),
        "source": {"digest": plan.digest, "n_files": plan.n_files},
    }


def of_shard(path: Path) -> Facts:
    """Return what a shard holds."""
    shard = ShardReader(path)
    return {
        "what": f"a label shard of {quantity(len(shard), 'image')}",
        "datasets": {
            name: f"{array.dtype} {tuple(array.shape)}" for name, array in shard.arrays.items()
        },
        "settings": shard.settings,
        "first_key": shard.keys[0] if shard.keys else None,
        "last_key": shard.keys[-1] if shard.keys else None,
    }


def of_export(folder: Location) -> Facts:
    """Return what an export of labels holds."""
    path = folder / EXPORT
    facts = parse_json(path, read_bytes(path))
    check_schema(path, str(facts.get("schema")), SCHEMA)
    quantizer, form = facts["quantizer"]["name"], facts["format"]
    images = quantity(facts["n_images"], "image")
    return {
        "what": f"labels of {images} by {quantizer}, exported for {form}",
        "files": shown_files(facts["files"]),
        "arrays": {n: f"{a['dtype']} {tuple(a['shape'])}" for n, a in facts["arrays"].items()},
        **_of_classes(facts["classes"]),
        "settings": facts["settings"],
        "labels_digest": facts["labels_digest"],
    }


def _of_classes(names: Sequence[str]) -> Facts:
    return {"classes": len(names), "names_of_classes": first_of(names) or None}
