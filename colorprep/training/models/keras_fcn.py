"""Keras-FCN's networks: a dilated ResNet-50 with a decoder for segments, for bins, or for ab.

The decoder follows from the head. That for segments has one convolution, whose scores are
upsampled (AtrousFCN_Resnet50_16s). That for bins upsamples features in between two convolutions,
that for ab upsamples in four steps.

Layers that are new in colorization have names with ``colorization``: the published trainings give
them 10 or 3 times the learning rate of the trunk. They are initialized by He et al.'s rule, the
output layers included.

What the originals got wrong is left out: a ReLU after the last layer of ab, which made negative
values impossible; a softmax before a loss that takes logits; the name ``colorization1_conv2``,
which the multiplier for ``colorization_conv2`` missed. They upsample without half-pixel centers,
which shifts scores by up to half a cell; here pixels are aligned by their centers.

References
----------
Keras-FCN; image-colorization on Keras-FCN.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn
from torch.nn import functional

from .layers import initialize, scaled
from .outputs import AB_UNIT
from .resnet50 import MODIFIED, PARENT, DilatedResNet50
from .spec import NetworkSpec


class KerasFcn(nn.Module):
    """A dilated ResNet-50 and the decoder of a head; 24 to 35 million parameters.

    Parameters
    ----------
    spec : NetworkSpec
        With one head of `predicts`. `width` scales the channels of the trunk and those inside the
        decoder; `stride` is used by `BinDecoder`.
    parent : bool
        Take Keras-FCN's own trunk in place of the colorization networks'. They differ in strides
        and dilations alone: weights of one fit the other.

    Notes
    -----
    Takes ``caffe-gray`` (B, 3, H, W) of any sides from `least_side` on; returns (B, n_outputs, H,
    W), for bins (B, n_outputs, ceil(H / stride), ceil(W / stride)).
    """

    takes = ("caffe-gray",)
    predicts = ("segments", "bins", "bins-and-ignored", "ab")
    least_side = 5

    def __init__(self, spec: NetworkSpec, parent: bool = False) -> None:
        super().__init__()
        (head,) = spec.channels
        self.trunk = DilatedResNet50(PARENT if parent else MODIFIED, spec.width)
        self.decoder = DECODERS.get(head, BinDecoder)(self.trunk.n_channels, spec)

    def forward(self, gray: Tensor) -> Tensor:
        """Return the outputs."""
        outputs: Tensor = self.decoder(self.trunk(gray), gray.shape[2:])
        return outputs


class SegmentDecoder(nn.Module):
    """Scores of segments, upsampled to the resolution of the image.

    Parameters
    ----------
    channels : int
        Of the features.
    """

    def __init__(self, channels: int, spec: NetworkSpec) -> None:
        super().__init__()
        self.score = nn.Conv2d(channels, spec.n_outputs, 1)
        initialize(self)

    def forward(self, features: Tensor, size: Sequence[int]) -> Tensor:
        """Return logits at the resolution of the image."""
        return _upsampled(self.score(features), size)


class BinDecoder(nn.Module):
    """A convolution of features, upsampling, and a convolution at the resolution of the labels.

    Parameters
    ----------
    channels : int
        Of the features.

    Notes
    -----
    Published at stride 1: for 320x320 pixels the last layer costs 91 of 103 billion
    multiplications, and 314 logits take 129 MB an image. At stride s both are a fraction 1 / s^2;
    its 3x3 window is then 3 s pixels wide, so that a network is used at the stride it learned at.
    """

    def __init__(self, channels: int, spec: NetworkSpec) -> None:
        super().__init__()
        inner = scaled(spec.n_outputs, spec.width)
        self.stride = spec.stride
        self.colorization_conv1 = nn.Conv2d(channels, inner, 3, padding=1)
        self.colorization_conv2 = nn.Conv2d(inner, spec.n_outputs, 3, padding=1)
        initialize(self)

    def forward(self, features: Tensor, size: Sequence[int]) -> Tensor:
        """Return logits at the resolution of the labels."""
        x = functional.relu(self.colorization_conv1(features), inplace=True)
        x = _upsampled(x, [-(-side // self.stride) for side in size])
        logits: Tensor = self.colorization_conv2(x)
        return logits


class AbDecoder(nn.Module):
    """Four times upsampling and a convolution, at 1/8, 1/4, 1/2 and the full resolution.

    Parameters
    ----------
    channels : int
        Of the features.

    Notes
    -----
    The last layer gives CIELAB units, so that published learning rates fit.
    """

    def __init__(self, channels: int, spec: NetworkSpec) -> None:
        super().__init__()
        wide, narrow = (scaled(count, spec.width) for count in (512, 256))
        self.colorization_conv1 = nn.Conv2d(channels, wide, 3, padding=1)
        self.colorization_conv2 = nn.Conv2d(wide, narrow, 3, padding=1)
        self.colorization_conv3 = nn.Conv2d(narrow, narrow, 3, padding=2, dilation=2)
        self.colorization_conv4 = nn.Conv2d(narrow, spec.n_outputs, 3, padding=2, dilation=2)
        initialize(self)

    def forward(self, features: Tensor, size: Sequence[int]) -> Tensor:
        """Return ab at the resolution of the image."""
        x = features
        for divisor, convolution in zip((8, 4, 2, 1), self.children(), strict=True):
            # The features are not negative: the first ReLU changes nothing.
            x = _upsampled(functional.relu(x), [-(-side // divisor) for side in size])
            x = convolution(x)
        return x / AB_UNIT


DECODERS: dict[str, Callable[[int, NetworkSpec], nn.Module]] = {
    "segments": SegmentDecoder,
    "ab": AbDecoder,
}  # of other heads: BinDecoder


def _upsampled(x: Tensor, size: Sequence[int]) -> Tensor:
    return functional.interpolate(x, tuple(size), mode="bilinear", align_corners=False)
