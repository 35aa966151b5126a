"""Soft targets and pixel weights of a batch, looked up on the network's device.

A label shard stores a color cell for each labeled pixel, 2 bytes. A soft label is a function of the
cell, so it is looked up in a table of 65,536 rows, and never expanded to all bins. Figures per
pixel stay one number per pixel, (B, h, w).

The labels of gray images do not show their true colors. Such images are handled by one of two
published rules, or kept:

``mask``
    The image has weight 0 in the loss if no labeled pixel's |a| or |b| exceeds 5 (the Caffe code of
    Zhang et al.).
``drop``
    The image is removed from the batch if (max a - min a) + (max b - min b) is below 5
    (colorization-pytorch, which uses all pixels; here the labeled ones).

Shards store floor(a) and floor(b), read as + 0.5. So |a| > 5 is exact except at 5 itself, and a
range is known to within 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...balance.lightness import level_table
from ...color.lab import Floats
from ...errors import InputError
from ...metrics.segmentation import VOID
from ...quantize.labeling import IGNORE
from ...quantize.quantizer import Quantizer, Space
from ...quantize.tables import soft_table
from ..choices import GrayRule, WeighedBy
from ..data.batch import Batch

GRAY_LIMIT = 5  # CIELAB units, of both rules


class SoftTargets(NamedTuple):
    """A distribution over bins for each pixel, by its nonzero entries.

    Attributes
    ----------
    bins : Tensor of shape (B, h, w, k), int64
    probs : Tensor of shape (B, h, w, k), float32
        Summing to 1 over k.
    """

    bins: Tensor
    probs: Tensor


class SoftTargetTable(nn.Module):
    """The soft label of every cell, as buffers that move to the device with the loss.

    Parameters
    ----------
    quantizer : Quantizer
        Distributions over more than 32 bins keep their 32 largest entries, see `soft_table`.
    """

    bins: Tensor
    probs: Tensor
    entropies: Tensor

    def __init__(self, quantizer: Quantizer) -> None:
        super().__init__()
        soft = soft_table(quantizer)
        self.space = quantizer.space
        logs = np.log(np.where(soft.weights > 0, soft.weights, 1.0))
        self.register_buffer("bins", torch.from_numpy(soft.bins.astype(np.int64)))
        self.register_buffer("probs", _float32(soft.weights))
        self.register_buffer("entropies", _float32(-(soft.weights * logs).sum(axis=1)))

    def forward(self, batch: Batch) -> SoftTargets:
        """Return the soft targets of a batch of label shards."""
        cells = cells_of(batch, self.space)
        return SoftTargets(self.bins[cells], self.probs[cells])

    def entropy(self, batch: Batch) -> Tensor:
        """Return each pixel's entropy of its target, in nats, (B, h, w) float32."""
        return self.entropies[cells_of(batch, self.space)]


class PixelLevels(nn.Module):
    """The level of lightness of each labeled pixel, see `colorprep.balance.lightness`."""

    table: Tensor

    def __init__(self, n_levels: int) -> None:
        super().__init__()
        self.register_buffer("table", torch.from_numpy(level_table(n_levels).astype(np.int64)))

    def forward(self, batch: Batch) -> Tensor:
        """Return the levels of a batch of label shards, (B, h, w) int64."""
        return self.table[subsampled(batch["lightness"], batch["label"].shape).long()]


def levels_of(by_level: NDArray[np.floating] | None) -> PixelLevels | None:
    """Return the levels of an array with a row for each; None of a vector."""
    return None if by_level is None or by_level.ndim == 1 else PixelLevels(len(by_level))


class PixelWeights(nn.Module):
    """The weight of each pixel: 0 if it is masked, else its rebalancing weight.

    Parameters
    ----------
    quantizer : Quantizer
        Of the shards.
    weights : ndarray of shape (Q,) or (N, Q), or None
        Rebalancing weights, or those of N levels of lightness; None for 1.
    weighed_by : {"bin", "expectation"}
        Whether a pixel has the weight of its hard bin, or the expectation under its soft target.
    gray : {"mask", "drop", "keep"}
        With ``mask``, gray images have weight 0.

    Raises
    ------
    InputError
        If the weights are for another number of bins.
    """

    weights: Tensor | None
    nothing = (
        "all of them are gray",
        "choose images in color, or train with --gray keep",
    )

    def __init__(
        self,
        quantizer: Quantizer,
        weights: NDArray[np.floating] | None = None,
        weighed_by: WeighedBy = "bin",
        gray: GrayRule = "mask",
    ) -> None:
        super().__init__()
        if weights is not None and weights.shape[-1] != len(quantizer.centers):
            raise InputError(
                f"there are {weights.shape[-1]} weights for the {len(quantizer.centers)} bins of "
                f"{quantizer.name}"
            )
        self.space = quantizer.space
        self.weighed_by = weighed_by
        self.masks_gray = gray == "mask"
        if weights is not None and weighed_by == "expectation":
            soft = soft_table(quantizer)

            def expectation(values: Floats) -> Floats:
                return np.asarray((soft.weights * values[soft.bins]).sum(axis=1))

            weights = np.apply_along_axis(expectation, -1, weights)
        self.levels = levels_of(weights)
        self.register_buffer("weights", None if weights is None else _float32(weights))

    def forward(self, batch: Batch) -> Tensor:
        """Return the weights of a batch's pixels, (B, h, w) float32."""
        mask = self.mask(batch)
        if self.weights is None:
            return mask.float()
        if self.weighed_by == "expectation":
            kinds = cells_of(batch, self.space)
        else:
            kinds = torch.where(mask, batch["label"].long(), 0)
        if self.levels is None:
            return mask * self.weights[kinds]
        return mask * self.weights[self.levels(batch), kinds]

    def mask(self, batch: Batch) -> Tensor:
        """Return which pixels count, (B, h, w) bool."""
        known = known_pixels(batch)
        return known & has_color(batch)[:, None, None] if self.masks_gray else known


def cells_of(batch: Batch, space: Space) -> Tensor:
    """Return the color cell of each labeled pixel.

    Returns
    -------
    Tensor of shape (B, h, w), int64
        0 to 65535, in the order of `colorprep.quantize.tables`.
    """
    if space == "hue-chroma":
        hue, chroma = batch["hc"].long().unbind(-1)
        return hue << 8 | chroma
    a, b = batch["ab"].long().unbind(-1)
    return (a + 128) << 8 | (b + 128)


def ab_of(batch: Batch) -> Tensor:
    """Return the middle of each pixel's cell, (B, h, w, 2) float32, in CIELAB units."""
    return batch["ab"].float() + 0.5


def known_pixels(batch: Batch) -> Tensor:
    """Return which pixels have a label, (B, h, w) bool; padding, for example, has none."""
    return batch["label"].long() != IGNORE


def has_color(batch: Batch) -> Tensor:
    """Return which images exceed 5 in |a| or |b| somewhere, (B,) bool: the rule ``mask``."""
    beyond = (ab_of(batch).abs() > GRAY_LIMIT).any(dim=-1)
    return (beyond & known_pixels(batch)).flatten(1).any(dim=1)


def has_range_of_color(batch: Batch) -> Tensor:
    """Return which images span 5 or more in a plus b, (B,) bool: the rule ``drop``."""
    ab, unknown = ab_of(batch), ~known_pixels(batch)[..., None]
    largest = ab.masked_fill(unknown, -torch.inf).amax(dim=(1, 2))
    smallest = ab.masked_fill(unknown, torch.inf).amin(dim=(1, 2))
    return (largest - smallest).sum(dim=-1) >= GRAY_LIMIT


def subsampled(labels: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return every n-th row and column of labels, the first included.

    Parameters
    ----------
    labels : Tensor of shape (B, h, w), or (B,) for images
    shape : tuple of int
        Of the result, (B, ceil(h / n), ceil(w / n)) for any n.

    Raises
    ------
    InputError
        If there is no such n.
    """
    if labels.shape == shape:
        return labels
    step = -(-labels.shape[1] // shape[1])
    taken = labels[:, ::step, ::step]
    if taken.shape != shape:
        raise InputError(
            f"labels of {labels.shape[1]} x {labels.shape[2]} pixels have none for the network's "
            f"output of {shape[1]} x {shape[2]}; make labels with `colorprep labels --stride 1`"
        )
    return taken


def drop_gray_images(batch: Batch) -> Batch:
    """Return the images of a batch that the rule ``drop`` keeps, possibly none.

    Notes
    -----
    The number of images must be known to the CPU, so on a GPU this would wait for all of its work.
    Before the batch is moved there, it costs little.
    """
    kept = has_range_of_color(batch)
    return {name: tensor[kept] for name, tensor in batch.items()}


def filled_up(chosen: Batch, batch: Batch, fewest: int) -> Batch:
    """Return the images chosen from a batch, padded to a minimum number of images.

    Parameters
    ----------
    fewest : int
        At most the number of images in `batch`.

    Returns
    -------
    dict of str to Tensor
        The chosen images, then other images of the batch, which have no label, segment or class.
    """
    n_missing = fewest - len(chosen["label"])
    if n_missing <= 0:
        return chosen
    same = batch["lightness"][:, None] == chosen["lightness"]
    is_chosen = same.flatten(2).all(dim=2).any(dim=1)
    others = torch.argsort(is_chosen.int(), stable=True)[:n_missing]
    added = {name: tensor[others] for name, tensor in batch.items()}
    for name, nothing in {"label": IGNORE, "segments": VOID, "class_id": -1}.items():
        if name in added:
            added[name] = torch.full_like(added[name], nothing)
    return {name: torch.cat([tensor, added[name]]) for name, tensor in chosen.items()}


def _float32(array: Floats | NDArray[np.floating]) -> Tensor:
    return torch.from_numpy(np.asarray(array, np.float32))
