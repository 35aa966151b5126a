"""The scores of one image: how colorful, how varied and how surprising it is.

All take the image at `SCORE_SIZE` x `SCORE_SIZE`. Colorfulness looks at every pixel; entropy,
surprise and the hue sectors at rows and columns 0, 4, 8, ..., as label shards do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..balance.prior import Prior
from ..color.lab import Floats, lab_to_rgb, reduce_to_gamut
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
N_SECTORS = 12  # of hue, 30 degrees each; one more group holds near-gray pixels
SHOWN_LIGHTNESS, SHOWN_CHROMA = 70.0, 60.0  # of the color that stands for a sector

ImageScores = np.dtype(
    [*((name, "<f8") for name in SCORES), ("sectors", "<u2", N_SECTORS + 1), ("reduced", "?")]
)
"""The scores of an image: `color_scores`, `entropy` and surprise in bits, and pixels by sector.

Surprise is NaN without a prior. The last field records whether the image was decoded at reduced
size, from a part of its coefficients.
"""


class ImageScorer:
    """Scores images; can be shared between threads and pickled.

    Parameters
    ----------
    prior : Prior or None
        What surprise is measured against: it is the mean over pixels of -log2 of their bin's
        probability. Empty bins count as if they had half a pixel.

    Examples
    --------
    >>> rgb = np.zeros((256, 256, 3), np.uint8)
    >>> rgb[:128, :, 0] = 200
    >>> scores = ImageScorer()(rgb)
    >>> round(float(scores["rgbvar"]), 4), float(scores["ab_entropy"])
    (4444.4444, 1.0)
    """

    def __init__(self, prior: Prior | None = None) -> None:
        lattice = ab_lattice()
        bins = cell_bins(lattice)
        assert bins is not None  # the borders of the 313 bins are at integers
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
            Recorded with the scores.

        Returns
        -------
        ndarray of shape (), `ImageScores`

        Raises
        ------
        InputError
            If the image has another size.
        """
        if rgb.shape != (SCORE_SIZE, SCORE_SIZE, 3):
            raise InputError(
                f"expected shape ({SCORE_SIZE}, {SCORE_SIZE}, 3), got {rgb.shape}; resize the "
                "image first"
            )
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
        From 0, if all are in one bin, to log2 Q.

    Examples
    --------
    >>> entropy(np.array([2, 1, 1, 0]))
    1.5
    """
    probs = counts[counts > 0] / counts.sum()
    return float(-(probs * np.log2(probs)).sum()) + 0.0  # no negative zero


def surprisal(probs: Floats, n_pixels: int) -> Floats:
    """Return the surprisal of each bin in bits.

    Parameters
    ----------
    probs : ndarray of shape (Q,), float64
    n_pixels : int
        Number of pixels that `probs` was counted from.

    Returns
    -------
    ndarray of shape (Q,), float64
        -log2 of the probability, which is taken to be half a pixel at least.

    Examples
    --------
    >>> surprisal(np.array([0.75, 0.25, 0.0]), n_pixels=8).round(2)
    array([0.42, 2.  , 4.  ])
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
        0 to 11: hue angles from 0, 30, ..., 330 degrees; 12: near gray, whatever the hue.

    Examples
    --------
    >>> sector_of(np.array([[50.0, 10.0], [0.0, 60.0], [5.0, 5.0]]))
    array([ 0,  3, 12])
    """
    angle = np.degrees(np.arctan2(centers[:, 1], centers[:, 0])) % 360.0
    sectors = np.minimum(angle * N_SECTORS / 360.0, N_SECTORS - 1).astype(np.int64)
    return np.where(np.hypot(centers[:, 0], centers[:, 1]) <= NEAR_GRAY, N_SECTORS, sectors)


def sector_names() -> list[str]:
    """Return the names of the sectors of `sector_of`: their hue angles, and near gray."""
    width = 360 // N_SECTORS
    return [f"{start}–{start + width}°" for start in range(0, 360, width)] + ["near gray"]


def sector_colors() -> Floats:
    """Return a color for each sector of `sector_of`, at the middle of its hue angles.

    Returns
    -------
    ndarray of shape (13, 3), float64 sRGB in [0, 1]
        All of the same lightness.
    """
    angles = np.radians((np.arange(N_SECTORS) + 0.5) * 360.0 / N_SECTORS)
    ab = SHOWN_CHROMA * np.column_stack([np.cos(angles), np.sin(angles)])
    lab = np.column_stack([np.full(N_SECTORS + 1, SHOWN_LIGHTNESS), [*ab, (0.0, 0.0)]])
    return lab_to_rgb(reduce_to_gamut(lab))
