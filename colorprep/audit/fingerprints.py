"""Perceptual hashes: 64 bits that copies of a picture share and different pictures do not.

A **fingerprint** holds for each of the 63 lowest frequencies of a picture's luma whether it is
above their median. An image has 16: one of the whole image, which searches compare with, and those
of the image cropped by 0 or 3% at each side, which searches start from. So a cropped copy is found
as easily as an uncropped one.

References
----------
Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions" (the DCT hash).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats

SIDE = 64
CUT = 0.03  # of the width or height
VERSIONS = 16

_FREQUENCIES = 8
_CUTS = ((0.0, 0.0), (CUT, CUT), (CUT, 0.0), (0.0, CUT))
_UNIT = 1 << 12  # cosines are integers in this unit


def fingerprints(luma: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Return the fingerprints of an image and its cropped versions.

    Parameters
    ----------
    luma : ndarray of shape (64, 64), int32
        From `colorprep.color.luma.luma`.

    Returns
    -------
    ndarray of shape (16,), uint64
        The whole image's is first. The highest bit is 0. Copies differ in a few bits, see
        `colorprep.audit.candidates`.

    Notes
    -----
    The cosines of all cuts are the rows of one matrix C, so C Y C^T holds the frequencies of all
    16 versions. They are integers below 2^53, hence exact in float64 on any machine.

    Examples
    --------
    >>> luma = np.random.default_rng(0).integers(0, 65281, (64, 64), np.int32)
    >>> bool((fingerprints(luma) == fingerprints(luma + 1000)).all())
    True
    """
    cosines = _cosines()
    n_cuts = len(_CUTS)
    spectra = (cosines @ luma.astype(np.float64) @ cosines.T).reshape(n_cuts, 8, n_cuts, 8)
    frequencies = spectra.transpose(0, 2, 1, 3).reshape(VERSIONS, 64)
    frequencies[:, 0] = -np.inf  # the mean luma, whose bit is 0; the median is then the 33rd
    bits = frequencies > np.partition(frequencies, 32, axis=1)[:, 32:33]
    return np.packbits(bits, axis=1).view(">u8")[:, 0].astype(np.uint64)


@cache
def _cosines() -> Floats:
    """Return the cosines of the lowest frequencies over each cropped width, (32, 64) float64."""
    edges = np.arange(SIDE + 1) / SIDE
    rows = []
    for left, right in _CUTS:
        low, high = np.maximum(edges[:-1], left), np.minimum(edges[1:], 1.0 - right)
        covered = np.maximum(high - low, 0.0) * SIDE
        place = ((low + high) / 2 - left) / (1.0 - left - right)
        angles = np.pi * np.arange(_FREQUENCIES)[:, None] * place
        rows.append(np.rint(_UNIT * covered * np.cos(angles)))
    return np.concatenate(rows)
