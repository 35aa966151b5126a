"""colorizer-fcn's fully convolutional networks on VGG-16: FCN-32s, FCN-16s, FCN-8s.

VGG-16 with one input channel, 100 pixels of padding, and batch norm between every convolution and
its ReLU; its fully connected layers are convolutions; scores are upsampled by fixed bilinear
kernels and cropped to the size of the input. FCN-16s and FCN-8s add scores of the fourth and third
pooling. Shared layers have the same names, so that each network can start from the previous one by
`load_matching`. Additional scores start at 0, so that it then gives the same outputs, apart from
upsampling in two or three steps.

References
----------
Long, Shelhamer, Darrell, CVPR 2015; colorizer-fcn.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layers import initialize, scaled

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # channels, number of convolutions
FULLY_CONNECTED = 4096
PADDING = 100


class Fcn32s(nn.Module):
    """Scores at 1/32 of the resolution, upsampled in one step; 134 million parameters.

    Parameters
    ----------
    width : float
        Multiplies the channels.

    Notes
    -----
    Takes lightness (B, 1, H, W) in [-1, 1]; returns (B, n_outputs, H, W).
    """

    def __init__(self, n_outputs: int, width: float = 1.0) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        channels, padding = 1, PADDING
        for count, n_layers in BLOCKS:
            block = nn.Sequential()
            for _ in range(n_layers):
                block.append(_layer(channels, scaled(count, width), padding=padding))
                channels, padding = scaled(count, width), 1
            self.blocks.append(block)
        out = scaled(FULLY_CONNECTED, width)
        self.fc6 = nn.Sequential(_layer(channels, out, kernel=7, padding=0), nn.Dropout2d())
        self.fc7 = nn.Sequential(_layer(out, out, kernel=1, padding=0), nn.Dropout2d())
        self.score = nn.Conv2d(out, n_outputs, 1)
        initialize(self, self.score)

    def forward(self, lightness: Tensor) -> Tensor:
        """Return the outputs at full resolution."""
        *_, score = self.features(lightness)
        return _cropped(upsampled(score, 32), 19, lightness)

    def features(self, lightness: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the third and fourth pooling, and the scores of the last layer."""
        x, pooled = lightness, []
        for block in self.blocks:
            x = functional.max_pool2d(block(x), 2, ceil_mode=True)
            pooled.append(x)
        return pooled[2], pooled[3], self.score(self.fc7(self.fc6(x)))


class Fcn16s(Fcn32s):
    """FCN-32s with additional scores of the fourth pooling, at 1/16 of the resolution."""

    def __init__(self, n_outputs: int, width: float = 1.0) -> None:
        super().__init__(n_outputs, width)
        self.score_pool4 = nn.Conv2d(scaled(512, width), n_outputs, 1)
        initialize(self.score_pool4, self.score_pool4)

    def forward(self, lightness: Tensor) -> Tensor:
        """Return the outputs at full resolution."""
        _, pool4, score = self.features(lightness)
        return _cropped(upsampled(self.sixteenth(pool4, score), 16), 27, lightness)

    def sixteenth(self, pool4: Tensor, score: Tensor) -> Tensor:
        """Return the scores at 1/16 of the resolution."""
        score = upsampled(score, 2)
        return score + _cropped(self.score_pool4(pool4), 5, score)


class Fcn8s(Fcn16s):
    """FCN-16s with additional scores of the third pooling, at 1/8 of the resolution."""

    def __init__(self, n_outputs: int, width: float = 1.0) -> None:
        super().__init__(n_outputs, width)
        self.score_pool3 = nn.Conv2d(scaled(256, width), n_outputs, 1)
        initialize(self.score_pool3, self.score_pool3)

    def forward(self, lightness: Tensor) -> Tensor:
        """Return the outputs at full resolution."""
        pool3, pool4, score = self.features(lightness)
        score = upsampled(self.sixteenth(pool4, score), 2)
        score = score + _cropped(self.score_pool3(pool3), 9, score)
        return _cropped(upsampled(score, 8), 31, lightness)


def upsampled(scores: Tensor, factor: int) -> Tensor:
    """Return scores upsampled by a transposed convolution with a fixed bilinear kernel.

    Parameters
    ----------
    scores : Tensor of shape (B, K, h, w)
    factor : int
        An even number.

    Returns
    -------
    Tensor of shape (B, K, factor (h + 1), factor (w + 1))
        Wider by half a factor on each side than `factor` times the scores.

    Notes
    -----
    The kernel has width 2 factor and is the same for each channel. A grouped convolution needs
    4 factor^2 numbers, a dense one K^2 times as many (268 million for K = 256 and factor 32).
    """
    places = torch.arange(2 * factor, device=scores.device, dtype=scores.dtype)
    triangle = 1.0 - (places - (factor - 0.5)).abs() / factor
    kernel = (triangle[:, None] * triangle).expand(scores.shape[1], 1, -1, -1)
    return functional.conv_transpose2d(scores, kernel, stride=factor, groups=scores.shape[1])


def _cropped(x: Tensor, offset: int, like: Tensor) -> Tensor:
    height, width = like.shape[2:]
    return x[:, :, offset : offset + height, offset : offset + width]


def _layer(channels: int, out: int, kernel: int = 3, padding: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, padding=padding),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
    )
