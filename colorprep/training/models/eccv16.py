"""The network of Zhang, Isola, Efros, ECCV 2016, as released in PyTorch, without its last layer.

That layer turns 313 probabilities into ab, which is decoding here.
"""

from __future__ import annotations

from torch import Tensor, nn

from .layers import initialize, scaled

# Channels, number of convolutions, stride of the last, dilation; each block ends in batch norm.
BLOCKS = [
    (64, 2, 2, 1),
    (128, 2, 2, 1),
    (256, 3, 2, 1),
    (512, 3, 1, 1),
    (512, 3, 1, 2),
    (512, 3, 1, 2),
    (512, 3, 1, 1),
]


class Eccv16(nn.Module):
    """Eight blocks of convolutions, without skips; 32.2 million parameters for 313 bins.

    Parameters
    ----------
    width : float
        Multiplies the channels.

    Notes
    -----
    Takes lightness (B, 1, H, W) in [-1, 1]; returns (B, n_outputs, ceil(H/4), ceil(W/4)).
    """

    probed = ("block1", "block2", "block3", "block4", "block5")

    def __init__(self, n_outputs: int, width: float = 1.0) -> None:
        super().__init__()
        channels = 1
        for number, (out, n_layers, stride, dilation) in enumerate(BLOCKS, start=1):
            block = _block(channels, scaled(out, width), n_layers, stride, dilation)
            self.add_module(f"block{number}", block)
            channels = scaled(out, width)
        out = scaled(256, width)
        self.block8 = nn.Sequential(
            nn.ConvTranspose2d(channels, out, 4, 2, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(out, out, 3, 1, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(out, out, 3, 1, 1),
            nn.ReLU(inplace=True),
        )
        self.score = nn.Conv2d(out, n_outputs, 1)
        initialize(self, self.score)

    def forward(self, lightness: Tensor) -> Tensor:
        """Return the outputs at a quarter of the resolution."""
        height, width = (-(-side // 4) for side in lightness.shape[2:])
        x = lightness
        for block in self.children():
            x = block(x)
        # Twice an eighth, rounded up, may be one row or column too many.
        return x[:, :, :height, :width]


def _block(channels: int, out: int, n_layers: int, stride: int, dilation: int) -> nn.Sequential:
    block = nn.Sequential()
    for number in range(n_layers):
        last = number == n_layers - 1
        block.append(nn.Conv2d(channels, out, 3, stride if last else 1, dilation, dilation))
        block.append(nn.ReLU(inplace=True))
        channels = out
    return block.append(nn.BatchNorm2d(out))
