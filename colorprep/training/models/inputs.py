"""What a network can be fed, behind one literal table.

==============  ====================================================================
input           is
==============  ====================================================================
``lightness``   lightness, (B, 1, H, W) float32, from -1 to 1 for L from 0 to 100
``luma``        0.2125 R + 0.7154 G + 0.0721 B of sRGB, (B, 1, H, W), from 0 to 1
``caffe-gray``  the gray picture of lightness, (B, 3, H, W), BGR levels less the means of
                ImageNet, as Caffe's and Keras' networks take it
``rgb``         sRGB, (B, 3, H, W) float32, from -1 to 1: for classifiers, not for colorizers
``hints``       hints of color, (B, 3, H, W) float32: a and b in units of 110 CIELAB units, 0
                outside of hints, and a mask of 0 or 1
``class``       the class of an image, (B,) int64, -1 for none
``features``    of a frozen classifier, (B, n) float32
==============  ====================================================================

A network names its inputs in its attribute `takes`; without one it takes lightness alone. A name
that is not in the table is that of a tensor of the batch, which a method may have put there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...color.lab import lab_to_rgb
from ...errors import InputError
from ..data.batch import Batch

LIGHTNESS = ("lightness",)
LUMA_WEIGHTS = (0.2125, 0.7154, 0.0721)  # of scikit-image's rgb2gray
BGR_MEANS = (103.939, 116.779, 123.68)  # of ImageNet, in 8-bit levels


@dataclass(frozen=True)
class NetworkInput:
    """An input of the table.

    Attributes
    ----------
    of_batch : callable
        From a batch to the input.
    array : str
        The array of label shards that it is made from.
    remedy : str
        How labels get that array.
    size : str or None
        The size of the labels on which the network depends, see `spec.NetworkSpec`.
    """

    of_batch: Callable[[Batch], Tensor]
    array: str
    remedy: str = "`colorprep labels`"
    size: str | None = None


def scaled_lightness(batch: Batch) -> Tensor:
    """Return lightness in [-1, 1], (B, 1, H, W) float32, from levels round(2.55 L)."""
    return batch["lightness"][:, None].float() / 127.5 - 1.0


def luma(batch: Batch) -> Tensor:
    """Return the luma of the pixels, (B, 1, H, W) float32 in [0, 1]."""
    rgb = batch["rgb"]
    weights = torch.tensor(LUMA_WEIGHTS, device=rgb.device) / 255.0
    return (rgb.float() @ weights)[:, None]


def rgb_of(batch: Batch) -> Tensor:
    """Return the pixels of a batch as sRGB from -1 to 1, (B, 3, H, W) float32."""
    return torch.movedim(batch["rgb"], -1, 1).float() / 127.5 - 1.0


def caffe_gray(batch: Batch) -> Tensor:
    """Return the gray picture of the lightness for Caffe's networks, (B, 3, H, W) float32.

    A batch may have ``channel_shift``, (B, 3) levels that are added, within the picture's range.
    """
    levels = batch["lightness"]
    gray = torch.from_numpy(gray_levels()).to(levels.device)[levels.long()]
    picture = gray[:, None].expand(-1, 3, -1, -1)
    if "channel_shift" in batch:
        low, high = gray.amin(dim=(1, 2)), gray.amax(dim=(1, 2))
        shifted = picture + batch["channel_shift"][:, :, None, None]
        picture = shifted.clamp(low[:, None, None, None], high[:, None, None, None])
    return picture - torch.tensor(BGR_MEANS, device=levels.device)[:, None, None]


def hints_of(batch: Batch) -> Tensor:
    """Return the hints of a batch, (B, 3, H, W) float32; there are none if it has no ``hints``."""
    if "hints" in batch:
        return batch["hints"]
    lightness = batch["lightness"]
    n, height, width = lightness.shape
    return torch.zeros((n, 3, height, width), device=lightness.device)


@cache
def gray_levels() -> NDArray[np.float32]:
    """Return the sRGB level, 0 to 255, of the gray of each level of lightness."""
    lab = np.zeros((256, 3))
    lab[:, 0] = np.arange(256) / 2.55
    levels: NDArray[np.float32] = (255.0 * lab_to_rgb(lab).mean(axis=1)).astype(np.float32)
    return levels


INPUTS: dict[str, NetworkInput] = {
    "lightness": NetworkInput(scaled_lightness, "lightness"),
    "luma": NetworkInput(luma, "rgb", "`colorprep labels --keep rgb`"),
    "caffe-gray": NetworkInput(caffe_gray, "lightness"),
    "rgb": NetworkInput(rgb_of, "rgb", "`colorprep labels --keep rgb`"),
    "hints": NetworkInput(hints_of, "lightness"),
    "class": NetworkInput(lambda batch: batch["class_id"].long(), "class_id", size="classes"),
    "features": NetworkInput(
        lambda batch: batch["features"].float(),
        "features",
        "`colorprep labels --features classifier`",
        "features",
    ),
}


def takes(network: nn.Module) -> tuple[str, ...]:
    """Return the names of a network's inputs."""
    names: tuple[str, ...] = getattr(network, "takes", LIGHTNESS)
    return names


def inputs_of(network: nn.Module, batch: Batch) -> list[Tensor]:
    """Return what a network takes, from a batch."""
    return [
        INPUTS[name].of_batch(batch) if name in INPUTS else batch[name] for name in takes(network)
    ]


def check_inputs(network: nn.Module, arrays: Collection[str], what: str) -> None:
    """Reject a batch without an array that a network takes.

    Parameters
    ----------
    arrays : collection of str
        Of the batch.
    what : str
        Where they are from, for the message.

    Raises
    ------
    InputError
        If one is missing; the message says how labels get it.
    """
    for name in takes(network):
        given = INPUTS.get(name)
        if given is not None and given.array not in arrays:
            raise InputError(
                f"the network takes {name}, but {what} has no {given.array}; make labels with "
                f"{given.remedy}"
            )


def check_side(network: nn.Module, side: int) -> None:
    """Reject images of a size that a network cannot take.

    Parameters
    ----------
    side : int
        Height and width of its input, in pixels.

    Raises
    ------
    InputError
        If it is not the network's `fixed_side`, no multiple of its `side_step`, or below its
        `least_side`.
    """
    fixed, step = getattr(network, "fixed_side", None), getattr(network, "side_step", 1)
    least = getattr(network, "least_side", 1)
    if fixed is not None and side != fixed:
        raise InputError(
            f"the network takes images of {fixed} x {fixed} pixels, not of {side}: make labels "
            f"with `colorprep labels --size {fixed}`, or train with --crop {fixed}"
        )
    if side < least:
        raise InputError(
            f"the network takes images of {least} x {least} pixels or more, not of {side}; make "
            f"labels with `colorprep labels --size {least}` or more"
        )
    if side % step:
        raise InputError(
            f"the network takes images whose sides are multiples of {step} pixels, not {side}: "
            f"make labels with `colorprep labels --size {max(step, side - side % step)}`, or train "
            "with --crop"
        )


def blank_batch(side: int, sizes: Mapping[str, int]) -> Batch:
    """Return a batch of one black image with all that networks take, on the current device."""
    return {
        "lightness": torch.zeros((1, side, side), dtype=torch.uint8),
        "rgb": torch.zeros((1, side, side, 3), dtype=torch.uint8),
        "class_id": torch.zeros(1, dtype=torch.int64),
        "features": torch.zeros((1, sizes.get("features", 0))),
    }
