"""A batch of images as tensors, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

# lightness uint8 (B, H, W), label int32 (B, h, w), ab int8 (B, h, w, 2), ...: see `ShardDataset`.
Batch: TypeAlias = dict[str, Tensor]

# Memory for a tensor of a shape and type, whose content is arbitrary.
Allocate: TypeAlias = Callable[[tuple[int, ...], torch.dtype], Tensor]


def mapped(
    batch: Batch,
    of_pixels: Callable[[str, Tensor], Tensor],
    of_labels: Callable[[str, Tensor], Tensor],
) -> Batch:
    """Return a batch whose images are mapped by functions of their name and values.

    Parameters
    ----------
    of_pixels : callable
        For arrays with the height and width of ``lightness``.
    of_labels : callable
        For other arrays with the height and width of ``label``.
    """
    pixels, labels = batch["lightness"].shape[1:], batch["label"].shape[1:]
    result = {}
    for name, tensor in batch.items():
        if tensor.ndim > 2 and tensor.shape[1:3] == pixels:
            result[name] = of_pixels(name, tensor)
        elif tensor.ndim > 2 and tensor.shape[1:3] == labels:
            result[name] = of_labels(name, tensor)
        else:
            result[name] = tensor
    return result
