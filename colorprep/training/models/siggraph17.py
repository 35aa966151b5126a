"""The network of Zhang et al., SIGGRAPH 2017, which takes hints of color beside lightness.

It differs from `eccv16` in its skips from blocks 1, 2 and 3, and in its two heads: logits over the
bins at a quarter of the resolution, from block 8, and ab of every pixel, from block 10.

Two kinds of weights are in use, which differ in the mask of the hints that they take: it is 0 or 1
in the released ones, and that less 1/2 in those that colorization-pytorch trains. At the border,
where zeros are around it, the two cannot be converted into each other.

References
----------
Zhang et al., "Real-Time User-Guided Image Colorization with Learned Deep Priors", SIGGRAPH 2017;
colorization-pytorch; colorization, which has the released weights.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from .layers import scaled
from .outputs import Heads
from .spec import NetworkSpec

# Channels, number of convolutions, dilation; between the first four, every second pixel is taken.
BLOCKS = [
    (64, 2, 1),
    (128, 2, 1),
    (256, 3, 1),
    (512, 3, 1),
    (512, 3, 2),
    (512, 3, 2),
    (512, 3, 1),
]
N_STRIDED = 3  # blocks after which the resolution is halved
MASK_CENTER = 0.5
LEAK = 0.2
SPREAD = 0.02  # of the initial weights


class Siggraph17(nn.Module):
    """Ten blocks of convolutions with skips; 34.2 million parameters for 529 bins.

    Parameters
    ----------
    spec : NetworkSpec
        With heads of `predicts`; without ``ab``, blocks 9 and 10 are left out.
    centered : bool
        Whether the mask of the hints is taken less 1/2, as colorization-pytorch trains.

    Attributes
    ----------
    trunk_head : str or None
        The only head whose loss reaches the blocks that both share; None for both. It matters in
        training alone.

    Notes
    -----
    Takes lightness (B, 1, H, W) in [-1, 1] and hints (B, 3, H, W), see `inputs`. Returns ``ab``
    (B, 2, H, W) and ``coarse-bins`` (B, Q, ceil(H/4), ceil(W/4)).
    """

    takes = ("lightness", "hints")
    predicts = ("ab", "coarse-bins")
    probed = ("block1", "block2", "block3", "block4", "block5")

    def __init__(self, spec: NetworkSpec, centered: bool = True) -> None:
        super().__init__()
        self.mask_center = MASK_CENTER if centered else 0.0
        self.trunk_head: str | None = None
        channels, widths = 4, []
        for number, (out, n_layers, dilation) in enumerate(BLOCKS, start=1):
            out = scaled(out, spec.width)
            self.add_module(f"block{number}", _block(channels, out, n_layers, dilation))
            widths.append(out)
            channels = out
        inner = scaled(256, spec.width)
        self.up8, self.short8 = _joint(channels, widths[2], inner)
        self.block8 = nn.Sequential(nn.ReLU(inplace=True), *_block(inner, inner, 2))
        if "coarse-bins" in spec.channels:
            self.score_bins = nn.Conv2d(inner, spec.channels["coarse-bins"], 1)
        if "ab" in spec.channels:
            out = scaled(128, spec.width)
            self.up9, self.short9 = _joint(inner, widths[1], out)
            self.block9 = nn.Sequential(nn.ReLU(inplace=True), *_block(out, out, 1))
            self.up10, self.short10 = _joint(out, widths[0], out)
            self.block10 = nn.Sequential(
                nn.ReLU(inplace=True), nn.Conv2d(out, out, 3, 1, 1), nn.LeakyReLU(LEAK)
            )
            self.score_ab = nn.Sequential(nn.Conv2d(out, spec.channels["ab"], 1), nn.Tanh())
        _initialize(self)

    def forward(self, lightness: Tensor, hints: Tensor) -> Heads:
        """Return the outputs by head."""
        ab, mask = torch.split(hints, [2, 1], dim=1)
        # Lightness is (L - 50) / 100 in the original.
        x = torch.cat([lightness / 2.0, ab, mask - self.mask_center], dim=1)
        maps = list(self._trunk(x))
        wide = self.block8(_joined(self.up8(maps[-1]), self.short8(maps[2])))
        heads = {}
        if hasattr(self, "score_ab"):
            heads["ab"] = self._ab(*self._for_head("ab", wide, *maps[:2]))
        if hasattr(self, "score_bins"):
            heads["coarse-bins"] = self.score_bins(*self._for_head("coarse-bins", wide))
        return heads

    def _trunk(self, x: Tensor) -> Iterator[Tensor]:
        for number in range(1, len(BLOCKS) + 1):
            x = self.get_submodule(f"block{number}")(x)
            yield x
            if number <= N_STRIDED:
                x = x[:, :, ::2, ::2]

    def _ab(self, wide: Tensor, first: Tensor, second: Tensor) -> Tensor:
        x = self.block9(_joined(self.up9(wide), self.short9(second)))
        x = self.block10(_joined(self.up10(x), self.short10(first)))
        ab: Tensor = self.score_ab(x)
        return ab

    def _for_head(self, head: str, *features: Tensor) -> list[Tensor]:
        """Return features of the trunk for a head, without their graph if it must not learn."""
        if self.trunk_head in (None, head):
            return list(features)
        return [each.detach() for each in features]


def _block(channels: int, out: int, n_layers: int, dilation: int = 1) -> nn.Sequential:
    block = nn.Sequential()
    for _ in range(n_layers):
        block.append(nn.Conv2d(channels, out, 3, 1, dilation, dilation))
        block.append(nn.ReLU(inplace=True))
        channels = out
    return block.append(nn.BatchNorm2d(out))


def _joint(channels: int, skipped: int, out: int) -> tuple[nn.ConvTranspose2d, nn.Conv2d]:
    """Return the layers that double features' resolution, and that add a skip to them."""
    return nn.ConvTranspose2d(channels, out, 4, 2, 1), nn.Conv2d(skipped, out, 3, 1, 1)


def _joined(upsampled: Tensor, skip: Tensor) -> Tensor:
    """Return the sum; twice a half, rounded up, may be one row or column too many."""
    return upsampled[:, :, : skip.shape[2], : skip.shape[3]] + skip


def _initialize(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, SPREAD)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
