"""Shards of labels as tars that webdataset reads.

The members of an image ``n01/x.jpg`` are ``n01/x%2Ejpg.json`` (its key and class),
``n01/x%2Ejpg.cls`` (the number of its class), and for each array one such as
``n01/x%2Ejpg.label.npy``.

webdataset takes the name of a member up to the first dot of its last part as the key of a sample,
and passes over names that begin with a part such as ``__x__``. So these characters are
percent-encoded in keys, as in URLs: `urllib.parse.unquote` turns them back.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .exporting import Rows

ENDING = ".tar"


def write_tar(path: Path, parts: Iterable[Rows]) -> None:
    """Write the rows of a shard as a tar; the same rows give the same bytes."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in (member for rows in parts for member in _members(rows)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def sample_key(key: str) -> str:
    """Return the key that webdataset shall find for an image.

    Examples
    --------
    >>> sample_key("v1.0/a.b.jpg"), sample_key("__x__/100%.png")
    ('v1.0/a%2Eb%2Ejpg', '%5F_x__/100%25%2Epng')
    """
    folder, slash, name = key.replace("%", "%25").rpartition("/")
    escaped = folder + slash + name.replace(".", "%2E")
    return "%5F" + escaped[1:] if escaped.startswith("__") else escaped


def _members(rows: Rows) -> Iterator[tuple[str, bytes]]:
    """Yield the names and bytes of members; those of an image follow each other."""
    for row, key in enumerate(rows.keys):
        stem = sample_key(key)
        facts = {"key": key, "class": rows.classes[row], "class_id": rows.class_ids[row]}
        yield f"{stem}.json", json.dumps(facts, ensure_ascii=False).encode()
        yield f"{stem}.cls", str(rows.class_ids[row]).encode()
        for name, array in rows.arrays.items():
            yield f"{stem}.{name}.npy", _npy(array[row])


def _npy(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()
