"""Warning if a finished run paints everything gray or in one color."""

from __future__ import annotations

from ...training.fitting.loop import Record
from .params import TrainParams

GRAY_SHARE = 0.25  # of the originals' chroma, below which predictions are nearly gray
SAME_SHARE = 0.1  # of the originals' spread, below which predictions are of one color
FAINT = 2.3  # CIELAB units: about the smallest visible difference


def color_warning(record: Record, params: TrainParams, rebalanced: bool) -> str | None:
    """Return what is wrong with the colors of a network, None if nothing is.

    Parameters
    ----------
    record : Record
        Of the network that will be used. Without a validation, None is returned.
    params : TrainParams
        Of its training.
    rebalanced : bool
        Whether it was trained with rebalancing weights.

    Returns
    -------
    str or None
        Also what to try. A network without color after a few steps is warned about as well: it
        should be trained for longer.

    Notes
    -----
    If the originals themselves are gray, or of one color, predictions may be so.
    """
    chroma, truth = record.val_chroma, record.val_chroma_truth
    spread, spread_of_truth = record.val_spread, record.val_spread_truth
    if truth > FAINT and chroma < GRAY_SHARE * truth:
        fault = "predictions are nearly gray"
    elif spread_of_truth > FAINT and spread < SAME_SHARE * spread_of_truth:
        fault = "predictions are all of nearly one color"
    else:
        return None
    return (
        f"{fault}: on held-out images they have {_percent(chroma, truth)} of the originals' chroma "
        f"({chroma:.2g} of {truth:.2g} CIELAB units) and {_percent(spread, spread_of_truth)} of "
        f"the spread of their colors, at step {record.step}. Look at the samples; then try "
        f"{_remedies(params, rebalanced)}"
    )


def _percent(part: float, whole: float) -> str:
    return f"{part / whole:.0%}" if whole else "none"


def _remedies(params: TrainParams, rebalanced: bool) -> str:
    """Return options to train with next, those that fit the loss first."""
    longer = "longer training (more --epochs)"
    rate = f"another learning rate (--lr, now {params.learning_rate:g})"
    if params.loss in ("l1", "l2", "huber", "l12"):
        rare = "--loss soft-ce with weights: regression tends to gray"
    elif rebalanced:
        rare = "stronger weights (`colorprep weights` with a smaller --lambda)"
    elif params.logit_adjust:
        rare = f"a larger --logit-adjust (now {params.logit_adjust:g})"
    elif params.loss in ("soft-ce", "kl"):
        rare = "rebalancing: weights.npz of `colorprep prior`, or --logit-adjust 1"
    else:
        rare = "rebalancing by weights.npz of `colorprep prior`"
    return f"{longer}, {rare}, or {rate}"
