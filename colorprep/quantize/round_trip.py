"""The round-trip error: what a color loses by being encoded into bins and decoded again.

This is the best that a network which predicts bins can do: it is the error of a perfect one.

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

ENTRIES = 1 << 22  # of distributions at once, were they over all bins


class RoundTrip(NamedTuple):
    """Colors, one for each way of decoding them.

    Attributes
    ----------
    hard
        The center of the color's bin.
    soft
        The expectation of its soft-encoding.
    annealed
        The annealed mean of its soft-encoding, T = 0.38.
    """

    hard: Floats
    soft: Floats
    annealed: Floats


def round_trip(quantizer: Quantizer, rgb: NDArray[np.uint8]) -> RoundTrip:
    """Encode colors and decode them again, at their own lightness.

    Parameters
    ----------
    quantizer : Quantizer
    rgb : ndarray of shape (N, 3), uint8

    Returns
    -------
    RoundTrip
        Of CIE Lab, each ndarray of shape (N, 3), float64. The lightness of Lab is kept by
        quantizers of ab, that of HSL by quantizers of hue and chroma.
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
    quantizer : Quantizer
    rgb : ndarray of shape (N, 3), uint8

    Returns
    -------
    RoundTrip
        Of CIEDE2000 color differences, each ndarray of shape (N,), float64. About 1 is just
        noticeable side by side.
    """
    from skimage.color import deltaE_ciede2000  # slow to import

    lab = rgb_to_lab(rgb)
    return RoundTrip(*(deltaE_ciede2000(lab, back) for back in round_trip(quantizer, rgb)))


def _decoded(quantizer: Quantizer, colors: Floats) -> RoundTrip:
    """Return colors (N, 2) as they come back, in the quantizer's space."""
    rows = max(1, ENTRIES // len(quantizer.centers))
    parts = []
    for start in range(0, len(colors), rows):
        bins, weights = quantizer.encode_soft(colors[start : start + rows])
        annealed = quantizer.decode(weights, "annealed-mean", TEMPERATURE, bins)
        parts.append((quantizer.decode(weights, "mean", bins=bins), annealed))
    hard = quantizer.centers[quantizer.encode(colors)]
    means, annealed_means = zip(*parts, strict=True)
    return RoundTrip(hard, np.concatenate(means), np.concatenate(annealed_means))
