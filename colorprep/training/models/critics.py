"""The critics of adversarial training, which tell real images from colorized ones: one table.

===============  ==========================================================================
critic           is
===============  ==========================================================================
``cifar-patch``  of the CIFAR models' conditional GAN: sees colors and gray, and judges
                 a grid of 2 x 2 patches at 32 pixels
``nazeri32``     of the Places models after Nazeri et al.: sees ab and lightness
``nazeri224``    the same for larger images: a grid of 3 x 3 patches at 224 pixels
``places-rgb``   of the Places models' GAN: sees colors alone
===============  ==========================================================================

A critic takes the candidate (B, c, H, W): a real or a colorized image in the units of its head, and
with it the gray image if the critic is conditional. It returns verdicts (B, 1, h, w), the higher
the more real: scores for least squares, logits for cross-entropy.

Originals' mistakes: Nazeri's critics end in a sigmoid before a loss that takes logits; here they do
not. Of the grid of ``nazeri224`` the loss takes the cell at the top left alone; here it takes all.

References
----------
Isola et al., CVPR 2017 (patches); Mao et al., ICCV 2017 (least squares); Nazeri, Ng, Ebrahimi,
2018; dl-project-colorization; image-colorization of akbokha.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import nn

from ...errors import InputError
from .keras_layers import SameConv2d, initialize_uniformly, keras_batch_norm
from .layers import initialize_by_outputs, scaled

COLOR_AND_GRAY = 6  # channels: RGB, and a gray picture
AB_AND_LIGHTNESS = 3
RGB = 3


@dataclass(frozen=True)
class CriticKind:
    """A critic of the table.

    Attributes
    ----------
    make : callable
        From a width, which multiplies the channels of every layer but the last, to the network.
    head : {"rgb", "ab"}
        Which head of the colorizer it judges.
    conditional : bool
        Whether it sees the gray image, too.
    loss : {"lsgan", "bce"}
        Of its verdicts: least squares, or binary cross-entropy.
    real : float
        The label of real images; that of colorized ones is 0.
    least_side : int
        The minimum height and width of images, in pixels.
    """

    make: Callable[[float], nn.Module]
    head: Literal["rgb", "ab"]
    conditional: bool
    loss: Literal["lsgan", "bce"]
    real: float
    least_side: int


class Critic(nn.Sequential):
    """Layers that judge a candidate."""

    takes = ("candidate",)


def make_critic(name: str, seed: int | None = None, width: float = 1.0) -> nn.Module:
    """Make a critic of the table.

    Parameters
    ----------
    name : str
        Of the table.
    seed : int or None
        Of the initial parameters; None draws them at random.
    width : float
        Multiplies the channels of every layer but the last.

    Raises
    ------
    InputError
        If the name is unknown.
    """
    if name not in CRITICS:
        raise InputError(f"unknown critic {name!r}; choose {', '.join(CRITICS)}")
    with torch.random.fork_rng(devices=[]):
        if seed is not None:
            torch.manual_seed(seed)
        return CRITICS[name].make(width)


def check_critic_side(name: str, side: int) -> None:
    """Raise InputError if images, whose height and width is `side` pixels, are too small."""
    least = CRITICS[name].least_side
    if side < least:
        raise InputError(
            f"the critic {name} judges images of {least} x {least} pixels or more, not of {side}; "
            "make larger labels with `colorprep labels --size`"
        )


def _patch_critic(width: float) -> nn.Module:
    counts = [scaled(count, width) for count in (64, 128, 128, 128)]
    critic = Critic(SameConv2d(COLOR_AND_GRAY, counts[0], 4, 2), nn.LeakyReLU(0.2, inplace=True))
    for before, after in pairwise(counts):
        critic.append(SameConv2d(before, after, 4, 2))
        critic.append(nn.LeakyReLU(0.2, inplace=True))
        critic.append(keras_batch_norm(after, kept=0.8))
    critic.append(SameConv2d(counts[-1], 1, 4))
    initialize_uniformly(critic)
    return critic


def _nazeri_critic(
    width: float, layers: tuple[tuple[int, int], ...], last_kernel: int
) -> nn.Module:
    """Return a critic of layers of so many channels and such a stride, initialized by torch."""
    critic, before = Critic(), AB_AND_LIGHTNESS
    for count, stride in layers:
        after = scaled(count, width)
        critic.append(nn.Conv2d(before, after, 4, stride, 1))
        critic.append(nn.LeakyReLU(0.2, inplace=True))
        critic.append(nn.BatchNorm2d(after))
        before = after
    return critic.append(nn.Conv2d(before, 1, last_kernel))


def _rgb_critic(width: float) -> nn.Module:
    counts = [RGB, *(scaled(count, width) for count in (64, 128, 256, 512, 512))]
    critic = Critic()
    for before, after in pairwise(counts):
        critic.extend(_normalized(nn.Conv2d(before, after, 3, 2, 1, bias=False)))
    critic.extend(_normalized(nn.Conv2d(counts[-1], counts[-1], 7, bias=False)))
    critic.append(nn.Conv2d(counts[-1], 1, 1, bias=False))
    initialize_by_outputs(critic)
    return critic


def _normalized(layer: nn.Conv2d) -> list[nn.Module]:
    return [layer, nn.BatchNorm2d(layer.out_channels), nn.LeakyReLU(0.1, inplace=True)]


HALVINGS = ((64, 2), (128, 2), (256, 2), (512, 2))  # channels and stride

CRITICS = {
    "cifar-patch": CriticKind(_patch_critic, "rgb", True, "lsgan", 1.0, least_side=16),
    "nazeri32": CriticKind(
        lambda width: _nazeri_critic(width, HALVINGS, 2), "ab", True, "bce", 0.9, least_side=32
    ),
    "nazeri224": CriticKind(
        lambda width: _nazeri_critic(width, (*HALVINGS, (512, 2), (512, 1), (512, 1)), 3),
        "ab",
        True,
        "bce",
        0.9,
        least_side=160,
    ),
    "places-rgb": CriticKind(_rgb_critic, "rgb", False, "bce", 0.9, least_side=193),
}
