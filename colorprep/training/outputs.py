"""What the channels of a network's output mean, behind one literal table.

=====================  ============  ==========================================================
meaning                channels      are
=====================  ============  ==========================================================
``bins``               Q             logits over a quantizer's bins
``bins-and-ignored``   Q + 1         the same, and seed 000's channel for ignored pixels
``hue-and-chroma``     K + K         logits over the bins of hue, and over those of chroma
``ab``                 2             ab itself, in units of 110 CIELAB units
=====================  ============  ==========================================================

Logits are given as they are: no network has a softmax inside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..color.lab import Floats
from ..errors import InputError
from ..quantize.hue_chroma_bins import HueChromaBins
from ..quantize.quantizer import Quantizer

AB_UNIT = 110.0  # CIELAB units that an output of 1 stands for; ab of sRGB are from -108 to 99


@dataclass(frozen=True)
class Outputs:
    """How many channels a network has, and the colors that they stand for.

    Attributes
    ----------
    n_channels : callable
        Of a quantizer; raises `InputError` where it does not go with the quantizer.
    decode : callable
        Of outputs (B, n_channels, h, w), the quantizer and a temperature for the annealed mean;
        gives colors (B, h, w, 2), float64, in the quantizer's space.
    """

    n_channels: Callable[[Quantizer], int]
    decode: Callable[[Tensor, Quantizer, float], Floats]


def hue_and_chroma_bins(quantizer: Quantizer) -> list[int]:
    """Return how many bins of hue and of chroma a quantizer has.

    Parameters
    ----------
    quantizer : Quantizer

    Returns
    -------
    list of int
        Two numbers.

    Raises
    ------
    InputError
        If it has no separate bins.
    """
    if not isinstance(quantizer, HueChromaBins):
        raise InputError(
            "hue and chroma have separate bins in labels of hc-1d alone; these are of "
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
            f"regression is of ab, and needs labels of an ab quantizer such as ab313; these are of "
            f"{quantizer.name}"
        )
    return 2


def _decode_bins(outputs: Tensor, quantizer: Quantizer, temperature: float) -> Floats:
    return quantizer.decode(_annealed(outputs, temperature), "mean")


def _decode_known_bins(outputs: Tensor, quantizer: Quantizer, temperature: float) -> Floats:
    return _decode_bins(outputs[:, :-1], quantizer, temperature)


def _decode_hue_and_chroma(outputs: Tensor, quantizer: Quantizer, temperature: float) -> Floats:
    """Decode the product of the two distributions, as joint bins with hue fastest."""
    parts = torch.split(outputs, hue_and_chroma_bins(quantizer), dim=1)
    hue, chroma = (_annealed(part, temperature) for part in parts)
    joint = chroma[..., :, None] * hue[..., None, :]
    return quantizer.decode(joint.reshape(*hue.shape[:-1], -1), "mean")


def _decode_ab(outputs: Tensor, quantizer: Quantizer, temperature: float) -> Floats:
    ab: Floats = AB_UNIT * outputs.movedim(1, -1).cpu().numpy().astype(np.float64)
    return ab


def _annealed(logits: Tensor, temperature: float) -> Floats:
    """Return softmax(z / T), which is p^(1/T) normalized, with bins on the last axis."""
    probs: Floats = torch.softmax(logits / temperature, dim=1).movedim(1, -1).cpu().numpy()
    return probs


OUTPUTS = {
    "bins": Outputs(_n_bins, _decode_bins),
    "bins-and-ignored": Outputs(_n_bins_and_ignored, _decode_known_bins),
    "hue-and-chroma": Outputs(_n_hue_and_chroma, _decode_hue_and_chroma),
    "ab": Outputs(_n_ab, _decode_ab),
}
