"""Label shards as a torch dataset, and which images are held out for validation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.utils.data import Dataset

from ..shards.reader import LabelFolder

Batch = dict[str, torch.Tensor]


class ShardDataset(Dataset[Batch]):
    """The images of a label folder, or some of them.

    Parameters
    ----------
    folder : LabelFolder
    keys : sequence of str or None
        Which images, in this order; None takes all.

    Notes
    -----
    An item is a dictionary of tensors: ``lightness`` uint8 (H, W), ``ab`` int8 (h, w, 2),
    ``label`` int32 (h, w), ``class_id`` int32 (), and ``hc`` uint8 (h, w, 2) where there is one.
    """

    def __init__(self, folder: LabelFolder, keys: Sequence[str] | None = None) -> None:
        places = {
            key: (shard, row)
            for shard in range(len(folder.shards))
            for row, key in enumerate(folder.shards[shard].keys)
        }
        self.keys = list(places) if keys is None else list(keys)
        self._folder = folder
        self._places = [places[key] for key in self.keys]

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._places)

    def __getitem__(self, index: int) -> Batch:
        """Return one image."""
        return {name: tensor[0] for name, tensor in self.batch([index]).items()}

    def batch(self, indices: Sequence[int]) -> Batch:
        """Return several images, their tensors stacked.

        Parameters
        ----------
        indices : sequence of int

        Returns
        -------
        dict of str to Tensor
            With a first axis of the images.
        """
        places = [self._places[index] for index in indices]
        names = self._folder.shards[places[0][0]].arrays
        stacked = {
            name: np.stack([self._folder.shards[shard].arrays[name][row] for shard, row in places])
            for name in names
        }
        # torch computes with no uint16, so bins travel as int32.
        return {
            name: torch.from_numpy(array.astype(np.int32) if array.dtype == np.uint16 else array)
            for name, array in stacked.items()
        }

    def batches(self, size: int, seed: int | None = None, epoch: int = 0) -> Iterator[Batch]:
        """Give every image once, in batches.

        Parameters
        ----------
        size : int
            Images in a batch; the last one may hold fewer.
        seed : int or None
            Shuffles, differently in each epoch; None keeps the order.
        epoch : int

        Yields
        ------
        dict of str to Tensor
        """
        order = np.arange(len(self))
        if seed is not None:
            order = np.random.default_rng([seed, epoch]).permutation(len(self))
        for start in range(0, len(order), size):
            yield self.batch(order[start : start + size].tolist())


def split_keys(keys: Sequence[str], held_out: float) -> tuple[list[str], list[str]]:
    """Split images into training and validation by a hash of their keys.

    Parameters
    ----------
    keys : sequence of str
    held_out : float
        Share for validation, 0 to 1.

    Returns
    -------
    training, validation : list of str
        An image stays on its side whatever else is in the folder. Where the hash leaves a side
        empty that should not be, the image nearest to the border changes sides.
    """
    place = {key: _unit_hash(key) for key in keys}
    ordered = sorted(keys, key=lambda key: (place[key], key))
    n_held_out = sum(place[key] < held_out for key in keys)
    if held_out > 0:
        n_held_out = min(max(n_held_out, 1), max(len(keys) - 1, 0))
    chosen = set(ordered[:n_held_out])
    return [key for key in keys if key not in chosen], [key for key in keys if key in chosen]


def _unit_hash(key: str) -> float:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2.0**64
