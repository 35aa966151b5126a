"""Opening folders of shards, on this disk or in an object store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import ArtifactError, InputError
from ..places import Location, Url, location_of
from ..quantize.quantizer import Quantizer
from ..storage import read_each
from .cache import CACHE, GIGABYTE, RemoteFile, ShardCache, cache_folder
from .manifest import MANIFEST, read_manifest
from .plan import Settings, plan_quantizer, read_plan
from .remote import RemoteShards
from .shard import REMEDY
from .shard import ShardReader as ShardReader
from .sidecar import parse_sidecar, sidecar_path
from .writer import shard_path


class RowStored(NamedTuple):
    """Shape and type of a row of an array: what a shard holds of an image."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


@dataclass(frozen=True, eq=False)
class LabelFolder:
    """A finished folder of shards; see `make_labels` for an example.

    Attributes
    ----------
    shards : sequence of ShardReader
        Those in a store are downloaded when they are taken out of the sequence.
    keys_of_shards : list of list of str
        The keys of the images of each shard, in order of its rows.
    rows : dict of str to RowStored
        The arrays that all shards hold.
    """

    path: Location
    manifest: dict[str, Any]
    quantizer: Quantizer
    shards: Sequence[ShardReader]
    keys_of_shards: list[list[str]]
    rows: dict[str, RowStored]

    def __len__(self) -> int:
        """Return the number of images."""
        return sum(map(len, self.keys_of_shards))

    def __repr__(self) -> str:
        size = f"{len(self):,} images, shards: {len(self.shards)}"
        return f"LabelFolder({self.path.name}, {self.quantizer.name}, {size})"

    @property
    def keys(self) -> list[str]:
        """The keys of all images, in order of the shards and their rows."""
        return list(chain.from_iterable(self.keys_of_shards))

    def place_of(self, number: int) -> Location:
        """Return where a shard is."""
        return shard_path(self.path, number)


def open_labels(folder: str | Path | Url, cache: float = CACHE) -> LabelFolder:
    """Open a folder of shards, as `colorprep labels` writes them; see `make_labels` for an example.

    Parameters
    ----------
    folder : str, Path or Url
        May be a URL, such as ``s3://bucket/labels``. Its shards are then copied to
        ``colorprep/labels`` in ``$XDG_CACHE_HOME`` when they are used.
    cache : float
        Size of these copies in gigabytes. If it is exceeded, the copies that were used longest ago
        are removed.

    Raises
    ------
    ArtifactError
        If the folder is not finished or holds no shards, or a shard is missing, damaged or newer.
    InputError
        If the cache is smaller than a shard; if a store denies access or does not answer.

    Examples
    --------
    After ``colorprep labels -o labels``, these are the bins of the first eight images::

        shards = open_labels("labels").shards
        bins = shards[0].arrays["label"][:8]
    """
    place = location_of(folder)
    manifest = read_manifest(place)
    if manifest.get("format") != "h5":
        raise ArtifactError(
            f"{place} holds one .npy per image; training reads shards: make them with "
            "`colorprep labels --format h5`"
        )
    plan = read_plan(place / MANIFEST)
    quantizer = plan_quantizer(plan, place / MANIFEST)
    rows = rows_of(plan.settings, quantizer)
    if isinstance(place, Url):
        shards, keys = _remote_shards(place, manifest, quantizer, rows, cache)
        return LabelFolder(place, manifest, quantizer, shards, keys, rows)
    here = [
        _open_shard(shard_path(place, number), quantizer, rows)
        for number in range(manifest["n_shards"])
    ]
    return LabelFolder(place, manifest, quantizer, here, [shard.keys for shard in here], rows)


def rows_of(settings: Settings, quantizer: Quantizer) -> dict[str, RowStored]:
    """Return the arrays that shards hold, by the settings of their labels."""
    size, n_soft, features = settings.size, settings.soft, settings.features
    assert isinstance(size, int)  # as `read_plan` ensures
    side = -(-size // settings.stride)
    full, strided = (size, size), (side, side)
    present: dict[str, tuple[bool, tuple[int, ...], str]] = {
        "lightness": (True, full, "uint8"),
        "ab": (True, (*strided, 2), "int8"),
        "label": (True, strided, "uint16"),
        "hc": (quantizer.space == "hue-chroma", (*strided, 2), "uint8"),
        "topk_index": (n_soft > 0, (*strided, n_soft), "uint16"),
        "topk_weight": (n_soft > 0, (*strided, n_soft), "float16"),
        "rgb": (settings.keep == "rgb", (*full, 3), "uint8"),
        "segments": (settings.segments is not None, strided, "uint8"),
        "features": (features is not None, ((features or {}).get("length", 0),), "float16"),
        "class_id": (True, (), "int32"),
    }
    return {
        name: RowStored(shape, np.dtype(dtype))
        for name, (is_present, shape, dtype) in present.items()
        if is_present
    }


def _open_shard(path: Path, quantizer: Quantizer, rows: dict[str, RowStored]) -> ShardReader:
    """Open a shard, and check that it holds the arrays that its plan requires."""
    shard = ShardReader(path, quantizer.fingerprint)
    for name, (shape, dtype) in rows.items():
        found = shard.stored.get(name)
        expected = (len(shard), *shape)
        if found is None or found.shape != expected or found.dtype != dtype:
            what = "missing" if found is None else f"{found.dtype} {found.shape}"
            raise ArtifactError(
                f"the shard {path} is damaged: its {name} is {what}, but {dtype} {expected} "
                f"is expected; {REMEDY}"
            )
    if others := sorted(shard.stored.keys() - rows.keys()):
        raise ArtifactError(
            f"the shard {path} has other arrays than its manifest says ({', '.join(others)}); "
            f"{REMEDY}"
        )
    return shard


def _remote_shards(
    folder: Url,
    manifest: dict[str, Any],
    quantizer: Quantizer,
    rows: dict[str, RowStored],
    cache: float,
) -> tuple[RemoteShards, list[list[str]]]:
    """Return the shards of a store, and the keys of each; only sidecars are read."""
    n_bytes = int(cache * GIGABYTE)
    places = [shard_path(folder, number) for number in range(manifest["n_shards"])]
    contents = read_each(map(sidecar_path, places))
    files: list[RemoteFile] = []
    keys: list[list[str]] = []
    for place, content in zip(places, contents, strict=True):
        file, keys_there = _described(place, content)
        if file.n_bytes > n_bytes:  # said at the first one, since there may be thousands
            raise InputError(
                f"the shard {place} has {file.n_bytes / 1e6:,.2f} MB, more than the cache of "
                f"{n_bytes / 1e6:,.2f} MB; give a larger --cache, or make smaller shards"
            )
        files.append(file)
        keys.append(keys_there)
    name = hashlib.sha256(json.dumps(manifest).encode()).hexdigest()[:32]
    root = cache_folder()
    open_shard = partial(_open_copy, keys, quantizer, rows)
    shards = RemoteShards(root / name, files, ShardCache(root, n_bytes), open_shard)
    return shards, keys


def _open_copy(
    keys: Sequence[list[str]],
    quantizer: Quantizer,
    rows: dict[str, RowStored],
    path: Path,
    number: int,
) -> ShardReader:
    """Open a copy of a shard of a store, and check that its images are those of its sidecar."""
    shard = _open_shard(path, quantizer, rows)
    if shard.keys != keys[number]:
        raise ArtifactError(
            f"the images of the shard {path} are not those of its sidecar; {REMEDY}"
        )
    shard.keys = keys[number]  # kept once
    return shard


def _described(place: Url, content: bytes | None) -> tuple[RemoteFile, list[str]]:
    """Return a shard, and its keys in order of its rows, as its sidecar describes it."""
    if content is None:
        raise ArtifactError(f"the shard {place} has no sidecar; {REMEDY}")
    sidecar = parse_sidecar(sidecar_path(place), content)
    keys = sorted(sidecar.rows, key=sidecar.rows.__getitem__)
    return RemoteFile(place, sidecar.n_bytes, sidecar.sha256), keys
