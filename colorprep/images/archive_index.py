"""Indexes of archives, kept so that the next command need not make them again.

An index says what an archive holds. It is a cache, not an artifact: it is used only if the size and
the stamp of the archive are still the same, and deleting it costs nothing but time.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ..atomic import make_own_folder, replacing
from ..errors import OutputError, OutputExists
from ..places import is_url
from .members import Members
from .ranges import RangedFile
from .skip import Skip
from .source import Search
from .volumes import Contents, read_contents

SCHEMA = "colorprep.archive-index/1"


def kept_contents(file: RangedFile, search: Search) -> Contents:
    """Return what an archive holds, by the index kept of it, or else by reading the archive."""
    column = search.image_column
    if search.index is None or not file.changed:
        return read_contents(file, column)
    path = search.index / f"{_name(file.shown)}.npz"
    state = [SCHEMA, file.size, file.changed, *([] if column is None else [column])]
    contents = _load(path, state)
    if contents is None:
        contents = read_contents(file, column)
        with suppress(OutputError, OutputExists):  # as on a full disk, where a list may still fit
            make_own_folder(search.index)
            _save(path, state, contents)
    return contents


def _name(shown: str) -> str:
    """Return the name of the index of an archive; the same after the archive has changed."""
    place = shown if is_url(shown) else str(Path(shown).absolute())
    return hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _save(path: Path, state: list[Any], contents: Contents) -> None:
    kind, members = contents
    keys = [key.encode("utf-8", "surrogateescape") for key in members.files]
    meta = {
        "state": state,
        "kind": kind,
        "links": members.links,
        "refused": members.refused,
        "passed_over": members.passed_over,
        "replaced": members.replaced,
        "notes": members.notes,
    }
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(
            stream,
            meta=np.array(json.dumps(meta)),
            keys=np.frombuffer(b"".join(keys), np.uint8),
            ends=np.cumsum([0, *map(len, keys)], dtype=np.int64),
            places=np.array(list(members.files.values()), np.int64),
        )


def _load(path: Path, state: list[Any]) -> Contents | None:
    """Return the index of an archive, or None if it is missing, damaged or out of date."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            meta = json.loads(arrays["meta"].item())
            if meta["state"] != state:
                return None
            blob, ends = arrays["keys"].tobytes(), arrays["ends"].tolist()
            places = map(tuple, arrays["places"].tolist())
        keys = (blob[a:b].decode("utf-8", "surrogateescape") for a, b in pairwise(ends))
        members = Members(
            dict(zip(keys, places, strict=True)),
            meta["links"],
            {key: Skip(*skip) for key, skip in meta["refused"].items()},
            Counter(meta["passed_over"]),
            meta["replaced"],
            meta["notes"],
        )
        return Contents(meta["kind"], members)
    except Exception:  # numpy raises many kinds for damaged files, and reading the archive helps
        return None
