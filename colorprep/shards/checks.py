"""Checks of a shard: its files, its digest, and values that its arrays cannot have."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ArtifactError
from ..images.classes import class_ids, is_beside
from ..images.segments import VOID
from ..places import Location
from ..quantize.labeling import IGNORE
from ..quantize.quantizer import Quantizer
from ..quantize.tables import N_CELLS, cell_bins, occupied_ab_cells
from .plan import Plan
from .reader import ShardReader
from .sidecar import read_sidecar
from .writer import attribute_of

ROWS = 256  # rows that are checked together, to limit memory


def shard_problems(path: Location, copy: Path, plan: Plan, quantizer: Quantizer) -> list[str]:
    """Return what is wrong with a shard.

    Parameters
    ----------
    copy : Path
        Where its .h5 file is on this disk: `path` itself, or a copy of that in a store.
    quantizer : Quantizer
        That of the plan.
    """
    try:
        sidecar = read_sidecar(path)
        shard = ShardReader(copy, quantizer.fingerprint)
    except ArtifactError as error:
        return [str(error).replace(str(copy), str(path))]
    size = copy.stat().st_size
    if size != sidecar.n_bytes:
        return [f"it has {size} bytes, but its sidecar says {sidecar.n_bytes}"]
    with copy.open("rb") as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != sidecar.sha256:
            return ["its digest differs from that in its sidecar: it changed after it was written"]
    if dict(zip(shard.keys, range(len(shard)), strict=True)) != sidecar.rows:
        return ["its keys differ from those in its sidecar"]
    planned = plan.settings.facts()
    settings = {name: attribute_of(value) for name, value in planned.items()}
    problems = [
        f"its {name} is {shard.settings.get(name)!r}, but the plan says {value!r}"
        for name, value in settings.items()
        if shard.settings.get(name) != value
    ]
    return problems or list(array_problems(shard, plan, quantizer))


def array_problems(shard: ShardReader, plan: Plan, quantizer: Quantizer) -> Iterator[str]:
    """Yield what is wrong with the arrays of a shard, each problem once."""
    expected = {"lightness", "ab", "label", "class_id"}
    expected |= {"hc"} if quantizer.space == "hue-chroma" else set()
    expected |= {"topk_index", "topk_weight"} if plan.settings.soft else set()
    expected |= {"rgb"} if plan.settings.keep == "rgb" else set()
    expected |= {"segments"} if plan.settings.segments is not None else set()
    expected |= {"features"} if plan.settings.features is not None else set()
    if expected - set(shard.arrays):
        yield f"it lacks {', '.join(sorted(expected - set(shard.arrays)))}"
        return
    lengths = {name: len(array) for name, array in shard.arrays.items()}
    if set(lengths.values()) != {len(shard)}:
        yield f"its datasets have different numbers of rows: {lengths}"
        return
    if not _class_ids_fit(shard, plan):
        yield "its class ids do not match its keys"
    seen: set[str] = set()
    for start in range(0, len(shard), ROWS):
        rows = {name: array[start : start + ROWS] for name, array in shard.arrays.items()}
        for problem in _row_problems(rows, plan, quantizer):
            if problem not in seen:
                seen.add(problem)
                yield problem


def _class_ids_fit(shard: ShardReader, plan: Plan) -> bool:
    """Return whether the class ids are those of the keys, or valid if the keys have no class."""
    found = shard.arrays["class_id"][:].tolist()
    if is_beside(plan.settings.class_from):
        return all(-1 <= number < len(plan.classes) for number in found)
    return bool(found == class_ids(shard.keys, plan.classes, plan.settings.class_from))


def _row_problems(rows: Mapping[str, Any], plan: Plan, quantizer: Quantizer) -> Iterator[str]:
    n_bins = len(quantizer.centers)
    label = rows["label"]
    if np.any((label >= n_bins) & (label != IGNORE)):
        yield f"a label is neither below {n_bins} nor {IGNORE}"
    cells = (rows["ab"][..., 0].astype(np.intp) + 128) << 8 | (rows["ab"][..., 1] + np.intp(128))
    # Blurred colors may lie between the 8-bit colors.
    blurred = plan.settings.lowpass is not None
    if not blurred or quantizer.space != "ab":
        occupied = np.zeros(N_CELLS, np.bool_)
        occupied[occupied_ab_cells()] = True
        if not occupied[cells].all():
            yield "an ab value is one that no 8-bit color has"
    bins = cell_bins(quantizer)
    if bins is not None and not blurred and np.any((bins[cells] != label) & (label != IGNORE)):
        yield "a label is not the bin of its ab cell"
    n_segments = plan.settings.segments
    if n_segments is not None:
        segments = rows["segments"]
        if np.any((segments >= n_segments) & (segments != VOID)):
            yield f"a segment is neither below {n_segments} nor {VOID}"
    if "features" in rows and not np.isfinite(rows["features"]).all():
        yield "a feature is not a finite number"
    if "topk_index" in rows:
        if np.any(rows["topk_index"] >= n_bins):
            yield f"a soft label names a bin that is not below {n_bins}"
        total = rows["topk_weight"].astype(np.float64).sum(axis=-1)
        if not np.all(np.abs(total - 1.0) < 0.01):
            yield "the weights of a soft label do not sum to 1"
