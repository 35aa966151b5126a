"""The heads of networks: what the channels of an output mean, behind one literal table.

=====================  ============  ==========================================================
head                   channels      are
=====================  ============  ==========================================================
``bins``               Q             logits over a quantizer's bins
``bins-and-ignored``   Q + 1         the same, and Keras-FCN's channel for ignored pixels
``coarse-bins``        Q             logits over the bins at the network's own resolution
``hue-and-chroma``     K + K         logits over the bins of hue, and over those of chroma
``ab``                 2             ab, in units of 110 CIELAB units
``rgb``                3             sRGB, from -1 to 1
``segments``           n segments    logits over the segments of `colorprep labels --segments`
``classes``            n classes     logits over the classes of images, (B, n)
``verdict``            1             how real a critic finds an image, or each patch of it
=====================  ============  ==========================================================

A network returns a mapping of heads, or one tensor whose channels are those of its heads, one after
another. Logits come without a softmax.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ...color.lab import Floats, rgb_to_lab
from ...errors import InputError
from ...quantize.decoding import TEMPERATURE
from ...quantize.hue_chroma_bins import HueChromaBins
from ...quantize.quantizer import Quantizer
from .spec import size_of

# Below it, logits / T could overflow to infinity, whose softmax is not a number.
COLDEST = 1e-30

AB_UNIT = 110.0  # CIELAB units that an output of 1 stands for; ab of sRGB are from -108 to 99


Heads: TypeAlias = dict[str, Tensor]


# Where a head's outputs are brought: to the labels, to the pixels, or nowhere.
Place: TypeAlias = Literal["labels", "pixels", "unchanged"]


@dataclass(frozen=True)
class Head:
    """How many channels a head has, where they are, and what they stand for.

    Attributes
    ----------
    n_channels : callable or None
        From a quantizer to a number; raises `InputError` if the head does not fit the quantizer.
        None if the number is a size of the labels, see `spec.NetworkSpec`.
    logits : callable or None
        From outputs (B, n_channels, h, w) and the quantizer to logits over its bins,
        (B, Q, h, w); None if they are not logits over bins.
    colors : callable or None
        From outputs that are colors themselves to colors in the quantizer's space,
        (B, h, w, 2) float64.
    """

    n_channels: Callable[[Quantizer], int] | None
    logits: Callable[[Tensor, Quantizer], Tensor] | None = None
    colors: Callable[[Tensor], Floats] | None = None
    place: Place = "labels"

    @property
    def gives_colors(self) -> bool:
        """Whether pictures can be made from it."""
        return self.logits is not None or self.colors is not None


def channels_of(
    heads: Iterable[str], quantizer: Quantizer, sizes: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Return the number of channels of each head.

    Parameters
    ----------
    heads : iterable of str
        Names of the table.
    quantizer : Quantizer
        Of the labels.
    sizes : mapping of str to int, optional
        Other sizes of the labels, see `spec.NetworkSpec`.

    Raises
    ------
    InputError
        If a head does not fit the labels.
    """
    channels = {}
    for name in heads:
        count = HEADS[name].n_channels
        channels[name] = size_of(name, sizes or {}) if count is None else count(quantizer)
    return channels


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


def placed(head: str, outputs: Tensor, lightness: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return a head's outputs at its place of the table; see `at_labels`."""
    place = HEADS[head].place if head in HEADS else "labels"
    if place == "unchanged":
        return outputs
    pixels = (lightness.shape[1], lightness.shape[2])
    return at_labels(outputs, lightness, shape if place == "labels" else pixels)


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

    Raises
    ------
    InputError
        If the head does not give colors.
    """
    logits_of, colors_of = HEADS[head].logits, HEADS[head].colors
    if colors_of is not None:
        return colors_of(outputs)
    if logits_of is None:
        raise InputError(f"the network predicts {head}, not colors; use one that was trained to")
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


def _ab_of_ab(outputs: Tensor) -> Floats:
    ab: Floats = AB_UNIT * outputs.movedim(1, -1).cpu().numpy().astype(np.float64)
    return ab


def _ab_of_rgb(outputs: Tensor) -> Floats:
    rgb = (outputs.movedim(1, -1).cpu().numpy().astype(np.float64) + 1.0) / 2.0
    return rgb_to_lab(rgb.clip(0.0, 1.0))[..., 1:]


def _n_rgb(quantizer: Quantizer) -> int:
    return _n_ab(quantizer) + 1


def _n_ab(quantizer: Quantizer) -> int:
    if quantizer.space != "ab":
        raise InputError(
            "regression needs labels of an ab quantizer such as ab313; these are of "
            f"{quantizer.name}"
        )
    return 2


def _joint_logits(outputs: Tensor, quantizer: Quantizer) -> Tensor:
    """Return the logits of the product of two distributions, hue fastest as in joint bins."""
    hue, chroma = torch.split(outputs, hue_and_chroma_bins(quantizer), dim=1)
    return (chroma[:, :, None] + hue[:, None]).flatten(1, 2)


HEADS: dict[str, Head] = {
    "bins": Head(_n_bins, lambda outputs, quantizer: outputs),
    "bins-and-ignored": Head(_n_bins_and_ignored, lambda outputs, quantizer: outputs[:, :-1]),
    "coarse-bins": Head(_n_bins, lambda outputs, quantizer: outputs, place="unchanged"),
    "hue-and-chroma": Head(_n_hue_and_chroma, _joint_logits),
    "ab": Head(_n_ab, colors=_ab_of_ab),
    "rgb": Head(_n_rgb, colors=_ab_of_rgb, place="pixels"),
    "segments": Head(None),
    "classes": Head(None, place="unchanged"),
    "verdict": Head(lambda quantizer: 1, place="unchanged"),
}
