"""Saturation of predicted colors, which a term of the objective can raise.

colorization-pytorch's fork describes a term "based on average saturation of predicted images" of
weight 0.0001 and has no code for it. Here a pixel's term is 100 (1 - S), in percent, with S the
saturation of HSV, (max - min) / max over R, G and B of the sRGB color of its lightness and its
predicted ab, each clipped to what can be shown.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...color.lab import LAB_LIMIT, LAB_OFFSET, LAB_SLOPE, WHITE_D65, XYZ_TO_SRGB
from ...quantize.quantizer import Quantizer
from ..data.batch import Batch
from ..models.outputs import AB_UNIT
from .pixel_losses import LossOptions
from .targets import subsampled

LINEAR_LIMIT = 0.0031308  # of linear sRGB, below which the transfer function is linear
DARKEST = 1.0 / 255.0  # the least maximum of R, G, B, so that black has a finite gradient


class Unsaturation(nn.Module):
    """What the saturation of predicted colors lacks to 100 percent."""

    def __init__(self, quantizer: Quantizer, options: LossOptions) -> None:
        super().__init__()

    def forward(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return each pixel's term, (B, h, w), from outputs in units of 110 CIELAB units."""
        precise = outputs.to(torch.promote_types(outputs.dtype, torch.float32))
        shape = (len(outputs), *outputs.shape[2:])
        lightness = subsampled(batch["lightness"], shape).to(precise.dtype) / 2.55
        return 100.0 * (1.0 - saturation_of(srgb_of(lightness, AB_UNIT * precise)))


def srgb_of(lightness: Tensor, ab: Tensor) -> Tensor:
    """Convert Lab to sRGB, clipped channel by channel, as `color.lab.lab_to_rgb`.

    Parameters
    ----------
    lightness : Tensor of shape (B, h, w), 0 to 100
    ab : Tensor of shape (B, 2, h, w), CIELAB units

    Returns
    -------
    Tensor of shape (B, 3, h, w), 0 to 1
        Differentiable; the gradient of a clipped channel is 0.
    """
    y = (lightness + 16.0) / 116.0
    f = torch.stack([y + ab[:, 0] / 500.0, y, (y - ab[:, 1] / 200.0).clamp(min=0.0)], dim=-1)
    xyz = torch.where(f > LAB_LIMIT, f**3, (f - LAB_OFFSET) / LAB_SLOPE)
    to_linear = torch.from_numpy((XYZ_TO_SRGB * WHITE_D65).T).to(xyz)
    linear = (xyz @ to_linear).clamp(0.0, 1.0)
    # The root of 0 has no gradient, even where the other branch is taken.
    curved = 1.055 * linear.clamp(min=LINEAR_LIMIT) ** (1 / 2.4) - 0.055
    return torch.where(linear > LINEAR_LIMIT, curved, 12.92 * linear).clamp(max=1.0).movedim(-1, 1)


def saturation_of(rgb: Tensor) -> Tensor:
    """Return the saturation of HSV, from 0 to 1; below that where R, G and B are below 1/255.

    Parameters
    ----------
    rgb : Tensor of shape (B, 3, h, w), 0 to 1

    Returns
    -------
    Tensor of shape (B, h, w)
        Differentiable.
    """
    largest, smallest = rgb.amax(dim=1), rgb.amin(dim=1)
    return (largest - smallest) / largest.clamp(min=DARKEST)
