"""Random zoom and rotation of a batch, as Keras-FCN augments its images.

Each image is zoomed and turned about its center. Pixels are taken from the nearest one; those that
come from outside the image are filled: lightness, ``rgb`` and colors with 0, and their labels with
the value that losses ignore. So the label is also the mask of the pixels that count.

Two mistakes of the original are left out. Keras 2 turned images about a point one pixel below and
to the right of the center. Colors of filled pixels counted in the regression loss, as a = b = 0.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ...metrics.segmentation import VOID
from ...quantize.labeling import IGNORE
from .batch import Batch, mapped

FILLS = {"label": IGNORE, "segments": VOID}  # all else is filled with 0


class _Source(NamedTuple):
    """Where the values of each image come from.

    Attributes
    ----------
    place : Tensor of shape (B, h, w), int32
        In the image's values, row by row.
    exists : Tensor of shape (B, h, w), bool
        Whether it is within the image.
    """

    place: Tensor
    exists: Tensor


def random_affine(
    batch: Batch,
    stride: int,
    zoom: tuple[float, float],
    degrees: float,
    generator: torch.Generator,
) -> Batch:
    """Zoom and turn each image of a batch at random.

    Parameters
    ----------
    batch : dict of str to Tensor
        Of label shards.
    stride : int
        Of the labels.
    zoom : tuple of float
        Lowest and highest factor. As in Keras, it multiplies coordinates: a factor of 2 shows the
        image at half its size, with filled borders.
    degrees : float
        Angles are from -degrees to degrees.
    generator : torch.Generator
        Of the CPU. The same state gives the same factors and angles on every device.
    """
    factors, angles = torch.rand(2, len(batch["lightness"]), generator=generator).double()
    factors = zoom[0] + (zoom[1] - zoom[0]) * factors
    angles = math.radians(degrees) * (2 * angles - 1)
    return affine(batch, stride, rotations(angles) * factors[:, None, None])


def rotations(angles: Tensor) -> Tensor:
    """Return the matrices (n, 2, 2) that turn (row, column) by angles (n,) in radians."""
    cos, sin = angles.cos(), angles.sin()
    return torch.stack([cos, -sin, sin, cos], dim=-1).reshape(-1, 2, 2)


def affine(batch: Batch, stride: int, matrices: Tensor) -> Batch:
    """Show each image of a batch through a linear map about its center.

    Parameters
    ----------
    batch : dict of str to Tensor
        Arrays with the height and width of ``lightness`` are mapped by pixels, those with the shape
        of ``label`` by labels; others are unchanged.
    stride : int
        Of the labels: label (i, j) is that of pixel (stride i, stride j).
    matrices : Tensor of shape (B, 2, 2)
        From (row, column) of a pixel in the result, relative to the center, to that of its source.

    Notes
    -----
    A source is rounded to the nearest pixel. One that lies beyond the centers of the outermost
    pixels is filled, as by `scipy.ndimage.affine_transform` of order 0.

    Label (i, j) of the result is that of its pixel (stride i, stride j): it is taken from the label
    nearest to the source of that pixel, so with a stride of 1 from that very pixel. It is filled
    where the pixel is.
    """
    height, width = batch["lightness"].shape[1:]
    matrices = matrices.to(batch["lightness"].device, torch.float32, non_blocking=True)
    pixels = _source(matrices, height, width, 1)
    labels = pixels if stride == 1 else _source(matrices, height, width, stride)
    return mapped(
        batch,
        lambda name, images: _taken(images, pixels, FILLS.get(name, 0)),
        lambda name, images: _taken(images, labels, FILLS.get(name, 0)),
    )


def _source(matrices: Tensor, height: int, width: int, stride: int) -> _Source:
    """Return the sources of every stride-th pixel, on the grid of these pixels."""
    rows, columns = (
        torch.arange(0, side, stride, device=matrices.device) - (side - 1) / 2
        for side in (height, width)
    )
    row, in_rows = _along(matrices[:, 0], rows, columns, height, stride)
    column, in_columns = _along(matrices[:, 1], rows, columns, width, stride)
    return _Source(row * len(columns) + column, in_rows & in_columns)


def _along(
    weights: Tensor, rows: Tensor, columns: Tensor, side: int, stride: int
) -> tuple[Tensor, Tensor]:
    """Return the nearest place along an axis, in units of the stride, and whether it is within."""
    # A sum of two broadcast terms, so that little is computed for each pixel.
    down = (weights[:, :1] * rows + (side - 1) / 2) / stride
    right = weights[:, 1:] * columns / stride
    position = down[:, :, None] + right[:, None]
    within = (position >= 0) & (position <= (side - 1) / stride)
    return (position + 0.5).int().clamp_(0, (side - 1) // stride), within


def _taken(images: Tensor, source: _Source, fill: int) -> Tensor:
    image = torch.arange(len(images), device=images.device)[:, None, None]
    taken = images.flatten(1, 2)[image, source.place]
    missing = ~source.exists.reshape(source.exists.shape + (1,) * (taken.ndim - 3))
    return taken.masked_fill_(missing, fill)
