"""Writing one shard: an .h5 file of labels and a .json sidecar that accounts for every input.

A shard holds a fixed slice of the ordered keys, less the skipped ones. Its datasets are contiguous
and uncompressed by default, so that readers can map them; its bytes depend on images and settings
alone.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..atomic import write_bytes
from ..images.skip import Skip
from ..quantize.labeling import Labels
from .compression import filter_options
from .sidecar import Sidecar, write_sidecar

SHARD_SCHEMA = "colorprep.shard/1"


def shard_path(folder: Path, number: int) -> Path:
    """Return where a shard is written."""
    return folder / f"shard-{number:05d}.h5"


class ShardWriter:
    """Collects labeled images and writes them as one shard.

    Parameters
    ----------
    path : Path
        Ending in ``.h5``; the sidecar has the same name with ``.json``.
    settings : mapping of str to plain values
        How the labels are made, see `colorprep.shards.plan.Settings`; written as attributes.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        self._path = path
        self._settings = settings
        self._keys: list[str] = []
        self._class_ids: list[int] = []
        self._parts: list[Labels] = []
        self._skipped: list[Skip] = []

    def add(self, keys: Sequence[str], class_ids: Sequence[int], labels: Labels) -> None:
        """Add labeled images.

        Parameters
        ----------
        keys : sequence of str
        class_ids : sequence of int
            -1 for an image without a class.
        labels : dict of str to ndarray
            One row an image, see `colorprep.quantize.labeling`; the same arrays each time.
        """
        self._keys += keys
        self._class_ids += class_ids
        self._parts.append(labels)

    def skip(self, skipped: Sequence[Skip]) -> None:
        """Account for images that could not be labeled."""
        self._skipped += skipped

    def write(self) -> Sidecar:
        """Write the shard, and then the sidecar, which vouches for it.

        Returns
        -------
        Sidecar

        Raises
        ------
        OutputError
            If there is no room, or the folder cannot be written to. Nothing is left behind then.
        """
        # HDF5 cannot be trusted on a full disk; in memory it meets none.
        memory = io.BytesIO()
        with h5py.File(memory, "w") as file:
            self._fill(file)
        data = memory.getbuffer()
        write_bytes(self._path, data)
        sidecar = Sidecar(
            dict(zip(self._keys, range(len(self._keys)), strict=True)),
            sorted(self._skipped),
            len(data),
            hashlib.sha256(data).hexdigest(),
        )
        write_sidecar(self._path, sidecar)
        return sidecar

    def _fill(self, file: h5py.File) -> None:
        file.attrs["schema"] = SHARD_SCHEMA
        for name, value in self._settings.items():
            file.attrs[name] = "none" if value is None else value
        options = filter_options(self._settings.get("compression"))
        for name, first in self._parts[0].items():
            _write_rows(file, name, [part[name] for part in self._parts], first, options)
        longest = max((len(key.encode()) for key in self._keys), default=1)
        text = h5py.string_dtype("utf-8", longest)
        file.create_dataset("key", data=np.array([key.encode() for key in self._keys], text))
        file.create_dataset("class_id", data=np.asarray(self._class_ids, np.int32))


def _write_rows(
    file: h5py.File, name: str, parts: Sequence[Any], first: Any, options: dict[str, Any]
) -> None:
    """Write the rows of all parts as one dataset; compressed ones have a chunk an image."""
    n_images = sum(map(len, parts))
    if options and n_images:
        options = {**options, "chunks": (1, *first.shape[1:])}
    dataset = file.create_dataset(
        name, (n_images, *first.shape[1:]), first.dtype, **(options if n_images else {})
    )
    row = 0
    for part in parts:
        if len(part):
            dataset[row : row + len(part)] = part
        row += len(part)
