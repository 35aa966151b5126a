"""Warning if a finished run paints everything gray or in one color."""

from __future__ import annotations

from ...training.fitting.record import Record
from ...training.health import COLOR_FIGURES, color_fault
from ...training.losses.objectives import COMPOSITES
from .params import TrainParams


def color_warning(record: Record, params: TrainParams, rebalanced: bool) -> str | None:
    """Return what is wrong with the colors of a network and what to try, None if nothing is wrong.

    Parameters
    ----------
    record : Record
        Of the network that will be used; without a validation, nothing is known to be wrong.
    rebalanced : bool
        Whether it was trained with rebalancing weights.

    Notes
    -----
    A network without color after a few steps is warned about as well: it should be trained for
    longer.
    """
    fault = color_fault(record.figures)
    if fault is None:
        return None
    chroma, truth, spread, spread_of_truth = (record.figures[name] for name in COLOR_FIGURES)
    return (
        f"{fault}: on held-out images they have {_percent(chroma, truth)} of the originals' chroma "
        f"({chroma:.3g} of {truth:.3g} CIELAB units) and {_percent(spread, spread_of_truth)} of "
        f"the spread of their colors, at step {record.step}. Look at the samples; then try "
        f"{_remedies(params, rebalanced)}"
    )


def _percent(part: float, whole: float) -> str:
    return f"{part / whole:.0%}" if whole else "none"


def _remedies(params: TrainParams, rebalanced: bool) -> str:
    """Return options to try next, as they fit the loss."""
    objective = params.objective
    longer = "longer training (more --epochs)"
    rate = f"another learning rate (--lr, now {params.pace.learning_rate:g})"
    if objective.loss in ("l1", "l2", "huber", "l12"):
        rare = "--loss soft-ce with weights: regression tends to gray"
    elif objective.loss in COMPOSITES:
        more = f"a larger --saturation (now {objective.saturation:g})"
        rare = more if objective.saturation else "--saturation 0.01"
    elif objective.loss == "rgb-l1":
        rare = "a network that predicts bins: the error of pictures tends to gray"
    elif rebalanced:
        rare = "stronger weights (`colorprep weights` with a smaller --lambda)"
    elif objective.logit_adjust:
        rare = f"a larger --logit-adjust (now {objective.logit_adjust:g})"
    elif objective.loss in ("soft-ce", "kl"):
        rare = "rebalancing: weights.npz of `colorprep prior`, or --logit-adjust 1"
    else:
        rare = "rebalancing by weights.npz of `colorprep prior`"
    return f"{longer}, {rare}, or {rate}"
