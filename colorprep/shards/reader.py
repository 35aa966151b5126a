"""Reading a folder of shards: its arrays are mapped, not copied."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..artifacts import check_schema
from ..errors import ArtifactError
from ..quantize.quantizer import Quantizer
from .manifest import manifest_quantizer, read_manifest
from .writer import SHARD_SCHEMA, shard_path

IMAGE_DATASETS = ("lightness", "ab", "label", "hc")


@dataclass(frozen=True, eq=False)
class Shard:
    """One open shard.

    Attributes
    ----------
    path : Path
    keys : list of str
    arrays : dict of str to ndarray
        Mapped datasets of N rows each: ``lightness``, ``ab``, ``label``, ``class_id``, and
        ``hc`` where the quantizer is of hue and chroma.
    """

    path: Path
    keys: list[str]
    arrays: dict[str, NDArray[Any]]

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.keys)


@dataclass(frozen=True, eq=False)
class LabelFolder:
    """A finished folder of shards.

    Attributes
    ----------
    path : Path
    manifest : dict
    quantizer : Quantizer
    shards : list of Shard
    """

    path: Path
    manifest: dict[str, Any]
    quantizer: Quantizer
    shards: list[Shard]

    def __len__(self) -> int:
        """Return the number of images."""
        return sum(map(len, self.shards))


def open_labels(folder: Path) -> LabelFolder:
    """Open a folder of shards.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    LabelFolder

    Raises
    ------
    ArtifactError
        If the folder is not finished, not of shards, or a shard is missing, damaged or newer.
    """
    manifest = read_manifest(folder)
    if manifest.get("format") != "h5":
        raise ArtifactError(
            f"{folder} holds one .npy an image; training reads shards: make them with "
            "`colorprep labels --format h5`"
        )
    quantizer = manifest_quantizer(folder, manifest)
    shards = [
        open_shard(shard_path(folder, number), quantizer.fingerprint)
        for number in range(manifest["n_shards"])
    ]
    return LabelFolder(folder, manifest, quantizer, shards)


def open_shard(path: Path, fingerprint: str | None = None) -> Shard:
    """Open one shard.

    Parameters
    ----------
    path : Path
    fingerprint : str or None
        The quantizer that it must be of, if any.

    Returns
    -------
    Shard

    Raises
    ------
    ArtifactError
        If it is missing, damaged, newer than this version, or of another quantizer.
    """
    try:
        with h5py.File(path, "r", locking=False) as file:
            check_schema(path, str(file.attrs["schema"]), SHARD_SCHEMA)
            found = str(file.attrs["fingerprint"])
            keys = [key.decode() for key in file["key"][:]]
            names = [name for name in (*IMAGE_DATASETS, "class_id") if name in file]
            arrays = {name: _mapped(path, file[name]) for name in names}
    except FileNotFoundError:
        raise ArtifactError(f"the shard {path} is missing; make the labels again") from None
    except (OSError, KeyError, ValueError) as error:
        raise ArtifactError(f"the shard {path} is damaged ({error}); make it again") from error
    if fingerprint is not None and found != fingerprint:
        raise ArtifactError(f"the shard {path} is of another quantizer than its manifest says")
    return Shard(path, keys, arrays)


def _mapped(path: Path, dataset: Any) -> NDArray[Any]:
    offset = dataset.id.get_offset()
    if offset is None:  # no rows, or a compressed dataset
        whole: NDArray[Any] = dataset[:]
        return whole
    return np.memmap(path, dataset.dtype, "r", offset, dataset.shape)
