"""Adversarial training: a colorizer, and a critic that tells real images from colorized ones.

A step has two halves, each of which changes one network. First the critic learns, from the real
images and from the colorized ones without their graph. Then it judges the colorized images again,
and the colorizer learns to be taken for real, and from its objective, published as 100 times the
absolute error of the images. So the colorizer answers the critic as it is after its step.

What goes wrong in the originals, and not here: Places after Nazeri back-propagates the critic's
loss of colorized images into the colorizer and does not clear it; changes the critic between the
colorizer's forward and backward pass, which torch refuses; and takes the absolute error of the
critic's output in place of the images'. Its checkpoints have the colorizer alone.
The CIFAR models' critic learns from real and colorized images in two steps in place of one, by
Adam at the same rate; their report halves the sum, as the loss here does.

With gradients over parts of a batch (`accumulate`), the critic changes with the last part: the
colorizer's gradients of the parts before it are of the critic before its step.

References
----------
Goodfellow et al., NIPS 2014; Isola et al., CVPR 2017; Mao et al., ICCV 2017;
dl-project-colorization; image-colorization of akbokha.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..checkpoint import MAIN
from ..data.batch import Batch
from ..losses.targets import ab_of
from ..losses.terms import Losses, Objective, TermValue
from ..models.conversions import gray_picture
from ..models.critics import CriticKind
from ..models.inputs import luma, rgb_of, scaled_lightness
from ..models.outputs import AB_UNIT
from .methods import Learn, Method, Run

CRITIC = "critic"
COLORIZED = 0.0  # the label of colorized images
HALF = 0.5  # of the critic's loss, is of each kind of image

VERDICT_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "lsgan": functional.mse_loss,
    "bce": functional.binary_cross_entropy_with_logits,
}


@dataclass(frozen=True)
class Judged:
    """What a critic sees of a batch.

    Attributes
    ----------
    real : callable
        From a batch to the real images, (B, c, H, W) in the units of the head.
    gray : callable
        From a batch to the gray ones, (B, n, H, W) in [-1, 1].
    """

    real: Callable[[Batch], Tensor]
    gray: Callable[[Batch], Tensor]


JUDGED = {
    "rgb": Judged(rgb_of, lambda batch: gray_picture(luma(batch))),
    "ab": Judged(lambda batch: ab_of(batch).movedim(-1, 1) / AB_UNIT, scaled_lightness),
}


class Adversarial(Method):
    """Trains a colorizer and its critic in turns.

    Parameters
    ----------
    colorizer : Module
    critic : Module
        Takes ``candidate``, see `models.critics`.
    kind : CriticKind
        Of the critic.
    objective : Objective
        Of the colorizer, in addition to the verdict.

    Notes
    -----
    Ab are judged at the labels, so labels need a stride of 1.
    """

    def __init__(
        self, colorizer: nn.Module, critic: nn.Module, kind: CriticKind, objective: Objective
    ) -> None:
        super().__init__({MAIN: colorizer, CRITIC: critic}, objective)
        self.kind = kind

    def channels(self, name: str) -> dict[str, int]:
        """Return the heads of a network and their numbers of channels."""
        return {"verdict": 1} if name == CRITIC else super().channels(name)

    def step(self, run: Run, batch: Batch, learn: Learn) -> Losses:
        """Let the critic learn, then the colorizer from its new verdict."""
        heads = run(MAIN, batch)
        colorized, real = heads[self.kind.head].float(), JUDGED[self.kind.head].real(batch)
        judging = {
            "critic_real": self._loss(run, batch, real, self.kind.real, HALF),
            "critic_fake": self._loss(run, batch, colorized.detach(), COLORIZED, HALF),
        }
        learn(CRITIC, judging)
        adversarial = self._loss(run, batch, colorized, self.kind.real)
        coloring = {**self.objective(heads, batch), "adversarial": adversarial}
        learn(MAIN, coloring)
        return {**coloring, **judging}

    def _loss(
        self, run: Run, batch: Batch, images: Tensor, label: float, scale: float = 1.0
    ) -> TermValue:
        """Return how far the critic's verdict on images is from a label."""
        candidate = images
        if self.kind.conditional:
            candidate = torch.cat([images, JUDGED[self.kind.head].gray(batch)], dim=1)
        verdict = run(CRITIC, {**batch, "candidate": candidate})["verdict"].float()
        value = VERDICT_LOSSES[self.kind.loss](verdict, torch.full_like(verdict, label))
        return TermValue(value, torch.ones_like(value), scale)
