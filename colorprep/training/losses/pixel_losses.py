"""The loss of each pixel: modules that compare a head's outputs with a batch's labels.

Cross-entropies are in nats, errors of regression in CIELAB units.

References
----------
Zhang, Isola, Efros, ECCV 2016, equations 2 to 4 (soft cross-entropy). colorizer-fcn
(Kullback-Leibler divergence, which it divides by the number of bins; hue and chroma, summed over
pixels). Keras-FCN (matrix, L12). Zhang et al., SIGGRAPH 2017 (Huber). Menon et al., ICLR 2021
(logit adjustment).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
from ..choices import GrayRule, WeighedBy
from ..data.batch import Batch
from ..models.outputs import AB_UNIT, hue_and_chroma_bins
from .cross_entropy import soft_cross_entropy
from .targets import SoftTargetTable, ab_of, known_pixels, levels_of, subsampled

HUBER_LIMIT = 1.0  # CIELAB units; published as 1 / 110 in units of 110
L12_SLOPE = 0.1  # per CIELAB unit; both parts of L12 are equal at an error of 10
NEIGHBORS = 5  # maximum number of nonzero targets in a row of the matrix


@dataclass(frozen=True, eq=False)
class LossOptions:
    """How pixels are weighted, and how rare bins are treated.

    Attributes
    ----------
    weights : ndarray of shape (Q,) or (N, Q), or None
        Rebalancing weights, or those of N levels of lightness.
    weighed_by : {"bin", "expectation"}
        Whether a pixel has the weight of its hard bin, or the expectation over its soft target.
    gray : {"mask", "drop", "keep"}
        A loss applies only ``mask``; see `targets.drop_gray_images` for ``drop``.
    prior : ndarray of shape (Q,) or (N, Q), or None
        For logit adjustment, of all pixels or of N levels of lightness.
    logit_adjust : float
        Tau; 0 for none.
    """

    weights: NDArray[np.floating] | None = None
    weighed_by: WeighedBy = "bin"
    gray: GrayRule = "mask"
    prior: NDArray[np.floating] | None = None
    logit_adjust: float = 0.0


class SoftCrossEntropy(nn.Module):
    """Cross-entropy with soft targets, of logits that may be adjusted by the prior."""

    shift: Tensor | None

    def __init__(self, quantizer: Quantizer, options: LossOptions) -> None:
        super().__init__()
        self.targets = SoftTargetTable(quantizer)
        self.register_buffer("shift", _shift_of(options, quantizer))
        self.levels = levels_of(options.prior) if options.logit_adjust else None

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return each pixel's loss in nats, (B, h, w)."""
        if self.shift is not None and self.levels is not None:
            logits = logits + self.shift[self.levels(batch)].movedim(-1, 1)
        elif self.shift is not None:
            logits = logits + self.shift[:, None, None]
        return soft_cross_entropy(logits, *self.targets(batch))


class KullbackLeibler(SoftCrossEntropy):
    """Divergence of the network's distribution from the soft target: 0 if they are equal."""

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return each pixel's loss in nats, (B, h, w)."""
        return super().forward(logits, batch) - self.targets.entropy(batch)


class HardCrossEntropy(nn.Module):
    """Cross-entropy with hard bins, at the resolution of the logits.

    Further channels of logits are never right, such as the last one of Keras-FCN.
    """

    def __init__(self, quantizer: Quantizer, options: LossOptions) -> None:
        super().__init__()

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return each pixel's loss in nats, (B, h, w), from logits (B, Q or Q + 1, h, w)."""
        shape = (len(logits), *logits.shape[2:])
        label = subsampled(_known_labels(batch), shape)[..., None]
        return soft_cross_entropy(logits, label, torch.ones_like(label, dtype=torch.float32))


class MatrixCrossEntropy(nn.Module):
    """Cross-entropy with the rows of Keras-FCN's matrix, normalized to sum to 1.

    Parameters
    ----------
    quantizer : Quantizer
        An ab lattice.

    Raises
    ------
    InputError
        If the quantizer is not an ab lattice, or pixels are not weighted by their hard bins.

    Notes
    -----
    The sum of a row is the weight of its bin. With pixels weighted by their hard bins this is -mean
    over pixels of sum_c T[y, c] log softmax(z)_c, with T the Q x (Q + 1) matrix of
    `colorprep.balance.matrix` and a row of zeros for ignored pixels, but without storing zeros.
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
            raise InputError("the loss matrix weights pixels by their hard bins only")
        rows = neighbor_targets(quantizer)
        bins = np.argsort(-rows, axis=1, kind="stable")[:, :NEIGHBORS]
        probs = np.take_along_axis(rows, bins, axis=1).astype(np.float32)
        self.register_buffer("bins", torch.from_numpy(bins))
        self.register_buffer("probs", torch.from_numpy(probs))

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return each pixel's loss in nats, (B, h, w), from logits (B, Q + 1, h, w)."""
        label = _known_labels(batch)
        return soft_cross_entropy(logits, self.bins[label], self.probs[label])


class HueChromaCrossEntropy(nn.Module):
    """Cross-entropy of the bin of hue plus cross-entropy of the bin of chroma, for ``hc-1d``."""

    def __init__(self, quantizer: Quantizer, options: LossOptions) -> None:
        super().__init__()
        self.n_bins = hue_and_chroma_bins(quantizer)

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return each pixel's loss in nats, (B, h, w), from logits of hue, then of chroma."""
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
        """Return each pixel's loss, (B, h, w), from outputs in units of 110 CIELAB units."""
        precise = outputs.to(torch.promote_types(outputs.dtype, torch.float32))
        return self.of_error(AB_UNIT * precise - ab_of(batch).movedim(-1, 1))


def absolute_error(error: Tensor) -> Tensor:
    """Return the mean over a and b of |e|; errors (B, 2, h, w), CIELAB units."""
    return error.abs().mean(dim=1)


def squared_error(error: Tensor) -> Tensor:
    """Return the mean over a and b of e^2; errors (B, 2, h, w), CIELAB units."""
    return error.square().mean(dim=1)


def huber_error(error: Tensor) -> Tensor:
    """Return the mean over a and b of Huber's loss divided by its limit, in CIELAB units."""
    zero = torch.zeros_like(error)
    each = functional.smooth_l1_loss(error, zero, reduction="none", beta=HUBER_LIMIT)
    return each.mean(dim=1)


def l12_error(error: Tensor) -> Tensor:
    """Return Keras-FCN's L12, the smaller of mean |e| and 0.1 mean e^2, each over a and b."""
    return torch.minimum(absolute_error(error), L12_SLOPE * squared_error(error))


def logit_shift(prior: NDArray[np.floating], tau: float) -> Floats:
    """Return the shift of the logits that logit adjustment adds in training.

    Parameters
    ----------
    prior : ndarray of shape (Q,)
        Probabilities or counts.

    Returns
    -------
    ndarray of shape (Q,), float64
        tau log p; empty bins get the value of the rarest other bin, so that all are finite. In
        prediction, nothing is added.

    Raises
    ------
    InputError
        If it is not a prior.

    Examples
    --------
    >>> logit_shift(np.array([6.0, 2.0, 0.0]), 1.0).round(3).tolist()
    [-0.288, -1.386, -1.386]
    """
    p = check_probs(prior)
    shift: Floats = tau * np.log(np.maximum(p, p[p > 0].min()))
    return shift


def _shift_of(options: LossOptions, quantizer: Quantizer) -> Tensor | None:
    if not options.logit_adjust:
        return None
    if options.prior is None or options.prior.shape[-1] != len(quantizer.centers):
        raise InputError(
            f"logit adjustment needs a prior over the {len(quantizer.centers)} bins of "
            f"{quantizer.name}"
        )
    shift = np.apply_along_axis(logit_shift, -1, options.prior, options.logit_adjust)
    return torch.from_numpy(shift).float()


def _known_labels(batch: Batch) -> Tensor:
    """Return each pixel's bin, (B, h, w) int64; 0 for ignored pixels, whose weight is 0."""
    return torch.where(known_pixels(batch), batch["label"].long(), 0)
