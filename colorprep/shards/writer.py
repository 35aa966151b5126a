"""Writing one shard: an .h5 file of labels and a .json sidecar that accounts for every input.

A shard holds a fixed slice of the ordered keys, less the skipped ones. Its datasets are contiguous
and uncompressed by default, so that readers can map them. Its bytes depend on images and settings
alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np

from ..atomic import replacing
from ..images.skip import Skip
from ..places import Location, Place, Url, location_of
from ..quantize.labeling import Labels
from .compression import filter_options
from .layout import Frame, allocate_arrays, pieces
from .sidecar import SHARD_SCHEMA, Sidecar, write_sidecar

L = TypeVar("L", Path, Url, Location)


def shard_path(folder: L, number: int) -> L:
    """Return the path of a shard."""
    return folder / f"shard-{number:05d}.h5"


def attribute_of(value: Any) -> Any:
    """Return a setting as an attribute of a shard: None as ``none``, dictionaries as JSON."""
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True)
    return "none" if value is None else value


class ShardWriter:
    """Collects labeled images and writes them as one shard.

    Parameters
    ----------
    path : str, Path or Url
        Ending in ``.h5``; the sidecar has the same name with ``.json``.
    settings : mapping of str to plain values
        How the labels are made, see `colorprep.shards.plan.Settings`; stored as attributes.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> labels = {"label": np.zeros((2, 8, 8), np.uint16)}
    >>> with TemporaryDirectory() as folder:
    ...     writer = ShardWriter(f"{folder}/shard-00000.h5", {"stride": 4})
    ...     writer.add(["a.jpg", "b.jpg"], [-1, -1], labels)
    ...     writer.write().rows
    {'a.jpg': 0, 'b.jpg': 1}
    """

    def __init__(self, path: Place | Url, settings: Mapping[str, Any]) -> None:
        self._path = location_of(path)
        self._settings = settings
        self._keys: list[str] = []
        self._class_ids: list[int] = []
        self._parts: list[Labels] = []
        self._skipped: list[Skip] = []
        self._digests: dict[str, str | None] = {}

    def add(self, keys: Sequence[str], class_ids: Sequence[int], labels: Labels) -> None:
        """Add labeled images.

        Parameters
        ----------
        class_ids : sequence of int
            -1 for an image without a class.
        labels : dict of str to ndarray
            One row per image, see `colorprep.quantize.labeling`; the same arrays in each call.
        """
        self._keys += keys
        self._class_ids += class_ids
        self._parts.append(labels)

    def skip(self, skipped: Sequence[Skip]) -> None:
        """Record images that could not be labeled."""
        self._skipped += skipped

    def record_digests(self, digests: Mapping[str, str]) -> None:
        """Record the digests of images' bytes, by key."""
        self._digests.update(digests)

    def write(self) -> Sidecar:
        """Write the shard, and after it the sidecar, which shows that the shard is finished.

        Raises
        ------
        OutputError
            If there is no room, or the folder or store cannot be written to; no partial file is
            left.
        """
        arrays = self._parts[0]
        n_images = len(self._keys)
        options = filter_options(self._settings.get("compression"))
        is_mapped = n_images > 0 and not options
        offsets: dict[str, int] = {}
        frame = Frame()
        with h5py.File(frame, "w") as file:
            self._describe(file)
            shapes = {name: ((n_images, *a.shape[1:]), a.dtype) for name, a in arrays.items()}
            if is_mapped:
                offsets = allocate_arrays(file, shapes)
            else:
                for name, (shape, dtype) in shapes.items():
                    parts = [part[name] for part in self._parts]
                    _write_chunks(file, name, shape, dtype, parts, options)
        digest = hashlib.sha256()
        with replacing(self._path) as temporary, temporary.open("wb") as stream:
            for piece in pieces(frame, offsets, self._parts):
                digest.update(piece)
                stream.write(piece)
            stream.flush()
        rows = dict(zip(self._keys, range(n_images), strict=True))
        skipped = sorted(self._skipped)
        sidecar = Sidecar(rows, skipped, frame.size, digest.hexdigest(), self._digests)
        write_sidecar(self._path, sidecar)
        return sidecar

    def _describe(self, file: h5py.File) -> None:
        """Write the small entries: attributes, keys, class ids."""
        file.attrs["schema"] = SHARD_SCHEMA
        for name, value in self._settings.items():
            file.attrs[name] = attribute_of(value)
        longest = max((len(key.encode()) for key in self._keys), default=1)
        text = h5py.string_dtype("utf-8", longest)
        file.create_dataset("key", data=np.array([key.encode() for key in self._keys], text))
        file.create_dataset("class_id", data=np.asarray(self._class_ids, np.int32))


def _write_chunks(
    file: h5py.File,
    name: str,
    shape: tuple[int, ...],
    dtype: Any,
    parts: Sequence[Any],
    options: dict[str, Any],
) -> None:
    """Write an array compressed, one chunk per image; uncompressed if it is empty."""
    if not shape[0]:
        file.create_dataset(name, shape, dtype)
        return
    dataset = file.create_dataset(name, shape, dtype, chunks=(1, *shape[1:]), **options)
    row = 0
    for part in parts:
        dataset[row : row + len(part)] = part
        row += len(part)
