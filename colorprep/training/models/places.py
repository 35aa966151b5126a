"""The Places models: a ResNet-18 colorizer, U-Nets for 32 and 224 pixels, a generator of RGB.

They see luma, a weighted mean of R, G and B, which is not the lightness of CIELAB. All but the
generator were published with targets (ab + 128) / 255.

Differences from the originals: colors are joined with the lightness of the image, where they took
luma for lightness; a last batch norm that the generator declares and never uses is left out.

References
----------
image-colorization of akbokha; He et al., CVPR 2016 (ResNet-18); Nazeri, Ng, Ebrahimi, 2018 (the
U-Nets as generators).
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from .conversions import ab_of_fraction
from .layers import PointwiseConv2d, initialize_by_outputs, scaled
from .spec import NetworkSpec


class PlacesResNet(nn.Module):
    """ResNet-18 up to its second layer, and an upsampling decoder; 1 million parameters.

    Parameters
    ----------
    spec : NetworkSpec
        With the head ``ab``.

    Notes
    -----
    Takes luma (B, 1, H, W) in [0, 1]; returns ab (B, 2, H, W), linear, in squares of 2x2 equal
    pixels, since the decoder's last step repeats pixels. Where a side is not a multiple of 8, what
    the decoder makes beyond the image is cut off. The names of ResNet-18's layers are
    torchvision's, and so is their initialization; its first layer has one input channel and begins
    as the sum over three.
    """

    takes = ("luma",)
    predicts = ("ab",)

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        few, some, many = (scaled(count, spec.width) for count in (32, 64, 128))
        self.conv1 = nn.Conv2d(1, some, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(some)
        self.layer1 = nn.Sequential(BasicBlock(some, some), BasicBlock(some, some))
        self.layer2 = nn.Sequential(BasicBlock(some, many, stride=2), BasicBlock(many, many))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        with torch.no_grad():
            self.conv1.weight *= 3**0.5  # a sum of three independent weights
        self.decoder = nn.Sequential(
            *_convolved(many, many),
            nn.Upsample(scale_factor=2),
            *_convolved(many, some),
            *_convolved(some, some),
            nn.Upsample(scale_factor=2),
            *_convolved(some, few),
            nn.Conv2d(few, spec.n_outputs, 3, padding=1),
            nn.Upsample(scale_factor=2),
        )

    def forward(self, luma: Tensor) -> Tensor:
        """Return ab at the resolution of the image."""
        x = functional.relu(self.bn1(self.conv1(luma)), inplace=True)
        x = functional.max_pool2d(x, 3, 2, 1)
        x = self.decoder(self.layer2(self.layer1(x)))
        return ab_of_fraction(x[:, :, : luma.shape[2], : luma.shape[3]])


class BasicBlock(nn.Module):
    """Two convolutions of 3x3 and a shortcut, as in ResNet-18."""

    def __init__(self, channels: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample: nn.Module = nn.Identity()
        if stride > 1:
            self.downsample = nn.Sequential(
                PointwiseConv2d(channels, out, stride, bias=False), nn.BatchNorm2d(out)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of shortcut and convolutions, after a ReLU."""
        y = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        return functional.relu(self.bn2(self.conv2(y)) + self.downsample(x), inplace=True)


class PlacesUNet(nn.Module):
    """A U-Net of 4x4 convolutions with batch norm after each activation, ending in a tanh.

    Parameters
    ----------
    spec : NetworkSpec
        With the head ``ab``.

    Attributes
    ----------
    levels : tuple of pairs of int
        Channels and stride of each convolution on the way down.
    side_step : int
        Sides must be multiples of it.
    least_side : int
        The minimum side.

    Notes
    -----
    Takes luma (B, 1, H, W) in [0, 1]; returns ab (B, 2, H, W). Weights begin as torch's defaults.
    """

    takes = ("luma",)
    predicts = ("ab",)
    levels: ClassVar[tuple[tuple[int, int], ...]]
    side_step: ClassVar[int]
    least_side: ClassVar[int]

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        outs = [scaled(count, spec.width) for count, _ in self.levels]
        strides = [stride for _, stride in self.levels]
        self.down = nn.ModuleList(map(_contraction, [1, *outs], outs, strides))
        # A level up ends with the channels of its skip connection; the last one has none.
        ups = [*outs[-2::-1], scaled(64, spec.width)]
        inputs = [outs[-1], *(2 * count for count in ups[:-1])]
        self.up = nn.ModuleList(map(_expansion, inputs, ups, strides[::-1]))
        self.score = nn.Conv2d(ups[-1], spec.n_outputs, 1)

    def forward(self, luma: Tensor) -> Tensor:
        """Return ab at the resolution of the image."""
        x, skips = luma, []
        for layers in self.down:
            x = layers(x)
            skips.append(x)
        x = self.up[0](skips.pop())
        for layers, skip in zip(self.up[1:], reversed(skips), strict=True):
            x = layers(torch.cat([x, skip], dim=1))
        return ab_of_fraction(torch.tanh(self.score(x)))


class PlacesUNet32(PlacesUNet):
    """Four levels, for 32x32 pixels; 6.3 million parameters."""

    levels = ((64, 2), (128, 2), (256, 2), (512, 2))
    side_step = 16
    least_side = 16


class PlacesUNet224(PlacesUNet):
    """Seven levels, for 224x224 pixels; 42 million parameters.

    The last two are not strided and have maps of 6x6 and 5x5 pixels.
    """

    levels = ((64, 2), (128, 2), (256, 2), (512, 2), (512, 2), (512, 1), (512, 1))
    side_step = 32
    least_side = 96


class PlacesGenerator(nn.Module):
    """The generator of the Places GAN, with additive skip connections; 7.8 million parameters.

    Parameters
    ----------
    spec : NetworkSpec
        With the head ``rgb``.

    Notes
    -----
    Takes luma (B, 1, H, W) in [0, 1] and multiplies it by 100, as published; returns RGB
    (B, 3, H, W) in [-1, 1]. Sides are multiples of `side_step`. Weights are normal with variance
    2 / (kernel area x output channels).
    """

    takes = ("luma",)
    predicts = ("rgb",)
    side_step = 32

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        outs = [scaled(count, spec.width) for count in (64, 128, 256, 512, 512)]
        self.down = nn.ModuleList(map(_strided, [1, *outs], outs))
        self.up = nn.ModuleList(map(_doubled, outs[:0:-1], outs[-2::-1]))
        self.score = _doubling(outs[0], spec.n_outputs)
        initialize_by_outputs(self)

    def forward(self, luma: Tensor) -> Tensor:
        """Return RGB at the resolution of the image."""
        x, skips = 100 * luma, []
        for layers in self.down:
            x = layers(x)
            skips.append(x)
        for layers, skip in zip(self.up, skips[-2::-1], strict=True):
            x = layers(x) + skip
        return torch.tanh(self.score(x))


def _convolved(channels: int, out: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(channels, out, 3, padding=1), nn.BatchNorm2d(out), nn.ReLU(inplace=True)


def _contraction(channels: int, out: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels, out, 4, stride, 1)
    return nn.Sequential(convolution, nn.LeakyReLU(0.2, inplace=True), nn.BatchNorm2d(out))


def _expansion(channels: int, out: int, stride: int) -> nn.Sequential:
    convolution = nn.ConvTranspose2d(channels, out, 4, stride, 1)
    return nn.Sequential(convolution, nn.ReLU(inplace=True), nn.BatchNorm2d(out))


def _strided(channels: int, out: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels, out, 3, 2, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(out), nn.LeakyReLU(0.1, inplace=True))


def _doubled(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(_doubling(channels, out), nn.BatchNorm2d(out), nn.ReLU(inplace=True))


def _doubling(channels: int, out: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(channels, out, 3, 2, 1, output_padding=1, bias=False)
