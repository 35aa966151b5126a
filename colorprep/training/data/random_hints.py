"""Hints at random, as networks are trained with: the mean colors of square patches of an image.

The number n of an image's hints is geometric, P(n) = (1 - p)^n p, with mean (1 - p) / p. Sides are
1 to 9 pixels, all equally likely. In an image of H rows, the top of a patch of side P is normal
with mean (H - P + 1) / 2 and standard deviation (H - P + 1) / 4, clipped to [0, H - P] and rounded
down; its left likewise.

References
----------
Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors", SIGGRAPH 2017;
colorization-pytorch.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import torch
from torch import Tensor

from ..losses.targets import ab_of
from ..models.outputs import AB_UNIT
from .batch import Batch

SIDES = (1, 9)  # in pixels


class Patches(NamedTuple):
    """Square patches of the images of a batch.

    Attributes
    ----------
    image, top, left, side : Tensor of shape (n,), int64
        The number of the image, the first row and column, and the side in pixels.
    """

    image: Tensor
    top: Tensor
    left: Tensor
    side: Tensor


def draw_counts(p: float, n_images: int, generator: torch.Generator) -> Tensor:
    """Draw how many patches each image has.

    Parameters
    ----------
    p : float
        Of the geometric distribution, above 0; 1 gives none.

    Returns
    -------
    Tensor of shape (n_images,), int64
    """
    if p == 1.0:
        return torch.zeros(n_images, dtype=torch.int64)
    # torch counts the trials up to the first success, 1 or more.
    return torch.empty(n_images, dtype=torch.float64).geometric_(p, generator=generator).long() - 1


def draw_patches(
    counts: Tensor,
    shape: tuple[int, int],
    generator: torch.Generator,
    sides: tuple[int, int] = SIDES,
) -> Patches:
    """Draw patches of the images of a batch.

    Parameters
    ----------
    counts : Tensor of shape (B,), int64
        How many each image has.
    shape : tuple of int
        Height and width of the images.
    generator : torch.Generator
        Of the CPU.
    sides : tuple of int
        The smallest and the largest side; those of the images limit it.

    Returns
    -------
    Patches
        On the CPU, image by image.
    """
    image = torch.repeat_interleave(torch.arange(len(counts)), counts)
    side = torch.randint(sides[0], sides[1] + 1, image.shape, generator=generator)
    side = side.clamp(max=min(shape))
    room = torch.tensor(shape) - side[:, None]  # the largest first row and column
    normal = torch.randn(room.shape, generator=generator, dtype=torch.float64)
    corner = (room + 1) / 2 + (room + 1) / 4 * normal
    top, left = torch.minimum(corner.clamp(min=0), room).long().unbind(1)
    return Patches(image, top, left, side)


def revealed(ab: Tensor, patches: Patches) -> Tensor:
    """Return the mean colors of patches as the hints of a batch.

    Parameters
    ----------
    ab : Tensor of shape (B, H, W, 2), float32
        In CIELAB units.
    patches : Patches
        Later ones cover earlier ones.

    Returns
    -------
    Tensor of shape (B, 3, H, W), float32
        As `hints.painted` returns those of an image; on the device of `ab`.
    """
    device, size = ab.device, ab.shape[:3]
    pixel, inside = (each.to(device, non_blocking=True) for each in _pixels_of(patches, size))
    taken = ab.flatten(0, 2)[pixel] * inside[..., None]
    color = taken.sum(dim=1) / inside.sum(dim=1)[:, None] / AB_UNIT
    hints = torch.cat([color, torch.ones_like(color[:, :1])], dim=1)
    # The number of each pixel's last patch, counted from 1: a maximum does not depend on the order.
    number = inside * torch.arange(1, len(pixel) + 1, device=device)[:, None]
    last = torch.zeros(size.numel(), dtype=torch.int64, device=device)
    last.scatter_reduce_(0, pixel.flatten(), number.flatten(), "amax")
    colors = torch.cat([hints.new_zeros(1, 3), hints])
    return colors[last].reshape(*size, -1).movedim(-1, 1)


def with_random_hints(batch: Batch, p: float, generator: torch.Generator) -> Batch:
    """Return a batch with ``hints`` of random patches, to train on.

    Parameters
    ----------
    batch : dict of str to Tensor
        Of label shards with a stride of 1.
    p : float
        Of the geometric number of hints.
    generator : torch.Generator
        Of the CPU; the same state gives the same patches on every device.
    """
    n_images, height, width = batch["lightness"].shape
    counts = draw_counts(p, n_images, generator)
    patches = draw_patches(counts, (height, width), generator)
    return {**batch, "hints": revealed(ab_of(batch), patches)}


def with_fixed_hints(batch: Batch, p: float) -> Batch:
    """Return a batch with ``hints`` of patches that depend on the images alone, to validate on.

    An image has the same ones in every batch and process: their seed is a digest of its lightness.
    Parameters are as in `with_random_hints`.
    """
    hints = []
    for index, levels in enumerate(batch["lightness"].cpu()):
        image = {name: batch[name][index : index + 1] for name in ("lightness", "ab")}
        hints.append(with_random_hints(image, p, generator_of(levels))["hints"])
    return {**batch, "hints": torch.cat(hints)}


def generator_of(lightness: Tensor) -> torch.Generator:
    """Return a generator of random numbers that depends on an image alone.

    Parameters
    ----------
    lightness : Tensor of shape (H, W), uint8
        Of the CPU.
    """
    digest = hashlib.sha256(lightness.contiguous().numpy().tobytes()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def _pixels_of(patches: Patches, size: torch.Size) -> tuple[Tensor, Tensor]:
    """Return pixels of images (B, H, W) for each patch, (n, k), and which of them are inside it."""
    _, height, width = size
    along = torch.arange(int(patches.side.max()) if len(patches.side) else 0)
    within = along < patches.side[:, None]
    row = (patches.top[:, None] + along).clamp(max=height - 1)
    column = (patches.left[:, None] + along).clamp(max=width - 1)
    first = height * width * patches.image[:, None, None]
    pixel = first + width * row[:, :, None] + column[:, None, :]
    return pixel.flatten(1), (within[:, :, None] & within[:, None, :]).flatten(1)
