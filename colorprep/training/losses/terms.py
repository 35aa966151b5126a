"""The losses, behind one literal table: what a network's outputs are to come close to.

Every loss is the mean, over all labeled pixels of a batch, of the pixel's weight times its own
loss. The mean is not divided by the sum of the weights, and pixels that are masked count with 0: a
weight of 2 is twice the gradient, whatever else is in the batch.

===============  ==================  =======================================================
name             for quantizers      a pixel's loss
===============  ==================  =======================================================
``soft-ce``      all                 cross-entropy with its soft target
``kl``           all                 the same less the target's entropy
``matrix``       lattices of ab      cross-entropy with seed 000's target of its hard bin
``hue-chroma``   hc-1d               cross-entropy of its bin of hue, plus that of chroma
``l1``           of ab               mean over a and b of |e|, e the error in CIELAB units
``l2``           of ab               mean of e^2, told as its root
``huber``        of ab               mean of |e| - 1/2, and of e^2 / 2 where |e| is below 1
``l12``          of ab               the smaller of mean |e| and 0.1 mean e^2
===============  ==================  =======================================================

References
----------
Zhang, Isola, Efros, ECCV 2016, equations 2 to 4 (``soft-ce``). Seed 001 (``kl``, which it divides
by the number of bins, and ``hue-chroma``, which it sums over pixels). Seed 000 (``matrix``, and
``l12``). Zhang et al., SIGGRAPH 2017 (``huber``). Menon et al., ICLR 2021 (logit adjustment).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ...balance.matrix import neighbor_targets
from ...balance.weights import check_probs
from ...color.lab import Floats
from ...errors import InputError
from ...quantize.ab import AbQuantizer
from ...quantize.quantizer import Quantizer
from ..data.batch import Batch
from ..models.outputs import AB_UNIT, OUTPUTS, hue_and_chroma_bins
from .cross_entropy import soft_cross_entropy
from .targets import GrayRule, PixelWeights, SoftTargetTable, WeighedBy, ab_of, known_pixels

HUBER_LIMIT = 1.0  # CIELAB units; the published code has 1 / 110 of 110
L12_SLOPE = 0.1  # of seed 000's L12, per CIELAB unit: the error at which its halves meet is 10
NEIGHBORS = 5  # bins with a target in a row of the matrix, at most

Unit: TypeAlias = Literal["nats per pixel", "Lab units"]


@dataclass(frozen=True, eq=False)
class LossOptions:
    """How pixels are weighed, and what is done about rare bins.

    Attributes
    ----------
    weights : ndarray of shape (Q,) or None
        Rebalancing weights.
    weighed_by : {"bin", "expectation"}
        Take a pixel's weight at its hard bin, or as the expectation over its soft target.
    gray : {"mask", "drop", "keep"}
        Only ``mask`` is the loss's own affair; `drop_gray_images` drops.
    prior : ndarray of shape (Q,) or None
        Needed for logit adjustment.
    logit_adjust : float
        Tau; 0 adjusts nothing.
    """

    weights: NDArray[np.floating] | None = None
    weighed_by: WeighedBy = "bin"
    gray: GrayRule = "mask"
    prior: NDArray[np.floating] | None = None
    logit_adjust: float = 0.0


class SoftCrossEntropy(nn.Module):
    """Cross-entropy with soft targets, of logits as they are or adjusted by the prior.

    Parameters
    ----------
    quantizer : Quantizer
    options : LossOptions
    """

    shift: Tensor | None

    def __init__(self, quantizer: Quantizer, options: LossOptions) -> None:
        super().__init__()
        self.targets = SoftTargetTable(quantizer)
        self.register_buffer("shift", _shift_of(options, quantizer))

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return each pixel's loss in nats, (B, h, w)."""
        if self.shift is not None:
            logits = logits + self.shift[:, None, None]
        return soft_cross_entropy(logits, *self.targets(batch))


class KullbackLeibler(SoftCrossEntropy):
    """The divergence of the network's distribution from the soft target: 0 where they agree."""

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return each pixel's loss in nats, (B, h, w)."""
        return super().forward(logits, batch) - self.targets.entropy(batch)


class MatrixCrossEntropy(nn.Module):
    """Cross-entropy with the rows of seed 000's matrix, each divided by its sum, the weight.

    Parameters
    ----------
    quantizer : Quantizer
        An ab lattice.
    options : LossOptions

    Notes
    -----
    With pixels weighed by their hard bins this is -mean over pixels of sum_c T[y, c] log
    softmax(z)_c, T the Q x (Q + 1) matrix of `colorprep.balance.matrix` and its row of zeros for
    ignored pixels, without writing T's zeros.
    """

    bins: Tensor
    probs: Tensor

    def __init__(self, quantizer: Quantizer, options: LossOptions) -> None:
        super().__init__()
        if not isinstance(quantizer, AbQuantizer) or quantizer.step is None:
            raise InputError(
                f"the loss matrix needs labels of an ab lattice such as ab313; these are of "
                f"{quantizer.name}"
            )
        if options.weighed_by != "bin":
            raise InputError("the loss matrix takes a pixel's weight at its hard bin only")
        rows = neighbor_targets(quantizer)
        bins = np.argsort(-rows, axis=1, kind="stable")[:, :NEIGHBORS]
        probs = np.take_along_axis(rows, bins, axis=1).astype(np.float32)
        self.register_buffer("bins", torch.from_numpy(bins))
        self.register_buffer("probs", torch.from_numpy(probs))

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return each pixel's loss in nats, (B, h, w), of logits over Q + 1 channels."""
        label = _known_labels(batch)
        return soft_cross_entropy(logits, self.bins[label], self.probs[label])


class HueChromaCrossEntropy(nn.Module):
    """Cross-entropy of the bin of hue plus cross-entropy of the bin of chroma.

    Parameters
    ----------
    quantizer : Quantizer
        ``hc-1d``.
    options : LossOptions
    """

    def __init__(self, quantizer: Quantizer, options: LossOptions) -> None:
        super().__init__()
        self.n_bins = hue_and_chroma_bins(quantizer)

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return each pixel's loss in nats, (B, h, w), of logits of hue and then of chroma."""
        label = _known_labels(batch)[..., None]
        hue, chroma = torch.split(logits, self.n_bins, dim=1)
        certain = torch.ones_like(label, dtype=torch.float32)
        n_hue = self.n_bins[0]
        return soft_cross_entropy(hue, label % n_hue, certain) + soft_cross_entropy(
            chroma, label // n_hue, certain
        )


class Regression(nn.Module):
    """A loss of the error in a and b.

    Parameters
    ----------
    of_error : callable
        From errors (B, 2, h, w) in CIELAB units to losses (B, h, w).
    """

    def __init__(self, of_error: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.of_error = of_error

    def forward(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return each pixel's loss, (B, h, w), of outputs in units of 110 CIELAB units."""
        precise = outputs.to(torch.promote_types(outputs.dtype, torch.float32))
        return self.of_error(AB_UNIT * precise - ab_of(batch).movedim(-1, 1))


@dataclass(frozen=True)
class LossKind:
    """A loss of the table, and what the rest of the program must know of it.

    Attributes
    ----------
    make : callable
        From a quantizer and options to the module of a pixel's loss.
    outputs : str
        What the network's channels mean, a name of `outputs.OUTPUTS`.
    unit : {"nats per pixel", "Lab units"}
        Of the loss as it is told.
    takes_weights, takes_prior : bool
        Whether it can be rebalanced, and its logits adjusted.
    told : callable
        From the mean loss to the figure in `unit`.
    """

    make: Callable[[Quantizer, LossOptions], nn.Module]
    outputs: str
    unit: Unit
    takes_weights: bool = False
    takes_prior: bool = False
    told: Callable[[float], float] = float


class WeighedLoss(nn.Module):
    """The mean over pixels of weight times loss.

    Parameters
    ----------
    pixel_loss : Module
        From outputs and a batch to losses (B, h, w).
    pixel_weights : PixelWeights
    """

    def __init__(self, pixel_loss: nn.Module, pixel_weights: PixelWeights) -> None:
        super().__init__()
        self.pixel_loss = pixel_loss
        self.pixel_weights = pixel_weights

    def forward(self, outputs: Tensor, batch: Batch) -> Tensor:
        """Return the loss of a batch, a scalar."""
        losses: Tensor = self.pixel_loss(outputs, batch)
        weights: Tensor = self.pixel_weights(batch)
        return (weights * losses).mean()

    def share(self, batch: Batch) -> Tensor:
        """Return the share of a batch's pixels that count, a scalar: what its loss is told over."""
        return self.pixel_weights.mask(batch).float().mean()


def absolute_error(error: Tensor) -> Tensor:
    """Return the mean over a and b of |e|; errors (B, 2, h, w), CIELAB units."""
    return error.abs().mean(dim=1)


def squared_error(error: Tensor) -> Tensor:
    """Return the mean over a and b of e^2; errors (B, 2, h, w), CIELAB units."""
    return error.square().mean(dim=1)


def huber_error(error: Tensor) -> Tensor:
    """Return the mean over a and b of Huber's loss by its limit, in CIELAB units like |e|."""
    zero = torch.zeros_like(error)
    each = functional.smooth_l1_loss(error, zero, reduction="none", beta=HUBER_LIMIT)
    return each.mean(dim=1)


def l12_error(error: Tensor) -> Tensor:
    """Return seed 000's L12: the smaller of mean |e| and 0.1 mean e^2, each over a and b."""
    return torch.minimum(absolute_error(error), L12_SLOPE * squared_error(error))


def _regression(of_error: Callable[[Tensor], Tensor]) -> Callable[..., nn.Module]:
    return lambda quantizer, options: Regression(of_error)


LOSSES = {
    "soft-ce": LossKind(SoftCrossEntropy, "bins", "nats per pixel", True, True),
    "kl": LossKind(KullbackLeibler, "bins", "nats per pixel", True, True),
    "matrix": LossKind(MatrixCrossEntropy, "bins-and-ignored", "nats per pixel", True),
    "hue-chroma": LossKind(HueChromaCrossEntropy, "hue-and-chroma", "nats per pixel", True),
    "l1": LossKind(_regression(absolute_error), "ab", "Lab units"),
    "l2": LossKind(_regression(squared_error), "ab", "Lab units", told=math.sqrt),
    "huber": LossKind(_regression(huber_error), "ab", "Lab units"),
    "l12": LossKind(_regression(l12_error), "ab", "Lab units"),
}


def make_loss(
    name: str,
    quantizer: Quantizer,
    options: LossOptions = LossOptions(),  # noqa: B008
) -> WeighedLoss:
    """Make a loss of the table.

    Parameters
    ----------
    name : str
    quantizer : Quantizer
        Of the label shards.
    options : LossOptions

    Returns
    -------
    WeighedLoss
        Called with outputs (B, n, h, w), n = `OUTPUTS[LOSSES[name].outputs].n_channels(quantizer)`,
        and a batch.

    Raises
    ------
    InputError
        If there is none of that name, it does not go with the quantizer, or the options do not go
        with it or with each other.
    """
    if name not in LOSSES:
        raise InputError(f"unknown loss {name!r}; choose {', '.join(LOSSES)}")
    kind = LOSSES[name]
    OUTPUTS[kind.outputs].n_channels(quantizer)
    if options.weights is not None and not kind.takes_weights:
        raise InputError(f"the loss {name} takes no rebalancing weights: it knows no bins")
    if options.logit_adjust:
        if not kind.takes_prior:
            raise InputError(f"logit adjustment goes with soft-ce and kl, not with {name}")
        if options.weights is not None:
            raise InputError("logit adjustment takes the place of rebalancing weights; choose one")
    pixel_weights = PixelWeights(quantizer, options.weights, options.weighed_by, options.gray)
    return WeighedLoss(kind.make(quantizer, options), pixel_weights)


def logit_shift(prior: NDArray[np.floating], tau: float) -> Floats:
    """Return what logit adjustment adds to the logits while they are trained.

    Parameters
    ----------
    prior : ndarray of shape (Q,)
        Probabilities or counts.
    tau : float

    Returns
    -------
    ndarray of shape (Q,), float64
        tau log p, with empty bins taken to be as likely as the rarest of the others, so that all
        is finite. At prediction nothing is added.

    Raises
    ------
    InputError
        If it is no prior.
    """
    p = check_probs(prior)
    shift: Floats = tau * np.log(np.maximum(p, p[p > 0].min()))
    return shift


def _shift_of(options: LossOptions, quantizer: Quantizer) -> Tensor | None:
    if not options.logit_adjust:
        return None
    if options.prior is None or len(options.prior) != len(quantizer.centers):
        raise InputError(
            f"logit adjustment needs a prior over the {len(quantizer.centers)} bins of "
            f"{quantizer.name}"
        )
    return torch.from_numpy(logit_shift(options.prior, options.logit_adjust)).float()


def _known_labels(batch: Batch) -> Tensor:
    """Return each pixel's bin, (B, h, w) int64; 0 where there is none, whose loss weighs 0."""
    return torch.where(known_pixels(batch), batch["label"].long(), 0)
