"""The scores of one image: how colorful, how varied and how surprising it is.

All are of an image of `SCORE_SIZE` x `SCORE_SIZE`. Colorfulness is of every pixel; entropy,
surprise and the hue sectors are of rows and columns 0, 4, 8, ..., as label shards are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..balance.prior import Prior
from ..color.lab import Floats
from ..color.scores import color_scores
from ..errors import InputError
from ..quantize.ab import ab_lattice
from ..quantize.kernels import look_up
from ..quantize.tables import ab_cells, bin_table, cell_bins

SCORE_SIZE = 256
STRIDE = 4
SCORES = (
    "rgbvar",
    "saturation",
    "chroma",
    "colorfulness",
    "colorfulness_abs",
    "ab_entropy",
    "surprise",
)
NEAR_GRAY = 15.0  # chroma, in CIELAB units
N_SECTORS = 12  # of hue, 30 degrees each; one more group is near gray

ImageScores = np.dtype(
    [*((name, "<f8") for name in SCORES), ("sectors", "<u2", N_SECTORS + 1), ("reduced", "?")]
)
"""The scores of an image: `color_scores`, `entropy` and surprise in bits, and pixels by sector.

Surprise is not a number where no prior was at hand. The last field tells whether the image was
decoded from a part of its coefficients.
"""


class ImageScorer:
    """Scores images; safe to share between threads and to send to processes.

    Parameters
    ----------
    prior : Prior or None
        Under which surprise is told: the mean over pixels of -log2 of their bin's probability. A
        bin without probability is taken to have half a pixel.
    """

    def __init__(self, prior: Prior | None = None) -> None:
        lattice = ab_lattice()
        bins = cell_bins(lattice)
        assert bins is not None  # the borders of the 313 bins are integers
        self._cell_bins = bins
        self._n_bins = len(lattice.centers)
        self._sectors = sector_of(lattice.centers)
        self._quantizer = None if prior is None else prior.quantizer
        self._prior_cell_bins = None if prior is None else cell_bins(prior.quantizer)
        self._bits = None if prior is None else surprisal(prior.probs, prior.n_pixels)

    def __call__(self, rgb: NDArray[np.uint8], reduced: bool = False) -> NDArray[Any]:
        """Return the scores of an image.

        Parameters
        ----------
        rgb : ndarray of shape (256, 256, 3), uint8
        reduced : bool
            Is written down with the scores.

        Returns
        -------
        ndarray of shape (), `ImageScores`

        Raises
        ------
        InputError
            If the image has another size.
        """
        if rgb.shape != (SCORE_SIZE, SCORE_SIZE, 3):
            raise InputError(f"scores are of {SCORE_SIZE} x {SCORE_SIZE} pixels, got {rgb.shape}")
        side = SCORE_SIZE // STRIDE
        cells = np.empty((side, side), np.uint16)
        look_up(rgb, ab_cells(), STRIDE, cells)
        counts = np.bincount(self._cell_bins[cells].ravel(), minlength=self._n_bins)
        sectors = np.bincount(self._sectors, weights=counts, minlength=N_SECTORS + 1)
        surprise = self._surprise(rgb, cells)
        row = (*color_scores(rgb), entropy(counts), surprise, sectors, reduced)
        return np.array(row, ImageScores)

    def _surprise(self, rgb: NDArray[np.uint8], cells: NDArray[np.uint16]) -> float:
        if self._quantizer is None or self._bits is None:
            return float("nan")
        if self._prior_cell_bins is not None:
            bins = self._prior_cell_bins[cells]
        else:
            bins = np.empty_like(cells)
            look_up(rgb, bin_table(self._quantizer), STRIDE, bins)
        return float(self._bits[bins].mean())


def entropy(counts: NDArray[np.int64]) -> float:
    """Return the entropy of counts in bits.

    Parameters
    ----------
    counts : ndarray of shape (Q,), int64, not all 0

    Returns
    -------
    float
        0 where all are in one bin, log2 Q at most.
    """
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum()) + 0.0  # no negative zero


def surprisal(probs: Floats, n_pixels: int) -> Floats:
    """Return the bits that each bin is worth.

    Parameters
    ----------
    probs : ndarray of shape (Q,), float64
    n_pixels : int
        How many pixels they were counted from.

    Returns
    -------
    ndarray of shape (Q,), float64
        -log2 of the probability, or of half a pixel where that is more.
    """
    bits: Floats = -np.log2(np.maximum(probs, 0.5 / n_pixels))
    return bits


def sector_of(centers: Floats) -> NDArray[np.int64]:
    """Return the hue sector of colors.

    Parameters
    ----------
    centers : ndarray of shape (Q, 2), float64
        a and b.

    Returns
    -------
    ndarray of shape (Q,), int64
        0 to 11: hue angles from 0, 30, ... 330 degrees on; 12: near gray, whatever the hue.
    """
    angle = np.degrees(np.arctan2(centers[:, 1], centers[:, 0])) % 360.0
    sectors = np.minimum(angle * N_SECTORS / 360.0, N_SECTORS - 1).astype(np.int64)
    return np.where(np.hypot(centers[:, 0], centers[:, 1]) <= NEAR_GRAY, N_SECTORS, sectors)
