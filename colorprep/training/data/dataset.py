"""Label shards as a torch dataset, mapped into memory."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from ...color.lab import Floats
from ...errors import ArtifactError, InputError
from ...places import Location, Url
from ...quantize.labeling import IGNORE
from ...shards.reader import LabelFolder, open_labels
from ...shards.shard import REMEDY, CompressedArray
from ..processes import rank_and_size
from .batch import Allocate, Batch
from .epoch_order import EpochOrder
from .gathering import all_finite, copy_rows, widen_rows
from .loader import PREFETCH, ShardLoader
from .mapped import Mapped, Reached, map_labels
from .order import Indices
from .ranges import Ranges
from .windows import Windows

CHUNK = 256  # images per lookup of weights


class ShardDataset(Dataset[Batch]):
    """The images of a folder of label shards, or some of them; see `make_labels` for an example.

    Parameters
    ----------
    folder : str, Path, Url or LabelFolder
        Of label shards. Those in a store are copied to this disk when they are used, see
        `colorprep.open_labels`.
    keys : sequence of str or None
        These images, in this order; None for all, in the order of the shards.

    Attributes
    ----------
    keys : list of str
        Of its images, in order.
    mapped : bool
        Whether rows are copied from mapped files. Rows of compressed shards are decompressed one by
        one instead, which takes many times as long.

    Raises
    ------
    ArtifactError
        If the folder is incomplete, or a shard is missing, damaged or has other arrays.
    InputError
        If no image is chosen, or one is missing or chosen twice; if a store denies access or does
        not answer.

    Notes
    -----
    An item is a dictionary of tensors: ``lightness`` uint8 (H, W), ``ab`` int8 (h, w, 2),
    ``label`` int32 (h, w), ``class_id`` int32 (), and further arrays of the shards: ``hc`` uint8
    (h, w, 2), ``topk_index`` int32 and ``topk_weight`` float16 (h, w, k), ``rgb`` uint8 (H, W, 3).

    A dataset can be shared by threads, inherited by forked processes and pickled. It keeps no file
    open.

    Examples
    --------
    After ``colorprep labels``, batches come from a loader, or from torch's DataLoader::

        dataset = ShardDataset("labels")
        for batch in dataset.loader(batch_size=64, seed=0):
            lightness, label = batch["lightness"], batch["label"]
    """

    def __init__(
        self, folder: str | Path | Url | LabelFolder, keys: Sequence[str] | None = None
    ) -> None:
        self.labels = folder if isinstance(folder, LabelFolder) else open_labels(folder)
        every = self.labels.keys
        if not every:
            raise ArtifactError(f"there are no images in {self.labels.path}; {REMEDY}")
        lengths = list(map(len, self.labels.keys_of_shards))
        shard_of = np.repeat(np.arange(len(lengths)), lengths)
        row_of = np.concatenate([np.arange(length) for length in lengths])
        self.keys = every if keys is None else list(keys)
        chosen = _positions(every, self.keys, self.labels.path)
        self._shards, self._rows = shard_of[chosen], row_of[chosen]
        n_classes = len(self.labels.manifest["classes"])
        self._ranges = Ranges(len(self.labels.quantizer.centers), n_classes)
        self._mapped = map_labels(self.labels)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.keys)

    def __getitem__(self, index: int) -> Batch:
        """Return one image."""
        return {name: tensor[0] for name, tensor in self.batch([index]).items()}

    def __getitems__(self, indices: Sequence[int]) -> list[Batch]:
        """Return several images, as torch's DataLoader fetches them."""
        batch = self.batch(indices)
        return [{name: batch[name][i] for name in batch} for i in range(len(indices))]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the mapped files, whose content would be copied."""
        return {name: value for name, value in vars(self).items() if name != "_mapped"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Map the shards again."""
        vars(self).update(state)
        self._mapped = map_labels(self.labels)

    @property
    def arrays(self) -> set[str]:
        """The names of the arrays of a batch."""
        return set(self.labels.rows)

    @property
    def mapped(self) -> bool:
        """Whether all arrays are mapped, since none is compressed."""
        return bool(self.labels.manifest["settings"]["compression"] == "none")

    def batch(self, indices: Sequence[int] | Indices, allocate: Allocate | None = None) -> Batch:
        """Return several images, their tensors stacked.

        Parameters
        ----------
        allocate : callable or None
            Makes an empty tensor of a shape and a dtype; None allocates new memory.

        Returns
        -------
        dict of str to Tensor
            With the images along the first axis. Each row is copied once, from the file.

        Raises
        ------
        ArtifactError
            If a compressed row is damaged, or a label, a class or a soft weight is out of range.
        """
        batch = {}
        mapped, places = self._mapped.of(self._shards[indices])
        for name, (shape, stored) in self.labels.rows.items():
            whole, dtype = (len(indices), *shape), _torch_dtype(stored)
            tensor = allocate(whole, dtype) if allocate else torch.empty(whole, dtype=dtype)
            self._gather(name, mapped, places, indices, tensor.numpy())
            batch[name] = tensor
        return batch

    def loader(
        self,
        batch_size: int = 64,
        shuffle: bool = True,
        seed: int = 0,
        *,
        rank: int | None = None,
        world_size: int | None = None,
        prefetch: int = PREFETCH,
        pin_memory: bool = False,
        **options: Any,
    ) -> ShardLoader:
        """Return a loader of the images in batches, epoch by epoch.

        Parameters
        ----------
        batch_size : int
            Of one process.
        rank, world_size : int or None
            This process and their number; each gets its part of every epoch. By default those of
            torch.distributed, if initialized; else this process gets whole epochs.
        prefetch : int
            The number of batches that threads prepare in advance; 0 prepares each on demand.
        pin_memory : bool
            Whether batches are in page-locked memory, from which a GPU copies while it computes.
        **options
            See `EpochOrder`: ``max_images``, ``curriculum``, ``image_weights``.
        """
        rank, world_size = rank_and_size(rank, world_size)
        n_together = self._mapped.n_together(self._shards)
        windows = None if n_together is None else Windows(self._shards, n_together)
        order = EpochOrder(batch_size, shuffle, seed, rank, world_size, windows=windows, **options)
        return ShardLoader(self, order, prefetch, pin_memory)

    def ahead(self, indices: Indices) -> AbstractContextManager[Reached]:
        """Download the shards of images in advance, in this order, as long as the block runs.

        Does nothing for shards on this disk. The function is to be told how many of the images have
        been read.
        """
        return self._mapped.ahead(self._shards[indices])

    def indices_of(self, keys: Sequence[str]) -> Indices:
        """Return the positions of some images in the dataset.

        Returns
        -------
        ndarray of shape (len(keys),), intp

        Raises
        ------
        InputError
            If no key is given, or one is missing or given twice.
        """
        return _positions(self.keys, keys, self.labels.path)

    def mean_weights(self, weights: Floats) -> Floats:
        """Return the mean weight of each image's pixels in a rebalanced loss.

        Parameters
        ----------
        weights : ndarray of shape (Q,)
            Rebalancing weights.

        Returns
        -------
        ndarray of shape (n,), float64
            The mean over pixels of the weight of their bin, 0 for ignored pixels.

        Raises
        ------
        InputError
            If their number is not that of the bins.
        """
        n_bins = len(self.labels.quantizer.centers)
        if len(weights) != n_bins:
            raise InputError(f"{len(weights)} weights do not fit labels of {n_bins} bins")
        table = np.zeros(IGNORE + 1)
        table[: len(weights)] = weights
        means = np.empty(len(self))
        for start in range(0, len(self), CHUNK):
            indices = range(start, min(start + CHUNK, len(self)))
            labels = np.empty((len(indices), *self.labels.rows["label"].shape), np.int32)
            self._gather("label", *self._mapped.of(self._shards[indices]), indices, labels)
            means[start : indices.stop] = table[labels].mean(axis=(1, 2))
        return means

    def _gather(
        self,
        name: str,
        mapped: Mapped,
        places: Indices,
        indices: Sequence[int] | Indices,
        out: NDArray[Any],
    ) -> None:
        """Copy rows of an array to `out`, and check that their values are allowed.

        Parameters
        ----------
        places : ndarray of intp
            Where the shard of each row is among the mapped ones.
        """
        rows, dtype = self._rows[indices], self.labels.rows[name].dtype
        if name not in mapped.offsets:
            numbers = self._shards[indices].tolist()
            for place, (number, row) in enumerate(zip(numbers, rows.tolist(), strict=True)):
                out[place] = self._compressed_row(name, number, row)
            self._check(name, indices, out)
            return
        flat = out.reshape(len(out), -1)
        starts = mapped.offsets[name][places] + rows * (flat.shape[1] * dtype.itemsize)
        if dtype == np.uint16:
            n_ignored = int(name == "label")
            n_bins = self._ranges.n_bins
            is_sound = widen_rows(mapped.files, places, starts, flat, n_bins, n_ignored)
        else:
            copy_rows(mapped.files, places, starts, flat.view(np.uint8))
            is_sound = dtype == np.float16 and all_finite(flat.view(np.uint16))
        if not is_sound:
            self._check(name, indices, out)

    def _compressed_row(self, name: str, number: int, row: int) -> NDArray[Any]:
        shard = self.labels.shards[number]
        return CompressedArray(shard.path, name, shard.stored[name])[row]

    def _check(self, name: str, indices: Sequence[int] | Indices, values: NDArray[Any]) -> None:
        """Raise ArtifactError if a value in rows of an array is not allowed."""
        allowed = self._ranges.allowed(name, values)
        if allowed is None or allowed.all():
            return
        place = int(np.flatnonzero(~allowed.reshape(len(values), -1).all(axis=1))[0])
        index = indices[place]
        value = values[place][~allowed[place]].flat[0]
        raise ArtifactError(
            f"{self.labels.place_of(int(self._shards[index]))} is damaged: the {name} of "
            f"{self.keys[index]} is {value}, but {self._ranges.expected(name)} is expected; "
            "`colorprep verify --repair` makes it again"
        )


def _positions(every: Sequence[str], keys: Sequence[str], folder: Location) -> Indices:
    """Return the positions of keys in a sequence of unique keys."""
    position = {key: index for index, key in enumerate(every)}
    if len(position) < len(every):
        raise ArtifactError(f"{folder} contains an image twice; `colorprep verify` reports which")
    if len(keys) == 0:
        raise InputError(f"no image of {folder} is chosen; choose at least one")
    missing = [key for key in keys if key not in position]
    if missing:
        raise InputError(f"{len(missing)} images are not in {folder}, such as {missing[0]!r}")
    if len(set(keys)) < len(keys):
        raise InputError("an image is chosen twice; choose each image once")
    return np.array([position[key] for key in keys], np.intp)


def _torch_dtype(dtype: np.dtype[Any]) -> torch.dtype:
    # torch cannot compute with uint16, so bins become int32.
    return torch.int32 if dtype == np.uint16 else torch.from_numpy(np.empty(0, dtype)).dtype
