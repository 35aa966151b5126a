"""From photographs to colors predicted by a network, and to colored photographs.

`colorprep.rendering` makes pictures from colors and lightness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..color.lab import Floats
from ..images.decoding import Pixels
from ..images.resizing import resize
from ..quantize.decoding import TEMPERATURE
from ..quantize.labeling import lightness_of
from ..quantize.quantizer import Quantizer
from ..rendering import LabelGrid, recolor
from .checkpoint import Checkpoint
from .classifier import FrozenClassifier
from .data.batch import Batch
from .models import run_network
from .models.inputs import check_inputs
from .models.outputs import HEADS, at_labels, channels_of, decode_outputs


@dataclass(frozen=True)
class Conditions:
    """What a network takes beside the pixels of a photograph.

    Attributes
    ----------
    class_id : int or None
        The class of the photograph; None if unknown, for networks that do not take it.
    classifier : FrozenClassifier or None
        Gives the features of the photograph, for networks that take them.
    """

    class_id: int | None = None
    classifier: FrozenClassifier | None = None


UNCONDITIONED = Conditions()


@torch.no_grad()
def predict_colors(
    model: nn.Module,
    quantizer: Quantizer,
    batch: Batch,
    shape: tuple[int, int],
    temperature: float = TEMPERATURE,
    heads: Sequence[str] = ("bins",),
) -> Floats:
    """Predict the colors of images, from logits by the annealed mean.

    Parameters
    ----------
    model : Module
        In evaluation mode.
    batch : dict of str to Tensor
        With what the model takes, such as ``lightness`` (B, H, W) uint8, levels round(2.55 L).
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

    Raises
    ------
    InputError
        If the network does not predict colors, or the batch lacks something that it takes.
    """
    check_inputs(model, batch, "a photograph")
    first = heads[0]
    channels = channels_of(heads, quantizer) if len(heads) > 1 else {first: 0}
    outputs = run_network(model, batch, channels, shape)[first].float()
    if HEADS[first].place != "labels":
        outputs = at_labels(outputs, batch["lightness"], shape)
    return decode_outputs(first, outputs, quantizer, temperature)


def photograph_batch(
    pixels: Pixels,
    size: int,
    device: torch.device | None = None,
    conditions: Conditions = UNCONDITIONED,
) -> Batch:
    """Return a batch of one photograph, resized to a square.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
    size : int
        Its side.

    Returns
    -------
    dict of str to Tensor
        ``lightness`` and ``rgb`` as in label shards, with ``class_id`` and ``features`` by the
        conditions.
    """
    small = resize(pixels, size)
    lightness = lightness_of(small)
    batch: dict[str, NDArray[Any]] = {"lightness": lightness[None], "rgb": small[None]}
    if conditions.class_id is not None:
        batch["class_id"] = np.array([conditions.class_id], np.int32)
    if conditions.classifier is not None:
        batch["features"] = conditions.classifier(lightness)[None]
    return {name: torch.tensor(array, device=device) for name, array in batch.items()}


def colorize_photograph(
    checkpoint: Checkpoint,
    pixels: Pixels,
    temperature: float = TEMPERATURE,
    device: torch.device | None = None,
    conditions: Conditions = UNCONDITIONED,
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
    conditions : Conditions
        What the network takes beside the photograph.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        With the same lightness.
    """
    settings = checkpoint.settings
    size, stride = settings["size"], settings["stride"]
    batch = photograph_batch(pixels, size, device, conditions)
    side = -(-size // stride)
    model, quantizer, shape = checkpoint.model, checkpoint.quantizer, (side, side)
    colors = predict_colors(model, quantizer, batch, shape, temperature, checkpoint.heads)
    return recolor(pixels, colors[0], quantizer, LabelGrid(size, stride))
