"""Layers of the networks, and their initialization."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


def scaled(channels: int, width: float) -> int:
    """Return a number of channels times the width, at least 1."""
    return max(1, round(channels * width))


class PointwiseConv2d(nn.Conv2d):
    """A 1x1 convolution of every stride-th row and column of pixels.

    torch 2.13's own, with a stride, writes beyond its memory in the backward pass on CPUs with AVX2
    if there are fewer than 8 input channels, as in narrow networks.
    """

    def __init__(self, channels: int, out: int, stride: int = 1, bias: bool = True) -> None:
        super().__init__(channels, out, 1, bias=bias)
        self.step = stride

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, out, ceil(H / stride), ceil(W / stride))."""
        return super().forward(x[:, :, :: self.step, :: self.step])


def normalized_layer(
    channels: int, out: int, stride: int = 1, kernel: int = 3, dilation: int = 1
) -> nn.Sequential:
    """Return a convolution with padding, batch norm, and a ReLU."""
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, stride, padding, dilation, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(inplace=True),
    )


def resized(x: Tensor, like: Tensor) -> Tensor:
    """Return features interpolated bilinearly to the height and width of others."""
    return functional.interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)


def initialize(network: nn.Module, *scores: nn.Conv2d) -> None:
    """Initialize all convolutions by He et al.'s rule; set biases and scores to 0.

    Parameters
    ----------
    *scores : Conv2d
        The output layers.

    References
    ----------
    He et al., ICCV 2015: normal with variance 2 / n, where n is the number of inputs of a unit (for
    transposed convolutions, torch counts outputs). Long et al., CVPR 2015: score layers start at 0.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for score in scores:
        nn.init.zeros_(score.weight)


def initialize_by_outputs(network: nn.Module) -> None:
    """Initialize all kernels by He et al.'s rule, but with the number of outputs of a unit."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.ConvTranspose2d):  # torch calls its outputs "fan_in"
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
