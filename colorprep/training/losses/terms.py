"""What a network is trained to make small: a sum of terms, and the table of losses.

A term is the mean, over all labeled pixels of a batch, of the pixel's weight times its own loss.
The mean is not divided by the sum of the weights, and masked pixels count with 0: a weight of 2
doubles the gradient, whatever else is in the batch.

===============  ==================  =======================================================
name             for quantizers      a pixel's loss
===============  ==================  =======================================================
``soft-ce``      all                 cross-entropy with its soft target
``kl``           all                 the same minus the target's entropy
``hard-ce``      all                 cross-entropy with its hard bin, with Keras-FCN's outputs
``coarse-ce``    all                 cross-entropy with its hard bin, at the network's resolution
``matrix``       lattices of ab      cross-entropy with Keras-FCN's target for its hard bin
``hue-chroma``   hc-1d               cross-entropy of its bin of hue, plus that of chroma
``l1``           of ab               mean over a and b of |e|, e the error in CIELAB units
``l2``           of ab               mean of e^2, reported as its root
``huber``        of ab               mean of |e| - 1/2, and of e^2 / 2 where |e| is below 1
``l12``          of ab               the smaller of mean |e| and 0.1 mean e^2
``rgb-l1``       of ab               mean over R, G, B of |e|, for sRGB from 0 to 1
``segments``     all                 cross-entropy of its segment, as `labels --segments` has it
``classes``      all                 cross-entropy of the image's class
===============  ==================  =======================================================
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, TypeAlias

from torch import Tensor, nn

from ...errors import InputError
from ...quantize.quantizer import Quantizer
from ..data.batch import Batch
from ..models.outputs import HEADS, Heads, channels_of
from .picture_losses import (
    ClassCrossEntropy,
    ClassWeights,
    RgbError,
    SegmentCrossEntropy,
    SegmentWeights,
)
from .pixel_losses import (
    HardCrossEntropy,
    HueChromaCrossEntropy,
    KullbackLeibler,
    LossOptions,
    MatrixCrossEntropy,
    Regression,
    SoftCrossEntropy,
    absolute_error,
    huber_error,
    l12_error,
    squared_error,
)
from .saturation import Unsaturation
from .targets import PixelWeights, subsampled

Unit: TypeAlias = Literal["nats per pixel", "nats per image", "Lab units", "RGB units", "percent"]


class TermValue(NamedTuple):
    """A term's value for a batch.

    Attributes
    ----------
    value : Tensor
        The term, a differentiable scalar.
    fraction : Tensor
        The fraction of the batch's pixels that count: the log reports value / fraction.
    scale : float
        The term's factor in the loss.
    """

    value: Tensor
    fraction: Tensor
    scale: float = 1.0


Losses: TypeAlias = dict[str, TermValue]


def total(losses: Losses) -> Tensor:
    """Return the loss that is differentiated, the scaled sum of the terms."""
    values = [term.scale * term.value for term in losses.values()]
    return sum(values[1:], start=values[0])


class Weights(Protocol):
    """What a pixel, or an image, counts in a loss; a module.

    Attributes
    ----------
    nothing : tuple of str
        Why no pixel may count, and a remedy.
    """

    nothing: tuple[str, str]

    def __call__(self, batch: Batch) -> Tensor:
        """Return the weights of a batch, (B, h, w) or (B,) float32."""

    def mask(self, batch: Batch) -> Tensor:
        """Return which pixels or images count, bool."""


def _pixel_weights(quantizer: Quantizer, options: LossOptions) -> Weights:
    return PixelWeights(quantizer, options.weights, options.weighed_by, options.gray)


@dataclass(frozen=True)
class LossKind:
    """A loss of the table.

    Attributes
    ----------
    make : callable
        From a quantizer and options to the module of a pixel's loss.
    head : str
        Which head of the network it is for, a name of `outputs.HEADS`.
    unit : {"nats per pixel", "nats per image", "Lab units", "RGB units", "percent"}
        Of the reported loss; in RGB units, black is 0 and white is 1.
    takes_weights, takes_prior : bool
        Whether it can be rebalanced, and its logits adjusted.
    display : callable
        From the mean loss to the reported figure, in `unit`.
    weigh : callable
        From a quantizer and options to the module of the weights of pixels or images.
    """

    make: Callable[[Quantizer, LossOptions], nn.Module]
    head: str
    unit: Unit
    takes_weights: bool = False
    takes_prior: bool = False
    display: Callable[[float], float] = float
    weigh: Callable[[Quantizer, LossOptions], Weights] = _pixel_weights


class Term(nn.Module):
    """One loss of a head: the mean over pixels of weight times loss.

    Parameters
    ----------
    name : str
        Its name in the log.
    kind : LossKind
    pixel_loss : Module
        From a head's outputs and a batch to losses (B, h, w).
    pixel_weights : Module
        See `Weights`.
    scale : float
        Its factor in the objective.
    """

    def __init__(
        self,
        name: str,
        kind: LossKind,
        pixel_loss: nn.Module,
        pixel_weights: Weights,
        scale: float = 1.0,
    ) -> None:
        super().__init__()
        self.name, self.kind, self.scale = name, kind, scale
        self.pixel_loss = pixel_loss
        self.pixel_weights = pixel_weights

    def forward(self, heads: Heads, batch: Batch) -> TermValue:
        """Return the term for a batch.

        The loss of a head at a lower resolution than the labels' takes the weights of the pixels
        that it has.
        """
        losses: Tensor = self.pixel_loss(heads[self.kind.head], batch)
        weights = subsampled(self.pixel_weights(batch), losses.shape)
        counted = subsampled(self.pixel_weights.mask(batch), losses.shape).float()
        return TermValue((weights * losses).mean(), counted.mean(), self.scale)

    def fraction(self, batch: Batch) -> Tensor:
        """Return the fraction of a batch's pixels that count, a scalar."""
        return self.pixel_weights.mask(batch).float().mean()


class Objective(nn.Module):
    """The sum of terms that a network is trained with.

    Parameters
    ----------
    terms : sequence of Term
        With different names.
    quantizer : Quantizer
        Of the labels.
    sizes : mapping of str to int, optional
        Other sizes of the labels, see `models.spec.NetworkSpec`.
    trunk_head : str or None
        The only head whose loss reaches the layers that all heads share, for networks that can
        have that; None for all heads.

    Attributes
    ----------
    channels : dict of str to int
        The heads that it needs of a network, and their numbers of channels.

    Raises
    ------
    InputError
        If two terms have the same name, or a head does not fit the quantizer.
    """

    def __init__(
        self,
        terms: Sequence[Term],
        quantizer: Quantizer,
        sizes: Mapping[str, int] | None = None,
        trunk_head: str | None = None,
    ) -> None:
        super().__init__()
        self.trunk_head = trunk_head
        names = [term.name for term in terms]
        if len(set(names)) < len(names):
            raise InputError(f"two terms have the same name: {', '.join(names)}")
        self.terms = nn.ModuleList(terms)
        heads = dict.fromkeys(term.kind.head for term in terms)
        self.channels = channels_of(heads, quantizer, sizes)

    def each(self) -> list[Term]:
        """Return the terms; the head of the first one gives the colors."""
        return [term for term in self.terms if isinstance(term, Term)]

    def forward(self, heads: Heads, batch: Batch) -> Losses:
        """Return each term for a batch, by its name."""
        return {term.name: term(heads, batch) for term in self.each()}

    @property
    def unit(self) -> str:
        """The unit of the reported loss."""
        units = [term.kind.unit for term in self.each()]
        return units[0] if len(units) == 1 else "scaled sum of terms"

    def reported(self, means: Mapping[str, float]) -> dict[str, float]:
        """Return the figures of the log from the mean of each loss over the pixels that count.

        Parameters
        ----------
        means : mapping of str to float
            Of the terms, and of what else a method returns as a loss.

        Returns
        -------
        dict of str to float
            ``loss``, in the unit of a single term, else the scaled sum; then, if there are several
            terms, each by its name, in its own unit; then the others. NaN where a mean is NaN.
        """
        each = {term.name: term.kind.display(means[term.name]) for term in self.each()}
        others = {name: mean for name, mean in means.items() if name not in each}
        if len(each) == 1:
            return {"loss": next(iter(each.values())), **others}
        loss = math.fsum(term.scale * means[term.name] for term in self.each())
        return {"loss": loss, **each, **others}


def _regression(of_error: Callable[[Tensor], Tensor]) -> Callable[..., nn.Module]:
    return lambda quantizer, options: Regression(of_error)


LOSSES = {
    "soft-ce": LossKind(SoftCrossEntropy, "bins", "nats per pixel", True, True),
    "kl": LossKind(KullbackLeibler, "bins", "nats per pixel", True, True),
    "hard-ce": LossKind(HardCrossEntropy, "bins-and-ignored", "nats per pixel", True),
    "coarse-ce": LossKind(HardCrossEntropy, "coarse-bins", "nats per pixel"),
    "matrix": LossKind(MatrixCrossEntropy, "bins-and-ignored", "nats per pixel", True),
    "hue-chroma": LossKind(HueChromaCrossEntropy, "hue-and-chroma", "nats per pixel", True),
    "l1": LossKind(_regression(absolute_error), "ab", "Lab units"),
    "l2": LossKind(_regression(squared_error), "ab", "Lab units", display=math.sqrt),
    "huber": LossKind(_regression(huber_error), "ab", "Lab units"),
    "l12": LossKind(_regression(l12_error), "ab", "Lab units"),
    "rgb-l1": LossKind(RgbError, "rgb", "RGB units"),
    "segments": LossKind(SegmentCrossEntropy, "segments", "nats per pixel", weigh=SegmentWeights),
    "classes": LossKind(ClassCrossEntropy, "classes", "nats per image", weigh=ClassWeights),
}

# Not a loss by itself; the log has the mean saturation, which it makes large.
SATURATION = LossKind(Unsaturation, "ab", "percent", display=lambda missing: 100.0 - missing)


def make_term(
    name: str,
    quantizer: Quantizer,
    options: LossOptions = LossOptions(),  # noqa: B008
    scale: float = 1.0,
) -> Term:
    """Make a term with a loss of the table.

    Parameters
    ----------
    name : str
        Of the table.
    quantizer : Quantizer
        Of the label shards.
    options : LossOptions
    scale : float
        Its factor in the objective.

    Raises
    ------
    InputError
        If the name is unknown, the loss does not fit the quantizer, or the options do not fit the
        loss or each other.
    """
    if name not in LOSSES:
        raise InputError(f"unknown loss {name!r}; choose {', '.join(LOSSES)}")
    kind = LOSSES[name]
    if options.weights is not None and not kind.takes_weights:
        raise InputError(f"the loss {name} takes no rebalancing weights, since it has no bins")
    if options.logit_adjust:
        if not kind.takes_prior:
            raise InputError(f"logit adjustment is for soft-ce and kl, not for {name}")
        if options.weights is not None:
            raise InputError("logit adjustment replaces rebalancing weights; choose one")
    if HEADS[kind.head].n_channels is not None:
        channels_of([kind.head], quantizer)
    return _term(name, kind, quantizer, options, scale)


def saturation_term(quantizer: Quantizer, options: LossOptions, weight: float) -> Term:
    """Make the term that raises the saturation of ab, see `saturation`.

    Parameters
    ----------
    weight : float
        Per percent of mean saturation that is missing to 100.
    """
    return _term("saturation", SATURATION, quantizer, options, weight)


def _term(
    name: str, kind: LossKind, quantizer: Quantizer, options: LossOptions, scale: float
) -> Term:
    pixel_loss, weights = kind.make(quantizer, options), kind.weigh(quantizer, options)
    return Term(name, kind, pixel_loss, weights, scale)
