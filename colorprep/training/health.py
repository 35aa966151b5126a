"""What figures of a log say about the colors of predictions; light to import."""

from __future__ import annotations

import math
from collections.abc import Mapping

COLOR_FIGURES = ("val_chroma", "val_chroma_truth", "val_spread", "val_spread_truth")
GRAY_SHARE = 0.25  # of the originals' chroma, below which predictions are nearly gray
SAME_SHARE = 0.1  # of the originals' spread, below which predictions are of one color
FAINT = 2.3  # CIELAB units: about the smallest visible difference


def color_fault(figures: Mapping[str, float]) -> str | None:
    """Return what is wrong with the colors of predictions, None if nothing is.

    Parameters
    ----------
    figures : mapping of str to float
        Of a row of the log; without ``val_chroma`` and the others, nothing is known to be wrong.

    Notes
    -----
    If the originals are gray, or of one color, predictions may be so too.

    Examples
    --------
    >>> color_fault({"val_chroma": 2.0, "val_chroma_truth": 16.0})
    'predictions are nearly gray'
    """
    # Logs of older versions lack them.
    values = (figures.get(name, math.nan) for name in COLOR_FIGURES)
    chroma, truth, spread, spread_of_truth = values
    if truth > FAINT and chroma < GRAY_SHARE * truth:
        return "predictions are nearly gray"
    if spread_of_truth > FAINT and spread < SAME_SHARE * spread_of_truth:
        return "predictions are all of nearly one color"
    return None
