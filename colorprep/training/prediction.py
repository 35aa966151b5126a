"""From photographs to colors predicted by a network, and to colored photographs.

`colorprep.rendering` makes pictures from colors and lightness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..color.hints import ColorHint
from ..color.lab import Floats
from ..errors import InputError
from ..images.decoding import Pixels
from ..images.resizing import resize
from ..quantize.decoding import TEMPERATURE, entropy
from ..quantize.labeling import lightness_of
from ..quantize.quantizer import Quantizer
from ..rendering import LabelGrid, recolor
from .checkpoint import Checkpoint
from .classifier import FrozenClassifier
from .data.batch import Batch
from .data.hints import painted, stretched
from .models import run_network
from .models.inputs import check_inputs
from .models.outputs import HEADS, Heads, at_labels, channels_of, decode_outputs


@dataclass(frozen=True)
class Conditions:
    """What a network takes beside the pixels of a photograph.

    Attributes
    ----------
    class_id : int or None
        The class of the photograph; None if unknown, for networks that do not take it.
    classifier : FrozenClassifier or None
        Gives the features of the photograph, for networks that take them.
    hints : sequence of ColorHint
        Colors at places of the photograph, for networks that take them; later ones cover earlier
        ones.
    """

    class_id: int | None = None
    classifier: FrozenClassifier | None = None
    hints: Sequence[ColorHint] = ()


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
    predicted = predict_heads(model, quantizer, batch, shape, heads)
    return decode_outputs(heads[0], predicted[heads[0]], quantizer, temperature)


@torch.no_grad()
def predict_heads(
    model: nn.Module,
    quantizer: Quantizer,
    batch: Batch,
    shape: tuple[int, int],
    heads: Sequence[str],
) -> Heads:
    """Return a network's outputs for images, float32; those of the first head are of `shape`.

    Raises
    ------
    InputError
        If the batch lacks something that the network takes.
    """
    check_inputs(model, batch, "a photograph")
    first = heads[0]
    channels = channels_of(heads, quantizer) if len(heads) > 1 else {first: 0}
    outputs = {
        name: output.float() for name, output in run_network(model, batch, channels, shape).items()
    }
    if HEADS[first].gives_colors and HEADS[first].place != "labels":
        outputs[first] = at_labels(outputs[first], batch["lightness"], shape)
    return outputs


def entropy_of(outputs: Heads, quantizer: Quantizer) -> Floats:
    """Return the entropy of the distributions over bins that a network predicts, in nats.

    Parameters
    ----------
    outputs : dict of str to Tensor
        By head, each (B, n, h, w).

    Returns
    -------
    ndarray of shape (B, h, w), float64
        Of the first head that has a distribution, at its resolution; from 0 to ln Q. It is that of
        the network itself, not of the annealed distribution.

    Raises
    ------
    InputError
        If no head has one.
    """
    head, logits_of = distribution_of(outputs)
    probs = torch.softmax(logits_of(outputs[head], quantizer), dim=1)
    return entropy(probs.movedim(1, -1).cpu().numpy())


def distribution_of(heads: Iterable[str]) -> tuple[str, Callable[[Tensor, Quantizer], Tensor]]:
    """Return the first of a network's heads that has a distribution over bins, and its logits.

    Raises
    ------
    InputError
        If no head has one.
    """
    for head in heads:
        logits_of = HEADS[head].logits
        if logits_of is not None:
            return head, logits_of
    raise InputError(
        f"the network predicts {' and '.join(heads)}, not a distribution over bins, so it has no "
        "entropy; use one that was trained with a loss over bins, such as kl"
    )


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
        ``lightness`` and ``rgb`` as in label shards, with ``class_id``, ``features`` and ``hints``
        by the conditions.

    Raises
    ------
    InputError
        If a hint is outside of the photograph.
    """
    small = resize(pixels, size)
    lightness = lightness_of(small)
    batch: dict[str, NDArray[Any]] = {"lightness": lightness[None], "rgb": small[None]}
    if conditions.class_id is not None:
        batch["class_id"] = np.array([conditions.class_id], np.int32)
    if conditions.classifier is not None:
        batch["features"] = conditions.classifier(lightness)[None]
    if conditions.hints:
        hints = [stretched(hint, pixels.shape[:2], size) for hint in conditions.hints]
        batch["hints"] = painted(hints, (size, size))[None].numpy()
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
    outputs = photograph_outputs(checkpoint, pixels, conditions, device)
    return colored(checkpoint, pixels, outputs, temperature)


def photograph_outputs(
    checkpoint: Checkpoint,
    pixels: Pixels,
    conditions: Conditions = UNCONDITIONED,
    device: torch.device | None = None,
) -> Heads:
    """Return what a network predicts for one photograph; see `colorize_photograph`."""
    size, side = checkpoint.settings["size"], _label_grid(checkpoint).side
    batch = photograph_batch(pixels, size, device, conditions)
    return predict_heads(
        checkpoint.model, checkpoint.quantizer, batch, (side, side), checkpoint.heads
    )


def colored(
    checkpoint: Checkpoint, pixels: Pixels, outputs: Heads, temperature: float = TEMPERATURE
) -> Pixels:
    """Return a photograph in the colors that a network predicts; see `photograph_outputs`."""
    head, quantizer = checkpoint.head, checkpoint.quantizer
    colors = decode_outputs(head, outputs[head], quantizer, temperature)
    return recolor(pixels, colors[0], quantizer, _label_grid(checkpoint))


def _label_grid(checkpoint: Checkpoint) -> LabelGrid:
    return LabelGrid(checkpoint.settings["size"], checkpoint.settings["stride"])
