"""The CIFAR models: an autoencoder, a U-Net, fusion networks, and the generator of a GAN.

Published in Keras for images of 32 x 32 pixels. Their layers, padding, batch norm and initial
values are as there. The networks for ab take L / 100 and predict (ab + 128) / 255, here converted
to the head ``ab``; the one for RGB takes a gray picture of three equal channels.

Tanh at the end of networks whose targets are from 0 to 1 is as published, and so is its place in
the fusion networks: before the last upsampling, so that their colors are blocks of 2 x 2 pixels.

References
----------
dl-project-colorization, whose mistakes are left out. Its `train.py` cannot make the network of
labels, since it passes another name. Its classifier sees gray pictures that are repeated along the
height in place of the channels, and L from 0 to 100 in place of levels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .conversions import ab_of_fraction, fraction_of, gray_picture
from .keras_layers import SameConv2d, initialize_uniformly, keras_batch_norm
from .layers import scaled
from .spec import NetworkSpec

U_NET_CHANNELS = (64, 128, 256, 512, 512)  # at a half of the resolution, a quarter, ...
BATCH_NORM_KEPT = 0.8  # Keras's momentum
CODE = 500  # numbers that the autoencoder reduces an image to


class CifarAutoencoder(nn.Module):
    """Convolutions around two dense layers, through which an image passes as 500 numbers.

    Notes
    -----
    Takes lightness (B, 1, 32, 32) in [-1, 1]; returns ab (B, 2, 32, 32). The dense layers are
    linear, without an activation.
    """

    predicts = ("ab",)
    fixed_side = 32

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        wide, narrow = scaled(128, spec.width), scaled(64, spec.width)
        side = self.fixed_side // 4
        folded = narrow * side**2
        self.encoder = nn.Sequential(
            *_activated(1, wide), nn.MaxPool2d(2), *_activated(wide, narrow), nn.MaxPool2d(2)
        )
        self.code = nn.Sequential(
            nn.Flatten(),
            nn.Linear(folded, scaled(CODE, spec.width)),
            nn.Linear(scaled(CODE, spec.width), folded),
            nn.Unflatten(1, (narrow, side, side)),
        )
        self.decoder = nn.Sequential(
            nn.Upsample(scale_factor=2),
            *_activated(narrow, narrow),
            nn.Upsample(scale_factor=2),
            SameConv2d(narrow, spec.n_outputs, 3),
            nn.Sigmoid(),
        )
        initialize_uniformly(self)

    def forward(self, lightness: Tensor) -> Tensor:
        """Return ab at full resolution."""
        return ab_of_fraction(self.decoder(self.code(self.encoder(fraction_of(lightness)))))


class _UNet(nn.Module):
    """Five halvings of the resolution, and upsampling with the features of each concatenated.

    Notes
    -----
    Takes (B, channels, H, W), returns (B, n_outputs, H, W) in [-1, 1].
    """

    side_step = 2 ** len(U_NET_CHANNELS)

    def __init__(self, channels: int, n_outputs: int, width: float) -> None:
        super().__init__()
        counts = [scaled(count, width) for count in U_NET_CHANNELS]
        halvings = list(map(_halving, [channels, *counts], counts))
        for layers, out in zip(halvings[1:], counts[1:], strict=True):
            layers.append(keras_batch_norm(out, BATCH_NORM_KEPT))
        self.down = nn.ModuleList(halvings)
        ups = counts[-2::-1]  # a decoder's features are as many as those that join them
        self.up = nn.ModuleList(map(_doubling, [counts[-1], *(2 * out for out in ups)], ups))
        self.last = nn.Sequential(
            nn.Upsample(scale_factor=2), SameConv2d(2 * ups[-1], n_outputs, 4), nn.Tanh()
        )
        initialize_uniformly(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs at full resolution."""
        skips: list[Tensor] = []
        for layers in self.down:
            x = layers(x)
            skips.append(x)
        for layers, skip in zip(self.up, skips[-2::-1], strict=True):
            x = torch.cat([layers(x), skip], dim=1)
        outputs: Tensor = self.last(x)
        return outputs


class CifarUNet(_UNet):
    """The U-Net for ab.

    Notes
    -----
    Takes lightness (B, 1, H, W) in [-1, 1]; returns ab (B, 2, H, W).
    """

    predicts = ("ab",)

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__(1, spec.n_outputs, spec.width)

    def forward(self, lightness: Tensor) -> Tensor:
        """Return ab at full resolution."""
        return ab_of_fraction(super().forward(fraction_of(lightness)))


class CifarGenerator(_UNet):
    """The generator of the conditional GAN: the same U-Net for RGB.

    Notes
    -----
    Takes luma (B, 1, H, W) in [0, 1]; returns sRGB (B, 3, H, W) in [-1, 1].
    """

    predicts = ("rgb",)
    takes = ("luma",)

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__(3, spec.n_outputs, spec.width)

    def forward(self, luma: Tensor) -> Tensor:
        """Return sRGB at full resolution."""
        return super().forward(gray_picture(luma))


class _Fusion(nn.Module):
    """An encoder and a decoder; between them a vector of the image joins each position.

    Parameters
    ----------
    length : int
        Of the vector.
    """

    predicts = ("ab",)
    side_step = 8

    def __init__(self, spec: NetworkSpec, length: int) -> None:
        super().__init__()
        # Channels at 1/2, 1/4 and 1/8 of the resolution, and back.
        c16, c32, c64, c128, c256, c512 = (scaled(2**power, spec.width) for power in range(4, 10))
        self.encoder = nn.Sequential(
            *_activated(1, c64, stride=2),
            *_activated(c64, c128),
            *_activated(c128, c128, stride=2),
            *_activated(c128, c256),
            *_activated(c256, c256, stride=2),
            *_activated(c256, c512),
            *_activated(c512, c512),
            *_activated(c512, c256),
        )
        self.decoder = nn.Sequential(
            *_activated(c256 + length, c256, kernel=1),
            *_activated(c256, c128),
            nn.Upsample(scale_factor=2),
            *_activated(c128, c64),
            nn.Upsample(scale_factor=2),
            *_activated(c64, c32),
            *_activated(c32, c16),
            SameConv2d(c16, spec.n_outputs, 3),
            nn.Tanh(),
            nn.Upsample(scale_factor=2),
        )
        initialize_uniformly(self)

    def fused(self, lightness: Tensor, vector: Tensor) -> Tensor:
        """Return ab at full resolution, in blocks of 2 x 2 pixels, for vectors (B, length)."""
        features = self.encoder(fraction_of(lightness))
        everywhere = vector[:, :, None, None].expand(-1, -1, *features.shape[2:])
        return ab_of_fraction(self.decoder(torch.cat([features, everywhere], dim=1)))


class CifarLabelFusion(_Fusion):
    """Fusion with the class of the image.

    Notes
    -----
    Takes lightness (B, 1, H, W) in [-1, 1], and classes (B,), -1 for none; returns ab
    (B, 2, H, W).
    """

    takes = ("lightness", "class")

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__(spec, spec.size("classes"))
        self.n_classes = spec.size("classes")

    def forward(self, lightness: Tensor, class_id: Tensor) -> Tensor:
        """Return ab at full resolution."""
        classes = torch.arange(self.n_classes, device=class_id.device)
        return self.fused(lightness, (class_id[:, None] == classes).to(lightness.dtype))


class CifarClassifierFusion(_Fusion):
    """Fusion with what a frozen classifier makes of the image.

    Notes
    -----
    Takes lightness (B, 1, H, W) in [-1, 1], and features (B, n); returns ab (B, 2, H, W). Published
    with 1000 probabilities.
    """

    takes = ("lightness", "features")

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__(spec, spec.size("features"))

    def forward(self, lightness: Tensor, features: Tensor) -> Tensor:
        """Return ab at full resolution."""
        return self.fused(lightness, features)


def _activated(channels: int, out: int, stride: int = 1, kernel: int = 3) -> list[nn.Module]:
    return [SameConv2d(channels, out, kernel, stride), nn.ReLU(inplace=True)]


def _halving(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(SameConv2d(channels, out, 4, 2), nn.LeakyReLU(0.2, inplace=True))


def _doubling(channels: int, out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Upsample(scale_factor=2),
        SameConv2d(channels, out, 4),
        nn.ReLU(inplace=True),
        keras_batch_norm(out, BATCH_NORM_KEPT),
    )
