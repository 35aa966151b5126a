"""The round-trip error: of encoding a color into bins and decoding it again.

It is the error of a network that predicts bins perfectly, so no network can do better.

References
----------
Sharma, Wu, Dalal, "The CIEDE2000 color-difference formula", Color Research and Application 30(1),
2005; computed by scikit-image.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..color.hue_chroma import hue_chroma_lightness_to_rgb, rgb_to_hue_chroma_lightness
from ..color.lab import Floats, rgb_to_lab
from .decoding import TEMPERATURE
from .quantizer import Quantizer

ENTRIES = 1 << 22  # probabilities computed at once, if over all bins; bounds the memory


class RoundTrip(NamedTuple):
    """Colors, or their errors, for each way of decoding.

    Attributes
    ----------
    hard
        From the center of the color's bin.
    soft
        From the mean of its soft-encoding.
    annealed
        From the annealed mean of its soft-encoding, T = 0.38.
    """

    hard: Floats
    soft: Floats
    annealed: Floats

    def __repr__(self) -> str:
        return f"RoundTrip(hard, soft and annealed of {len(self.hard):,} colors)"


def round_trip(quantizer: Quantizer, rgb: NDArray[np.uint8]) -> RoundTrip:
    """Encode colors and decode them again, keeping their lightness.

    Parameters
    ----------
    rgb : ndarray of shape (N, 3), uint8

    Returns
    -------
    RoundTrip
        CIE Lab colors, each an ndarray of shape (N, 3), float64. Quantizers of ab keep Lab's
        lightness, quantizers of hue and chroma HSL's.

    Examples
    --------
    >>> from colorprep import ab_lattice
    >>> round_trip(ab_lattice(), np.array([[255, 0, 0]], np.uint8)).hard.round(1).tolist()
    [[53.2, 80.0, 70.0]]
    """
    if quantizer.space == "ab":
        lab = rgb_to_lab(rgb)
        lightness, colors = lab[:, :1], lab[:, 1:]
        return RoundTrip(*(np.hstack([lightness, ab]) for ab in _decoded(quantizer, colors)))
    hcl = rgb_to_hue_chroma_lightness(rgb)
    colors, lightness = hcl[:, :2], hcl[:, 2:]
    return RoundTrip(
        *(
            rgb_to_lab(hue_chroma_lightness_to_rgb(np.hstack([hue_chroma, lightness])))
            for hue_chroma in _decoded(quantizer, colors)
        )
    )


def round_trip_errors(quantizer: Quantizer, rgb: NDArray[np.uint8]) -> RoundTrip:
    """Return the round-trip errors of colors.

    Parameters
    ----------
    rgb : ndarray of shape (N, 3), uint8

    Returns
    -------
    RoundTrip
        CIEDE2000 color differences, each an ndarray of shape (N,), float64. A difference of about
        1 is just noticeable side by side.

    Examples
    --------
    >>> from colorprep import ab_lattice
    >>> errors = round_trip_errors(ab_lattice(), np.array([[255, 99, 71], [9, 9, 9]], np.uint8))
    >>> errors.hard.round(1).tolist(), errors.soft.round(1).tolist()
    ([1.2, 0.0], [0.1, 0.0])
    """
    from skimage.color import deltaE_ciede2000  # slow to import

    lab = rgb_to_lab(rgb)
    return RoundTrip(*(deltaE_ciede2000(lab, back) for back in round_trip(quantizer, rgb)))


def _decoded(quantizer: Quantizer, colors: Floats) -> RoundTrip:
    """Return colors (N, 2) after the round trip, in the quantizer's space."""
    rows = max(1, ENTRIES // len(quantizer.centers))
    parts = []
    for start in range(0, len(colors), rows):
        bins, weights = quantizer.encode_soft(colors[start : start + rows])
        annealed = quantizer.decode(weights, "annealed-mean", TEMPERATURE, bins)
        parts.append((quantizer.decode(weights, "mean", bins=bins), annealed))
    hard = quantizer.centers[quantizer.encode(colors)]
    means, annealed_means = zip(*parts, strict=True)
    return RoundTrip(hard, np.concatenate(means), np.concatenate(annealed_means))
