"""How natural the colors of pictures are, judged by a prior: no original is needed.

A prior p over the bins of colors was counted on photographs. The naturalness of a picture is the
mean over its pixels of ln p(bin), in nats per pixel. With s, the shares of its bins,

    naturalness = sum(s ln p) = -(H(s) + KL(s || p)),

the negative cross-entropy: it is high for common colors, and for few colors. So higher is not
better: gray is the commonest color of photographs, and a gray picture scores higher than they do.
Pictures are natural if they score as photographs do, so the score of the original belongs beside
it. Photographs of one size from which p was counted score -H(p) on average, before smoothing;
colors spread evenly over all Q bins score -ln Q or less.

A bin that the prior never saw would score minus infinity. So p is mixed with a uniform distribution
first, as for the balanced AuC: 0.999 p + 0.001 / Q. The least score is thus ln(0.001 / Q), -12.7
for the 313 bins of ab313.

It tells nothing of where colors are: with its pixels shuffled, a picture scores the same. The prior
of a class knows what the whole prior cannot, that oranges are not blue; but within a picture it
does not know the orange from the sky. Bins have different areas in some quantizers, so only scores
by the same prior can be compared.

References
----------
Statistical Color Distribution-Based Objective Image Colorization Quality Assessment (SCD), CGI
2024, judges in a similar way; its authors report that it agrees with 1,321 volunteers better than
the metrics in use. It cuts pictures into semantic regions, counts hue and saturation, weighs
neighboring bins and uses densities, so its scores are not these.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..balance.weights import check_probs
from ..color.lab import Floats
from .bins import FLOOR


def floored_log_probs(probs: Floats) -> Floats:
    """Return ln(0.999 p + 0.001 / Q) of every bin, in nats.

    Parameters
    ----------
    probs : ndarray of shape (Q,), float64
        The prior p; normalized to sum to 1.

    Returns
    -------
    ndarray of shape (Q,), float64

    Raises
    ------
    InputError
        If the probabilities are negative, not finite, or all 0.
    """
    p = check_probs(probs)
    return np.asarray(np.log((1.0 - FLOOR) * p + FLOOR / len(p)))


def naturalness(counts: NDArray[np.int64], log_probs: Floats) -> float:
    """Return the mean log-likelihood of a picture's colors, in nats per pixel.

    Parameters
    ----------
    counts : ndarray of shape (Q,), int64
        The picture's pixels by bin, see `colorprep.balance.histogram.count_bins`; one or more.
    log_probs : ndarray of shape (Q,), float64
        From `floored_log_probs`.

    Examples
    --------
    >>> log_probs = floored_log_probs(np.array([0.5, 0.5, 0.0]))
    >>> round(naturalness(np.array([4, 0, 0]), log_probs), 3)  # nearly ln 0.5
    -0.693
    >>> round(naturalness(np.array([0, 0, 4]), log_probs), 3)  # ln(0.001 / 3)
    -8.006
    """
    return float(counts @ log_probs / counts.sum())
