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

from ...color.lab import Floats
from ...errors import InputError
from ...quantize.decoding import TEMPERATURE
from ...quantize.hue_chroma_bins import HueChromaBins
from ...quantize.quantizer import Quantizer

# Below it, logits / T could overflow to infinity, whose softmax is not a number.
COLDEST = 1e-30

AB_UNIT = 110.0  # CIELAB units that an output of 1 stands for; ab of sRGB are from -108 to 99


@dataclass(frozen=True)
class Outputs:
    """How many channels a network has, and what distribution over the bins they stand for.

    Attributes
    ----------
    n_channels : callable
        Of a quantizer; raises `InputError` where it does not go with the quantizer.
    logits : callable or None
        From outputs (B, n_channels, h, w) and the quantizer to logits over its bins,
        (B, Q, h, w); None where the outputs are ab.
    """

    n_channels: Callable[[Quantizer], int]
    logits: Callable[[Tensor, Quantizer], Tensor] | None


def decode_outputs(
    meaning: str, outputs: Tensor, quantizer: Quantizer, temperature: float = TEMPERATURE
) -> Floats:
    """Return the colors that a network's outputs stand for.

    Parameters
    ----------
    meaning : str
        A name of the table.
    outputs : Tensor of shape (B, n_channels, h, w)
    quantizer : Quantizer
    temperature : float
        Of the annealed mean, above 0; towards 0 only the mode is left.

    Returns
    -------
    ndarray of shape (B, h, w, 2), float64
        In the quantizer's space.
    """
    logits_of = OUTPUTS[meaning].logits
    if logits_of is None:
        ab: Floats = AB_UNIT * outputs.movedim(1, -1).cpu().numpy().astype(np.float64)
        return ab
    # Annealing probabilities p^(1/T) is the softmax of logits / T; the decoder takes T = 1 then.
    logits = logits_of(outputs, quantizer)
    if temperature < COLDEST:
        logits, temperature = logits - logits.amax(dim=1, keepdim=True), COLDEST
    probs = torch.softmax(logits / temperature, dim=1)
    return quantizer.decode(probs.movedim(1, -1).cpu().numpy(), "mean")


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
            "regression is of ab, and needs labels of an ab quantizer such as ab313; these are of "
            f"{quantizer.name}"
        )
    return 2


def _joint_logits(outputs: Tensor, quantizer: Quantizer) -> Tensor:
    """Return the logits of the product of two distributions, hue fastest as in joint bins."""
    hue, chroma = torch.split(outputs, hue_and_chroma_bins(quantizer), dim=1)
    return (chroma[:, :, None] + hue[:, None]).flatten(1, 2)


OUTPUTS = {
    "bins": Outputs(_n_bins, lambda outputs, quantizer: outputs),
    "bins-and-ignored": Outputs(_n_bins_and_ignored, lambda outputs, quantizer: outputs[:, :-1]),
    "hue-and-chroma": Outputs(_n_hue_and_chroma, _joint_logits),
    "ab": Outputs(_n_ab, None),
}
