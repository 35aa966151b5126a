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
