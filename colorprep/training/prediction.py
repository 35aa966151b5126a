"""From photographs to colors predicted by a network, and to colored photographs.

`colorprep.rendering` makes pictures from colors and lightness.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..color.lab import Floats
from ..images.decoding import Pixels
from ..images.resizing import resize
from ..quantize.decoding import TEMPERATURE
from ..quantize.labeling import lightness_of
from ..quantize.quantizer import Quantizer
from ..rendering import LabelGrid, recolor
from .checkpoint import Checkpoint
from .models import run_network
from .models.outputs import HEADS, decode_outputs


@torch.no_grad()
def predict_colors(
    model: nn.Module,
    quantizer: Quantizer,
    lightness: Tensor,
    shape: tuple[int, int],
    temperature: float = TEMPERATURE,
    heads: Sequence[str] = ("bins",),
) -> Floats:
    """Predict the colors of images, from logits by the annealed mean.

    Parameters
    ----------
    model : Module
        In evaluation mode.
    lightness : Tensor of shape (B, H, W), uint8
        Levels round(2.55 L).
    shape : tuple of int
        Height and width of the prediction.
    temperature : float
        Of the annealed mean.
    heads : sequence of str
        The network's heads, names of `outputs.HEADS`; the first one gives the colors.

    Returns
    -------
    ndarray of shape (B, *shape, 2), float64
        In the quantizer's space.
    """
    channels = {name: HEADS[name].n_channels(quantizer) for name in heads}
    outputs = run_network(model, {"lightness": lightness}, channels, shape)[heads[0]]
    return decode_outputs(heads[0], outputs.float(), quantizer, temperature)


def colorize_photograph(
    checkpoint: Checkpoint,
    pixels: Pixels,
    temperature: float = TEMPERATURE,
    device: torch.device | None = None,
) -> Pixels:
    """Color one photograph; its own colors are ignored.

    Parameters
    ----------
    checkpoint : Checkpoint
        With its model on `device`.
    pixels : ndarray of shape (H, W, 3), uint8
    temperature : float
        Of the annealed mean.
    device : torch.device or None
        None for the CPU.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        With the same lightness.
    """
    settings = checkpoint.settings
    size, stride = settings["size"], settings["stride"]
    levels = lightness_of(resize(pixels, size))
    batch = torch.from_numpy(levels[None]).to(device or torch.device("cpu"))
    side = -(-size // stride)
    model, quantizer, shape = checkpoint.model, checkpoint.quantizer, (side, side)
    colors = predict_colors(model, quantizer, batch, shape, temperature, checkpoint.heads)
    return recolor(pixels, colors[0], quantizer, LabelGrid(size, stride))
