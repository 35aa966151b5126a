"""The heads of networks: what the channels of an output mean, behind one literal table.

=====================  ============  ==========================================================
head                   channels      are
=====================  ============  ==========================================================
``bins``               Q             logits over a quantizer's bins
``bins-and-ignored``   Q + 1         the same, and Keras-FCN's channel for ignored pixels
``hue-and-chroma``     K + K         logits over the bins of hue, and over those of chroma
``ab``                 2             ab, in units of 110 CIELAB units
=====================  ============  ==========================================================

A network returns a mapping of heads, or one tensor whose channels are those of its heads, one after
another. Logits come without a softmax.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ...color.lab import Floats
from ...errors import InputError
from ...quantize.decoding import TEMPERATURE
from ...quantize.hue_chroma_bins import HueChromaBins
from ...quantize.quantizer import Quantizer

# Below it, logits / T could overflow to infinity, whose softmax is not a number.
COLDEST = 1e-30

AB_UNIT = 110.0  # CIELAB units that an output of 1 stands for; ab of sRGB are from -108 to 99


Heads: TypeAlias = dict[str, Tensor]


@dataclass(frozen=True)
class Head:
    """How many channels a head has, and which distribution over bins they stand for.

    Attributes
    ----------
    n_channels : callable
        From a quantizer to a number; raises `InputError` if the head does not fit the quantizer.
    logits : callable or None
        From outputs (B, n_channels, h, w) and the quantizer to logits over its bins,
        (B, Q, h, w); None for regression.
    """

    n_channels: Callable[[Quantizer], int]
    logits: Callable[[Tensor, Quantizer], Tensor] | None


def split_heads(outputs: Tensor | Heads, channels: Mapping[str, int]) -> Heads:
    """Return what a network returned as a mapping of heads.

    Parameters
    ----------
    outputs : Tensor of shape (B, sum of channels, h, w), or dict of str to Tensor
    channels : mapping of str to int
        The network's heads, in order, and their numbers of channels.
    """
    if not isinstance(outputs, Tensor):
        return outputs
    if len(channels) == 1:
        return dict.fromkeys(channels, outputs)
    parts = torch.split(outputs, list(channels.values()), dim=1)
    return dict(zip(channels, parts, strict=True))


def at_labels(outputs: Tensor, lightness: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return a head's outputs at the pixels of the labels.

    Parameters
    ----------
    outputs : Tensor of shape (B, n, h, w)
    lightness : Tensor of shape (B, H, W)
        What the network saw.
    shape : tuple of int
        Height and width of the labels, (ceil(H / stride), ceil(W / stride)).

    Returns
    -------
    Tensor of shape (B, n, *shape)
        Outputs at the lightness's own resolution are taken at every stride-th row and column, the
        first included; others are interpolated bilinearly where they are not of `shape`.
    """
    height, width = outputs.shape[2:]
    if (height, width) == shape:
        return outputs
    stride = -(-height // shape[0])
    if (height, width) == lightness.shape[1:] and shape == (
        -(-height // stride),
        -(-width // stride),
    ):
        return outputs[:, :, ::stride, ::stride]
    return functional.interpolate(outputs, shape, mode="bilinear", align_corners=False)


def decode_outputs(
    head: str, outputs: Tensor, quantizer: Quantizer, temperature: float = TEMPERATURE
) -> Floats:
    """Return the colors that a head's outputs stand for.

    Parameters
    ----------
    head : str
        A name of the table.
    outputs : Tensor of shape (B, n_channels, h, w)
    quantizer : Quantizer
    temperature : float
        Of the annealed mean, above 0; towards 0 it becomes the mode.

    Returns
    -------
    ndarray of shape (B, h, w, 2), float64
        In the quantizer's space.
    """
    logits_of = HEADS[head].logits
    if logits_of is None:
        ab: Floats = AB_UNIT * outputs.movedim(1, -1).cpu().numpy().astype(np.float64)
        return ab
    # The softmax of logits / T anneals the probabilities; the decoder then takes their mean.
    logits = logits_of(outputs, quantizer)
    if temperature < COLDEST:
        logits, temperature = logits - logits.amax(dim=1, keepdim=True), COLDEST
    probs = torch.softmax(logits / temperature, dim=1)
    return quantizer.decode(probs.movedim(1, -1).cpu().numpy(), "mean")


def hue_and_chroma_bins(quantizer: Quantizer) -> list[int]:
    """Return how many bins of hue and of chroma a quantizer has, two numbers.

    Raises
    ------
    InputError
        If its bins are not separate.
    """
    if not isinstance(quantizer, HueChromaBins):
        raise InputError(
            "only labels of hc-1d have separate bins of hue and chroma; these are of "
            f"{quantizer.name}"
        )
    return [len(quantizer.hue_edges), len(quantizer.chroma_edges)]


def _n_bins(quantizer: Quantizer) -> int:
    return len(quantizer.centers)


def _n_bins_and_ignored(quantizer: Quantizer) -> int:
    return len(quantizer.centers) + 1


def _n_hue_and_chroma(quantizer: Quantizer) -> int:
    return sum(hue_and_chroma_bins(quantizer))


def _n_ab(quantizer: Quantizer) -> int:
    if quantizer.space != "ab":
        raise InputError(
            "regression is of ab, and needs labels of an ab quantizer such as ab313; these are of "
            f"{quantizer.name}"
        )
    return 2


def _joint_logits(outputs: Tensor, quantizer: Quantizer) -> Tensor:
    """Return the logits of the product of two distributions, hue fastest as in joint bins."""
    hue, chroma = torch.split(outputs, hue_and_chroma_bins(quantizer), dim=1)
    return (chroma[:, :, None] + hue[:, None]).flatten(1, 2)


HEADS = {
    "bins": Head(_n_bins, lambda outputs, quantizer: outputs),
    "bins-and-ignored": Head(_n_bins_and_ignored, lambda outputs, quantizer: outputs[:, :-1]),
    "hue-and-chroma": Head(_n_hue_and_chroma, _joint_logits),
    "ab": Head(_n_ab, None),
}
