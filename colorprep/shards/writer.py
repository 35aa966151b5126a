"""Writing one shard: an .h5 file of labels and a .json sidecar that accounts for every input.

A shard holds a fixed slice of the ordered keys, less the skipped ones. Its datasets are contiguous
and uncompressed, so that readers can map them; its bytes depend on images and settings alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..atomic import replacing, write_json
from ..images.skip import Skip
from ..quantize.labeling import LabeledImages

SHARD_SCHEMA = "colorprep.shard/1"


def shard_path(folder: Path, number: int) -> Path:
    """Return where a shard is written."""
    return folder / f"shard-{number:05d}.h5"


def write_shard(
    path: Path,
    keys: Sequence[str],
    class_ids: Sequence[int],
    parts: Sequence[LabeledImages],
    skipped: Sequence[Skip],
    settings: dict[str, Any],
) -> int:
    """Write a shard and its sidecar.

    Parameters
    ----------
    path : Path
        Ending in ``.h5``; the sidecar has the same name with ``.json`` and is written after it.
    keys : sequence of str
        One for each labeled image, in order.
    class_ids : sequence of int
    parts : sequence of LabeledImages
        The labels of all keys, in their order, in one or more parts.
    skipped : sequence of Skip
        The other images of the slice.
    settings : dict
        Plain values, written as attributes: how the labels were made.

    Returns
    -------
    int
        The size of the .h5 file in bytes.
    """
    with replacing(path) as temporary:
        with h5py.File(temporary, "w") as file:
            file.attrs["schema"] = SHARD_SCHEMA
            for name, value in settings.items():
                file.attrs[name] = value
            _write_labels(file, parts)
            longest = max((len(key.encode()) for key in keys), default=1)
            text = h5py.string_dtype("utf-8", longest)
            file.create_dataset("key", data=np.array([key.encode() for key in keys], text))
            file.create_dataset("class_id", data=np.asarray(class_ids, np.int32))
        with temporary.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        size = temporary.stat().st_size
    rows: dict[str, Any] = {key: row for row, key in enumerate(keys)}
    rows.update({skip.key: f"{skip.reason}: {skip.detail}" for skip in skipped})
    sidecar = {
        "schema": SHARD_SCHEMA,
        "n_images": len(keys),
        "n_skipped": len(skipped),
        "sha256": digest,
        "bytes": size,
        "inputs": {key: rows[key] for key in sorted(rows)},
    }
    write_json(path.with_suffix(".json"), sidecar)
    return size


def _write_labels(file: h5py.File, parts: Sequence[LabeledImages]) -> None:
    n_images = sum(len(part.label) for part in parts)
    for name, first in parts[0]._asdict().items():
        if first is None:
            continue
        dataset = file.create_dataset(name, (n_images, *first.shape[1:]), first.dtype)
        row = 0
        for part in parts:
            array = getattr(part, name)
            if len(array):
                dataset[row : row + len(array)] = array
            row += len(array)
