"""Losses of other things than bins and ab: of RGB pictures, segments, and classes of images."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...metrics.segmentation import VOID
from ...quantize.quantizer import Quantizer
from ..data.batch import Batch
from ..models.inputs import rgb_of
from .pixel_losses import LossOptions


class RgbError(nn.Module):
    """The mean over R, G and B of |e|, for sRGB from 0 to 1, at the labeled pixels."""

    def __init__(self, quantizer: Quantizer, options: LossOptions) -> None:
        super().__init__()

    def forward(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return each labeled pixel's loss, (B, h, w), from sRGB (B, 3, H, W) in [-1, 1]."""
        error = (outputs - rgb_of(batch)).abs().mean(dim=1) / 2.0
        (height, width), (rows, columns) = error.shape[1:], batch["label"].shape[1:]
        return error[:, :: -(-height // rows), :: -(-width // columns)]


class SegmentCrossEntropy(nn.Module):
    """Cross-entropy of each pixel's segment."""

    def __init__(self, quantizer: Quantizer, options: LossOptions) -> None:
        super().__init__()

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return each pixel's loss in nats, (B, h, w); 0 for void pixels."""
        segments = batch["segments"].long()
        return _cross_entropy(logits, segments, VOID)


class ClassCrossEntropy(nn.Module):
    """Cross-entropy of each image's class."""

    def __init__(self, quantizer: Quantizer, options: LossOptions) -> None:
        super().__init__()

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return each image's loss in nats, (B,), from logits (B, n); 0 for images of no class."""
        classes = batch["class_id"].long()
        return _cross_entropy(logits, classes, -1)


class SegmentWeights(nn.Module):
    """Weight 1 for each pixel of a segment, 0 for void pixels."""

    nothing = (
        "no pixel of theirs is of a segment, all are void (255)",
        "choose other images, or other masks with `colorprep labels --segments DIR`",
    )

    def __init__(self, quantizer: Quantizer, options: LossOptions) -> None:
        super().__init__()

    def forward(self, batch: Batch) -> Tensor:
        """Return the weights of a batch's pixels, (B, h, w) float32."""
        return self.mask(batch).float()

    def mask(self, batch: Batch) -> Tensor:
        """Return which pixels count, (B, h, w) bool."""
        return batch["segments"] != VOID


class ClassWeights(nn.Module):
    """Weight 1 for each image with a class, 0 for others."""

    nothing = (
        "none of them has a class",
        "make labels of images in a folder per class, see `colorprep labels --class-from`",
    )

    def __init__(self, quantizer: Quantizer, options: LossOptions) -> None:
        super().__init__()

    def forward(self, batch: Batch) -> Tensor:
        """Return the weights of a batch's images, (B,) float32."""
        return self.mask(batch).float()

    def mask(self, batch: Batch) -> Tensor:
        """Return which images count, (B,) bool."""
        return batch["class_id"] >= 0


def _cross_entropy(logits: Tensor, targets: Tensor, ignored: int) -> Tensor:
    """Return the cross-entropy of each target in nats, in float32 or better; 0 if ignored."""
    precise = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return functional.cross_entropy(precise, targets, reduction="none", ignore_index=ignored)
