"""Keras-FCN's ResNet-50: its last stages are dilated instead of strided, so that maps stay larger.

It is Keras's ResNet-50: convolutions have biases, the stride of a stage is on its first 1x1
convolution, padding is TensorFlow's, batch norm's epsilon is 1e-3, and max-pooling is unpadded, so
that a side of 320 becomes 160, then 79. Layers have torchvision's names. Weights are initialized
by Glorot and Bengio's rule, as in Keras; the published trainings start from ImageNet.

References
----------
He et al., CVPR 2016 (ResNet); Chen et al., ICLR 2015 (dilation).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from .keras_layers import initialize_uniformly, keras_batch_norm, same_padded
from .layers import PointwiseConv2d, scaled

EXPANSION = 4  # output channels of a block per inner channel
KEPT = 0.95  # of the statistics of batch norm, in a step


@dataclass(frozen=True)
class Stage:
    """A run of blocks at one resolution.

    Attributes
    ----------
    channels : int
        Of the inner convolutions.
    stride : int
        Of the first block.
    dilation : int
        Of the 3x3 convolution of every block, the first included.
    """

    n_blocks: int
    channels: int
    stride: int
    dilation: int


# Keras-FCN's own: features at 1/16 of the resolution.
PARENT = (Stage(3, 64, 1, 1), Stage(4, 128, 2, 1), Stage(6, 256, 2, 1), Stage(3, 512, 1, 2))
# The colorization networks': dilated as for 1/8, but the first stage is strided, so it is 1/16.
MODIFIED = (Stage(3, 64, 2, 1), Stage(4, 128, 2, 1), Stage(6, 256, 1, 2), Stage(3, 512, 1, 4))


class DilatedResNet50(nn.Module):
    """ResNet-50 without its classifier; 23.5 million parameters.

    Parameters
    ----------
    stages : tuple of Stage
        `PARENT` or `MODIFIED`.
    width : float
        Multiplies the channels.

    Attributes
    ----------
    n_channels : int
        Of the features.

    Notes
    -----
    Takes images (B, 3, H, W) with H and W at least 5; returns features (B, n_channels, h, w), not
    negative. A stride divides sides and rounds up.
    """

    def __init__(self, stages: tuple[Stage, ...], width: float = 1.0) -> None:
        super().__init__()
        channels = scaled(64, width)
        self.conv1 = nn.Conv2d(3, channels, 7, stride=2)
        self.bn1 = keras_batch_norm(channels, KEPT)
        for number, stage in enumerate(stages, start=1):
            inner, out = (scaled(n * stage.channels, width) for n in (1, EXPANSION))
            blocks = [Bottleneck(channels, inner, out, stage, first=True)]
            for _ in range(stage.n_blocks - 1):
                blocks.append(Bottleneck(out, inner, out, stage, first=False))
            self.add_module(f"layer{number}", nn.Sequential(*blocks))
            channels = out
        self.n_channels = channels
        initialize_uniformly(self)

    def forward(self, images: Tensor) -> Tensor:
        """Return the features of the last stage."""
        x = same_padded(images, kernel=7, stride=2)
        x = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        x = functional.max_pool2d(x, 3, 2)
        for name, stage in self.named_children():
            if name.startswith("layer"):
                x = stage(x)
        return x


class Bottleneck(nn.Module):
    """Convolutions of 1x1, 3x3 and 1x1, and a shortcut.

    Parameters
    ----------
    channels, inner, out : int
        Of the input, between the convolutions, and of the output.
    first : bool
        Whether it is the first block of its stage, which has the stride, and whose shortcut is a
        1x1 convolution.
    """

    def __init__(self, channels: int, inner: int, out: int, stage: Stage, first: bool) -> None:
        super().__init__()
        stride = stage.stride if first else 1
        self.conv1 = PointwiseConv2d(channels, inner, stride)
        self.bn1 = keras_batch_norm(inner, KEPT)
        self.conv2 = nn.Conv2d(inner, inner, 3, 1, stage.dilation, stage.dilation)
        self.bn2 = keras_batch_norm(inner, KEPT)
        self.conv3 = nn.Conv2d(inner, out, 1)
        self.bn3 = keras_batch_norm(out, KEPT)
        self.downsample: nn.Module = nn.Identity()
        if first:
            self.downsample = nn.Sequential(
                PointwiseConv2d(channels, out, stride), keras_batch_norm(out, KEPT)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of shortcut and convolutions, after a ReLU."""
        y = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        y = functional.relu(self.bn2(self.conv2(y)), inplace=True)
        return functional.relu(self.bn3(self.conv3(y)) + self.downsample(x), inplace=True)
