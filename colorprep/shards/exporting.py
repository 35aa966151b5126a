"""Labels for other loaders: what an export of shards holds, and its rows.

An export has a file for each shard, and `export.json`, which describes them. It is written before
them, so an export that was interrupted is continued, and never mixed with that of other labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .reader import LabelFolder, ShardReader

SCHEMA = "colorprep.exported-labels/1"
FACTS = "export.json"
_STEM = "labels-"
AT_ONCE = 16 << 20  # bytes of arrays that are read from a shard at once


class Rows(NamedTuple):
    """Some rows of a shard.

    Attributes
    ----------
    keys : list of str
        Of n images.
    classes : list of str or None
        The name of the class of each image; None without one.
    class_ids : list of int
        Their places among all classes; -1 without one.
    arrays : dict of str to ndarray of shape (n, ...)
    """

    keys: list[str]
    classes: list[str | None]
    class_ids: list[int]
    arrays: dict[str, NDArray[Any]]


def described(labels: LabelFolder) -> dict[str, Any]:
    """Return what is needed to read the arrays of an export: shapes and types, and settings."""
    return {
        "schema": SCHEMA,
        "arrays": {
            name: {"shape": list(stored.shape), "dtype": stored.dtype.name}
            for name, stored in labels.rows.items()
            if name != "class_id"
        },
        "classes": labels.manifest["classes"],
        "settings": labels.manifest["settings"],
    }


def export_facts(labels: LabelFolder, format: str, ending: str) -> dict[str, Any]:
    """Return the content of `export.json`."""
    manifest = labels.manifest
    return {
        **described(labels),
        "format": format,
        "n_images": len(labels),
        "labels_digest": manifest["labels_digest"],
        "quantizer": manifest["quantizer"],
        "files": [f"{_STEM}{number:06d}{ending}" for number in range(len(labels.shards))],
    }


def shown_files(names: Sequence[str]) -> str:
    """Return the names of the files of an export as a pattern, as webdataset takes it.

    Examples
    --------
    >>> shown_files(["labels-000000.tar", "labels-000001.tar"])
    'labels-{000000..000001}.tar'
    """
    if len(names) == 1:
        return names[0]
    first, dot, ending = names[0].removeprefix(_STEM).partition(".")
    last = names[-1].removeprefix(_STEM).partition(".")[0]
    return f"{_STEM}{{{first}..{last}}}{dot}{ending}"


def rows_of(shard: ShardReader, classes: list[str]) -> Iterator[Rows]:
    """Yield the rows of a shard in order, so many at once that memory is bounded."""
    arrays = {name: array for name, array in shard.arrays.items() if name != "class_id"}
    n_bytes = sum(int(np.prod(a.shape[1:])) * a.dtype.itemsize for a in arrays.values())
    n_at_once = max(1, AT_ONCE // n_bytes)
    for start in range(0, len(shard), n_at_once):
        some = slice(start, start + n_at_once)
        ids = shard.arrays["class_id"][some].tolist()
        yield Rows(
            shard.keys[some],
            [classes[number] if number >= 0 else None for number in ids],
            ids,
            {name: np.asarray(array[some]) for name, array in arrays.items()},
        )
