"""Random changes of a batch on the network's device; lightness and color stay aligned.

In Keras-FCN's order: zoom and rotation (`affine.py`), then flip and crop. A mistake of its is left
out: crops lay in the upper left of an image only, as corners were drawn from half of their range.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ...errors import InputError
from .affine import random_affine
from .batch import Batch, mapped
from .random_hints import with_random_hints

SAME_SIZE = (1.0, 1.0)


@dataclass(frozen=True)
class Preparation:
    """Changes batches at random before the network gets them.

    Attributes
    ----------
    size, stride : int
        Of the label shards.
    crop : int or None
        Side of random squares; None for whole images.
    flip : bool
        Whether to mirror images at random.
    zoom : tuple of float
        Lowest and highest factor by which coordinates are multiplied, see `random_affine`.
    rotate : float
        Largest angle in degrees.
    channel_shift : float
        Largest shift of each channel of the network's input, in levels of 255.
    hints : float
        Of the geometric number of hints, see `random_hints`; 1 for none.
    """

    size: int
    stride: int
    crop: int | None = None
    flip: bool = False
    zoom: tuple[float, float] = SAME_SIZE
    rotate: float = 0.0
    channel_shift: float = 0.0
    hints: float = 1.0

    def __post_init__(self) -> None:
        """Reject a crop that does not fit, and hints of colors that the labels do not have."""
        if self.hints < 1.0 and self.stride > 1:
            raise InputError(
                f"hints show the colors of all pixels, but the labels have every {self.stride}-th; "
                "make labels with `colorprep labels --stride 1`, or leave out --hints"
            )
        if self.crop is not None:
            _check_crop(self.crop, self.stride, self.size, self.size)

    @property
    def side(self) -> int:
        """Height and width of the network's input, in pixels."""
        # Mirrored images end with a whole block of a label.
        whole = self.size - self.size % self.stride if self.flip else self.size
        return self.crop or whole

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Return the batch for the network.

        With a channel shift, it also has ``channel_shift`` (B, 3), float32: what an input of three
        channels adds to each, in levels of 255; with hints, it has ``hints``, see `random_hints`.
        """
        if self.zoom != SAME_SIZE or self.rotate:
            batch = random_affine(batch, self.stride, self.zoom, self.rotate, generator)
        if self.crop is not None or self.flip:
            batch = random_crop_and_flip(batch, self.side, self.stride, self.flip, generator)
        if self.channel_shift:
            drawn = torch.rand(len(batch["lightness"]), 3, generator=generator)
            shift = self.channel_shift * (2 * drawn - 1)
            device = batch["lightness"].device
            batch = {**batch, "channel_shift": shift.to(device, non_blocking=True)}
        if self.hints < 1.0:
            batch = with_random_hints(batch, self.hints, generator)
        return batch


def random_crop_and_flip(
    batch: Batch, size: int, stride: int, flip: bool, generator: torch.Generator
) -> Batch:
    """Crop a random square from each image, and mirror it with probability 1/2.

    Parameters
    ----------
    batch : dict of str to Tensor
        Of label shards. Arrays with the height and width of ``lightness`` are cropped by pixels,
        those with the shape of ``label`` by labels; others are unchanged.
    size : int
        Side of the squares in pixels of lightness, a multiple of the stride.
    stride : int
        Of the labels: label (i, j) is that of pixel (stride i, stride j).
    flip : bool
        Whether to mirror left and right.
    generator : torch.Generator
        The same state gives the same squares; a generator of the CPU gives them on every device.

    Raises
    ------
    InputError
        If the size is not a multiple of the stride, or larger than the images.

    Notes
    -----
    Corners lie at multiples of the stride. In a mirrored square, too, label j is that of pixel
    stride j: its pixels are taken stride - 1 columns to the left of its labels. At the left border
    of an image, the first column replaces the missing ones.
    """
    n, height, width = batch["lightness"].shape
    _check_crop(size, stride, height, width)
    rows = _draw((height - size) // stride + 1, n, generator)
    columns = _draw((width - size) // stride + 1, n, generator)
    mirrored = _draw(2, n, generator).bool() if flip else torch.zeros(n, dtype=torch.bool)
    device = batch["lightness"].device
    corner = [at.to(device, non_blocking=True) for at in (rows, columns, mirrored)]
    return mapped(
        batch,
        lambda name, images: _cut(images, size, stride, *corner),
        lambda name, images: _cut(images, size // stride, 1, *corner),
    )


def _check_crop(size: int, stride: int, height: int, width: int) -> None:
    if size % stride or not 0 < size <= min(height, width):
        raise InputError(
            f"a crop must be a multiple of the stride {stride}, up to the images' size of "
            f"{height} x {width}; got {size}"
        )


def _draw(below: int, n: int, generator: torch.Generator) -> Tensor:
    return torch.randint(below, (n,), generator=generator, device=generator.device)


def _cut(
    images: Tensor, size: int, stride: int, rows: Tensor, columns: Tensor, mirrored: Tensor
) -> Tensor:
    """Crop a square from each image, whose corner is at `stride` times rows and columns."""
    along = torch.arange(size, device=images.device)
    across = torch.where(mirrored[:, None], along.flip(0), along)
    image = torch.arange(len(images), device=images.device)[:, None, None]
    row = (stride * rows[:, None] + along)[:, :, None]
    first = stride * columns - (stride - 1) * mirrored
    column = (first[:, None] + across).clamp(min=0)[:, None, :]
    return images[image, row, column]
