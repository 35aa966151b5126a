"""A small encoder-decoder for trials on a CPU, and a tiny network for tests."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .layers import initialize, normalized_layer, resized, scaled


class SmallColorizer(nn.Module):
    """A small encoder-decoder of about a million parameters.

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
        c = scaled(48, width)  # channels at a quarter of the resolution
        layer = normalized_layer
        self.to_half = layer(1, c // 2, stride=2, kernel=5)
        self.to_quarter = nn.Sequential(layer(c // 2, c, stride=2), layer(c, c))
        self.to_eighth = nn.Sequential(layer(c, 2 * c, stride=2))
        self.to_sixteenth = nn.Sequential(
            layer(2 * c, 4 * c, stride=2), layer(4 * c, 4 * c, dilation=2)
        )
        self.back_to_eighth = layer(6 * c, 2 * c)
        self.back_to_quarter = layer(3 * c, 2 * c)
        self.logits = nn.Conv2d(2 * c, n_outputs, 1)

    def forward(self, lightness: Tensor) -> Tensor:
        """Return the outputs at a quarter of the resolution."""
        quarter = self.to_quarter(self.to_half(lightness))
        eighth = self.to_eighth(quarter)
        bottom = self.to_sixteenth(eighth)
        # The mean over the image adds global context to every pixel.
        bottom = bottom + bottom.mean(dim=(2, 3), keepdim=True)
        x = self.back_to_eighth(torch.cat([resized(bottom, eighth), eighth], dim=1))
        x = self.back_to_quarter(torch.cat([resized(x, quarter), quarter], dim=1))
        outputs: Tensor = self.logits(x)
        return outputs


class TinyColorizer(nn.Module):
    """Three convolutions, for tests.

    Parameters
    ----------
    width : float
        Multiplies the channels.

    Notes
    -----
    Takes lightness (B, 1, H, W) in [-1, 1]; returns (B, n_outputs, ceil(H/4), ceil(W/4)). It has no
    batch norm, so that the outputs of an image do not depend on the others.
    """

    def __init__(self, n_outputs: int, width: float = 1.0) -> None:
        super().__init__()
        c = scaled(8, width)
        self.body = nn.Sequential(
            nn.Conv2d(1, c, 3, 2, 1), nn.ReLU(), nn.Conv2d(c, c, 3, 2, 1), nn.ReLU()
        )
        self.score = nn.Conv2d(c, n_outputs, 1)
        initialize(self, self.score)

    def forward(self, lightness: Tensor) -> Tensor:
        """Return the outputs at a quarter of the resolution."""
        outputs: Tensor = self.score(self.body(lightness))
        return outputs
