"""Layers as Keras makes them: padding, batch norm and initial values."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class SameConv2d(nn.Conv2d):
    """A convolution with Keras's padding ``same``, for sides that are multiples of the stride.

    Of kernel - stride pixels of padding, half come before, and an odd one after: none before and
    one after for a kernel of 3 and stride 2, one and two for a kernel of 4 and stride 1.
    """

    def __init__(self, channels: int, out: int, kernel: int, stride: int = 1) -> None:
        before, self.odd = divmod(kernel - stride, 2)
        super().__init__(channels, out, kernel, stride, before)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, out, H / stride, W / stride)."""
        return super().forward(functional.pad(x, (0, self.odd, 0, self.odd)) if self.odd else x)


def same_padded(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Return images with TensorFlow's padding ``SAME``, for ceil(side / stride) outputs.

    An odd row or column of zeros goes after the image: a kernel of 7 with stride 2 needs 2 before
    and 3 after an even side, 3 and 3 at an odd one.
    """
    padding: list[int] = []
    for side in reversed(x.shape[2:]):  # of columns first
        missing = (-(-side // stride) - 1) * stride + kernel - side
        padding += [missing // 2, missing - missing // 2]
    return functional.pad(x, padding)


def keras_batch_norm(channels: int, kept: float) -> nn.BatchNorm2d:
    """Return batch norm with Keras's epsilon, whose statistics keep a fraction of their values.

    Parameters
    ----------
    kept : float
        Keras's momentum, 1 minus torch's.
    """
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=1.0 - kept)


def initialize_uniformly(network: nn.Module) -> None:
    """Initialize all kernels as Keras does by default, and set biases to 0.

    References
    ----------
    Glorot and Bengio, AISTATS 2010: uniform with variance 2 / (inputs + outputs of a unit).
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
