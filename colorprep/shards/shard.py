"""Reading a shard: its arrays are mapped into memory, not copied."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..artifacts import check_schema
from ..errors import ArtifactError
from .compression import load_filters
from .sidecar import SHARD_SCHEMA

IMAGE_DATASETS = (
    "lightness",
    "ab",
    "label",
    "hc",
    "topk_index",
    "topk_weight",
    "rgb",
    "segments",
    "features",
)


@dataclass(frozen=True)
class StoredArray:
    """Shape, type and place of an array in the file of a shard.

    Attributes
    ----------
    shape : tuple of int
        N rows first.
    offset : int or None
        Where its bytes begin, row after row; None if it is compressed or has no rows.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int | None

    @property
    def end(self) -> int:
        """Where its bytes end; 0 if `offset` is None."""
        return 0 if self.offset is None else self.offset + prod(self.shape) * self.dtype.itemsize


class ShardReader:
    """One shard: arrays are mapped on first use, and slices of them are not copied.

    Parameters
    ----------
    path : str or Path
    fingerprint : str or None
        The fingerprint that its quantizer must have; None accepts any.

    Attributes
    ----------
    settings : dict of str to plain values
        How the labels were made.
    stored : dict of str to StoredArray
        Datasets of N rows each: ``lightness``, ``ab``, ``label``, ``class_id``, and those that
        the quantizer or an option adds.

    Raises
    ------
    ArtifactError
        If it is missing, damaged, newer than this version, or of another quantizer.

    Notes
    -----
    A reader holds no file open until its arrays are used, so that a folder may have more shards
    than a process may open files. It can be forked and pickled.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from colorprep import ShardWriter
    >>> with TemporaryDirectory() as folder:
    ...     writer = ShardWriter(f"{folder}/shard-00000.h5", {})
    ...     writer.add(["a.jpg"], [-1], {"label": np.full((1, 2, 2), 120, np.uint16)})
    ...     sidecar = writer.write()
    ...     shard = ShardReader(f"{folder}/shard-00000.h5")
    ...     shard.keys, shard.arrays["label"][0].tolist()
    (['a.jpg'], [[120, 120], [120, 120]])
    """

    def __init__(self, path: str | Path, fingerprint: str | None = None) -> None:
        path = Path(path)
        load_filters()
        try:
            with h5py.File(path, "r", locking=False) as file:
                settings = {name: _plain(value) for name, value in file.attrs.items()}
                check_schema(path, str(settings.pop("schema")), SHARD_SCHEMA)
                names = [name for name in (*IMAGE_DATASETS, "class_id") if name in file]
                self.keys = [key.decode() for key in file["key"][:]]
                self.stored = {name: _stored(path, file[name]) for name in names}
        except FileNotFoundError:
            raise ArtifactError(f"the shard {path} is missing; {REMEDY}") from None
        except (
            OSError, LookupError, ValueError, TypeError, AttributeError, RuntimeError, MemoryError,
        ) as error:  # fmt: skip
            raise ArtifactError(f"the shard {path} is damaged ({error}); {REMEDY}") from error
        if fingerprint is not None and settings.get("fingerprint") != fingerprint:
            raise ArtifactError(f"the shard {path} is of another quantizer than its manifest says")
        self.path = path
        self.settings = settings

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.keys)

    def __repr__(self) -> str:
        return f"ShardReader({self.path.name}, {len(self):,} images)"

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the mapped arrays, which would be copied."""
        return {name: value for name, value in vars(self).items() if name != "arrays"}

    @cached_property
    def mapped_size(self) -> int:
        """Number of bytes of the file up to the end of its last mappable array."""
        return max(stored.end for stored in self.stored.values())

    @cached_property
    def arrays(self) -> dict[str, NDArray[Any] | CompressedArray]:
        """The datasets by name: mapped into memory, or read row by row if compressed."""
        return {name: self._open(name, stored) for name, stored in self.stored.items()}

    def _open(self, name: str, stored: StoredArray) -> NDArray[Any] | CompressedArray:
        if not stored.shape[0]:
            return np.empty(stored.shape, stored.dtype)
        if stored.offset is None:
            return CompressedArray(self.path, name, stored)
        return np.memmap(self.path, stored.dtype, "r", stored.offset, stored.shape)


REMEDY = "run the same `colorprep labels` again, or `colorprep verify --repair`"


class CompressedArray:
    """A compressed dataset, read and decompressed row by row; safe to fork and to pickle."""

    def __init__(self, path: Path, name: str, stored: StoredArray) -> None:
        self._path, self._name = path, name
        self.shape = stored.shape
        self.dtype = stored.dtype

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Return one row, or a slice of rows."""
        load_filters()
        with h5py.File(self._path, "r", locking=False) as file:
            try:
                rows: NDArray[Any] = file[self._name][index]
            except (OSError, LookupError, ValueError, RuntimeError) as error:
                raise ArtifactError(
                    f"{self._path} cannot be decompressed ({error}); if it is intact, install "
                    "its codec with `pip install 'colorprep[compression]'`"
                ) from error
        return rows


def _stored(path: Path, dataset: Any) -> StoredArray:
    offset = None
    if dataset.chunks is None:
        offset = dataset.id.get_offset()  # None without rows
    stored = StoredArray(dataset.shape, dataset.dtype, offset)
    if stored.end > path.stat().st_size:
        raise ValueError("the file is shorter than its header says")
    return stored


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
