"""Convolutions of 3 x 3 with a quarter of the multiplications, for a CPU.

Winograd's algorithm F(4 x 4, 3 x 3) computes tiles of 4 x 4 outputs from tiles of 6 x 6 inputs.
With the matrices B, G and A below, an input tile d and a kernel g give the output tile

    y  =  A [(G g G') * (B d B')] A',

a product of 36 numbers for each pair of channels, where a direct convolution has 144. Summed over
the channels, these are 36 products of matrices, on which a CPU is fastest. Their gradients follow
from the same formula: that of d is a convolution with the turned kernel, that of g is

    G' [sum over tiles of (B d B') * (A' (gradient of y) A)] G.

Results differ from direct ones by about 1e-5 of the largest value, in float32: less than by TF32 on
a GPU. Transforming tiles costs time in proportion to the channels, their products to the square, so
that it pays for many channels (`LEAST_CHANNELS`).

References
----------
Winograd, Arithmetic Complexity of Computations, 1980; Lavin, Gray, CVPR 2016.
"""

from __future__ import annotations

from typing import Any, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional

OUT, IN = 4, 6  # the sides of a tile of outputs and of inputs
LEAST_CHANNELS = 128  # with 96, nothing is gained
LEAST_SIDE = 3  # of the images; smaller ones leave half a tile empty
CHUNK = 1 << 21  # numbers in the images that are transformed at a time, so that caches hold them

_B = torch.tensor(
    [
        [4.0, 0.0, -5.0, 0.0, 1.0, 0.0],
        [0.0, -4.0, -4.0, 1.0, 1.0, 0.0],
        [0.0, 4.0, -4.0, -1.0, 1.0, 0.0],
        [0.0, -2.0, -1.0, 2.0, 1.0, 0.0],
        [0.0, 2.0, -1.0, -2.0, 1.0, 0.0],
        [0.0, 4.0, 0.0, -5.0, 0.0, 1.0],
    ]
)
_G = torch.tensor(
    [
        [1 / 4, 0.0, 0.0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0.0, 0.0, 1.0],
    ]
)
_A = torch.tensor(
    [
        [1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
        [0.0, 1.0, -1.0, 2.0, -2.0, 0.0],
        [0.0, 1.0, 1.0, 4.0, 4.0, 0.0],
        [0.0, 1.0, -1.0, 8.0, -8.0, 1.0],
    ]
)


def use_winograd(network: nn.Module) -> None:
    """Let the layers of a network use Winograd's algorithm where it pays; their parameters stay."""
    for parent in list(network.modules()):
        for name, layer in parent.named_children():
            if pays(layer):
                setattr(parent, name, WinogradConv2d.of(layer))


class WinogradConv2d(nn.Conv2d):
    """A convolution that uses Winograd's algorithm on a CPU in float32, else torch's."""

    @classmethod
    def of(cls, layer: nn.Conv2d) -> WinogradConv2d:
        """Return a layer with the parameters of another one, for which `pays` is true."""
        new = cls(
            layer.in_channels,
            layer.out_channels,
            3,
            padding=layer.dilation[0],
            dilation=layer.dilation[0],
            bias=layer.bias is not None,
            device="meta",
        )
        new.weight, new.bias = layer.weight, layer.bias
        return new.train(layer.training)

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        dilation = self.dilation[0]
        is_small = min(input.shape[2:]) < dilation * LEAST_SIDE
        is_exact = input.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")
        if is_small or not is_exact or input.device.type != "cpu":
            direct: Tensor = super()._conv_forward(input, weight, bias)
            return direct
        y: Tensor = _Convolution.apply(input, weight, dilation)  # type: ignore[no-untyped-call]
        return y if bias is None else y + bias[:, None, None]


def pays(layer: nn.Module) -> TypeGuard[nn.Conv2d]:
    """Return whether Winograd's algorithm computes a layer, and faster."""
    return (
        type(layer) is nn.Conv2d
        and layer.kernel_size == (3, 3)
        and layer.stride == (1, 1)
        and layer.padding == layer.dilation
        and layer.dilation[0] == layer.dilation[1]
        and layer.groups == 1
        and layer.padding_mode == "zeros"
        and min(layer.in_channels, layer.out_channels) >= LEAST_CHANNELS
    )


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, dilation: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.dilation = dilation
        return _whole(_convolved(_phases(x, dilation), weight), x, dilation)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        x, weight = ctx.saved_tensors
        of_y, of_x, of_weight = _phases(dy, ctx.dilation), None, None
        if ctx.needs_input_grad[0]:
            turned = weight.flip(2, 3).transpose(0, 1)
            of_x = _whole(_convolved(of_y, turned), x, ctx.dilation)
        if ctx.needs_input_grad[1]:
            of_weight = _kernel_gradient(_phases(x, ctx.dilation), of_y)
        return of_x, of_weight, None


def _phases(x: Tensor, dilation: int) -> Tensor:
    """Return images (N, C, H, W) as (n, h, w, C), among which a dilated convolution is a plain one.

    Each of the n = N dilation^2 has every dilation-th row and column of an image.
    """
    x = x.permute(0, 2, 3, 1).contiguous()
    if dilation == 1:
        return x
    n, height, width, channels = x.shape
    h, w = -(-height // dilation), -(-width // dilation)
    x = functional.pad(x, (0, 0, 0, w * dilation - width, 0, h * dilation - height))
    parts = x.view(n, h, dilation, w, dilation, channels).permute(2, 4, 0, 1, 3, 5)
    return parts.reshape(-1, h, w, channels)


def _whole(parts: Tensor, like: Tensor, dilation: int) -> Tensor:
    """Return the images (N, C, H, W) of phases (n, h, w, C), of the size of others."""
    height, width = like.shape[2:]
    h, w, channels = parts.shape[1:]
    if dilation > 1:
        split = parts.view(dilation, dilation, -1, h, w, channels).permute(2, 3, 0, 4, 1, 5)
        parts = split.reshape(-1, h * dilation, w * dilation, channels)[:, :height, :width]
    return parts.permute(0, 3, 1, 2)


def _convolved(x: Tensor, weight: Tensor) -> Tensor:
    """Return the convolution (n, h, w, O) of images (n, h, w, C) with kernels (O, C, 3, 3)."""
    kernels = _transformed(_G, weight.permute(2, 3, 1, 0)).flatten(0, 1)
    y = x.new_empty(*x.shape[:3], kernels.shape[2])
    for some, out in zip(*_chunks(x, y), strict=True):
        products = torch.bmm(_input_tiles(some), kernels)
        tiles = _transformed(_A, products.view(IN, IN, -1))
        _join(tiles, out)
    return y


def _kernel_gradient(x: Tensor, dy: Tensor) -> Tensor:
    """Return the gradient (O, C, 3, 3) of kernels from images and the gradients of outputs."""
    n_in, n_out = x.shape[3], dy.shape[3]
    total = x.new_zeros(IN * IN, n_out, n_in)
    for some, of_some in zip(*_chunks(x, dy), strict=True):
        total.baddbmm_(_output_tiles(of_some).transpose(1, 2), _input_tiles(some))
    gradient = _transformed(_G.t(), total.view(IN, IN, -1))
    return gradient.view(3, 3, n_out, n_in).permute(2, 3, 0, 1)


def _transformed(matrix: Tensor, tiles: Tensor) -> Tensor:
    """Return M t M' of the tiles t, (m, m, ...), from tiles (k, k, ...)."""
    m, k = matrix.shape
    rows = torch.mm(matrix, tiles.reshape(k, -1)).view(m, k, -1)
    return torch.matmul(matrix, rows).view(m, m, *tiles.shape[2:])


def _input_tiles(x: Tensor) -> Tensor:
    """Return the overlapping tiles of images (n, h, w, C), transformed, (36, tiles, C)."""
    below, beyond = (-side % OUT + 1 for side in x.shape[1:3])
    padded = functional.pad(x, (0, 0, 1, beyond, 1, below))
    tiles = padded.unfold(1, IN, OUT).unfold(2, IN, OUT).permute(4, 5, 0, 1, 2, 3)
    return _transformed(_B, tiles.contiguous()).view(IN * IN, -1, x.shape[3])


def _output_tiles(dy: Tensor) -> Tensor:
    """Return the tiles of gradients (n, h, w, O), transformed, (36, tiles, O)."""
    below, beyond = (-side % OUT for side in dy.shape[1:3])
    padded = functional.pad(dy, (0, 0, 0, beyond, 0, below))
    tiles = padded.unfold(1, OUT, OUT).unfold(2, OUT, OUT).permute(4, 5, 0, 1, 2, 3)
    return _transformed(_A.t(), tiles.contiguous()).view(IN * IN, -1, dy.shape[3])


def _join(tiles: Tensor, out: Tensor) -> None:
    """Write tiles of outputs, (4, 4, tiles * O), to images (n, h, w, O)."""
    n, height, width, channels = out.shape
    h, w = -(-height // OUT), -(-width // OUT)
    rows = tiles.view(OUT, OUT, n, h, w, channels).permute(2, 3, 0, 4, 1, 5)
    if (h * OUT, w * OUT) == (height, width):
        out.view(n, h, OUT, w, OUT, channels).copy_(rows)
    else:
        out.copy_(rows.reshape(n, h * OUT, w * OUT, channels)[:, :height, :width])


def _chunks(x: Tensor, y: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Split images and their outputs alike, into parts of some images."""
    n = max(1, CHUNK // max(x[0].numel(), y[0].numel()))
    return list(torch.split(x, n)), list(torch.split(y, n))
