"""A U-Net whose decoder ends at the labels' resolution.

References
----------
Ronneberger, Fischer, Brox, MICCAI 2015; here with batch norm, padding, and half the channels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layers import initialize, normalized_layer, resized, scaled

CHANNELS = (32, 64, 128, 256, 512)  # at full resolution, a half, a quarter, ...
OUTPUT_LEVEL = 2  # a quarter: pixels between labels need no outputs


class UNet(nn.Module):
    """Four levels of pooling, and two levels of upsampling with skip connections.

    Parameters
    ----------
    width : float
        Multiplies the channels.

    Notes
    -----
    Takes lightness (B, 1, H, W) in [-1, 1]; returns (B, n_outputs, ceil(H/4), ceil(W/4)).
    """

    def __init__(self, n_outputs: int, width: float = 1.0) -> None:
        super().__init__()
        channels = [scaled(count, width) for count in CHANNELS]
        self.down = nn.ModuleList(map(_pair, [1, *channels], channels))
        ups = range(len(channels) - 2, OUTPUT_LEVEL - 1, -1)
        self.up = nn.ModuleList(_pair(channels[i + 1] + channels[i], channels[i]) for i in ups)
        self.score = nn.Conv2d(channels[OUTPUT_LEVEL], n_outputs, 1)
        initialize(self, self.score)

    def forward(self, lightness: Tensor) -> Tensor:
        """Return the outputs at a quarter of the resolution."""
        skips: list[Tensor] = []
        x = lightness
        for layers in self.down:
            if skips:
                x = functional.max_pool2d(x, 2, ceil_mode=True)
            x = layers(x)
            skips.append(x)
        for layers, skip in zip(self.up, skips[-2 : OUTPUT_LEVEL - 1 : -1], strict=True):
            x = layers(torch.cat([resized(x, skip), skip], dim=1))
        outputs: Tensor = self.score(x)
        return outputs


def _pair(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(normalized_layer(channels, out), normalized_layer(out, out))
