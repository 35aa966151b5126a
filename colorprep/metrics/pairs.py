"""The metrics of one pair of images: a colorized picture and its original.

PSNR, SSIM and CIEDE2000 are scikit-image's, with the variants fixed here.

References
----------
Zhang, Isola, Efros, ECCV 2016, section 3.1 (AuC); Wang, Bovik, Sheikh, Simoncelli 2004 (SSIM);
CIE 142-2001 (CIEDE2000); Hasler and Suesstrunk 2003 (colorfulness).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats, rgb_to_lab
from ..color.scores import color_scores
from ..errors import InputError
from .bins import AUC_LIMIT, BinShares, bin_map, bin_shares, bins_of_cells

SSIM_SIGMA = 1.5
SSIM_WINDOW = 11  # pixels: scikit-image cuts the Gaussian at 3.5 sigma


class PairMetrics(NamedTuple):
    """The metrics of a pair of images.

    Attributes
    ----------
    auc : float
        See `raw_accuracy`.
    psnr : float
        20 log10(255 / RMSE) of 8-bit RGB, in dB; infinite for equal images.
    ssim : float
        Mean over the channels, with a Gaussian window of sigma 1.5 and 11 x 11 pixels and
        population variances, without the border of 5 pixels; NaN if a side is under 11 pixels.
    ciede2000 : float
        Mean over the pixels.
    mse_ab : float
        Mean squared error of (ab + 128) / 255.
    colorfulness, colorfulness_original : float
        See `color_scores`.
    colorfulness_abs, colorfulness_abs_original : float
        The variant of |R - G| and |(R + G) / 2 - B|.
    chroma_ab, chroma_ab_original : float
        Mean over the pixels of sqrt(a^2 + b^2).
    bin_accuracy : float
        Fraction of the pixels whose bin is the original's.
    """

    auc: float
    psnr: float
    ssim: float
    ciede2000: float
    mse_ab: float
    colorfulness: float
    colorfulness_original: float
    colorfulness_abs: float
    colorfulness_abs_original: float
    chroma_ab: float
    chroma_ab_original: float
    bin_accuracy: float


class PairComparison(NamedTuple):
    """The metrics of a pair, and its pixels by bin for the metrics of sets."""

    metrics: PairMetrics
    bins: BinShares

    def __repr__(self) -> str:
        shown = [f"{name}={getattr(self.metrics, name):.4g}" for name in ("psnr", "ssim", "auc")]
        return f"PairComparison({', '.join(shown)}, ...)"


def compare_images(
    prediction: NDArray[np.uint8],
    original: NDArray[np.uint8],
    cell_bins: NDArray[np.uint16] | None = None,
) -> PairComparison:
    """Compare a colorized picture with its original.

    Parameters
    ----------
    prediction, original : ndarray of shape (H, W, 3), uint8
        sRGB.
    cell_bins : ndarray of shape (65536,), uint16, or None
        `bins_of_cells()`, which saves time when comparing many pairs.

    Raises
    ------
    InputError
        If the two differ in shape, or are not uint8 of shape (H, W, 3).

    Examples
    --------
    >>> original = np.full((16, 16, 3), [200, 120, 80], np.uint8)
    >>> prediction = np.full((16, 16, 3), 140, np.uint8)
    >>> metrics = compare_images(prediction, original).metrics
    >>> round(metrics.auc, 3), round(metrics.psnr, 2), metrics.bin_accuracy
    (0.703, 14.09, 0.0)
    """
    for image in (prediction, original):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
            raise InputError(f"expected uint8 of shape (H, W, 3), got {image.dtype} {image.shape}")
    if prediction.shape != original.shape:
        raise InputError(
            f"images of different sizes cannot be compared: the prediction is {prediction.shape}, "
            f"the original {original.shape}"
        )
    table = bins_of_cells() if cell_bins is None else cell_bins
    lab, lab_original = rgb_to_lab(prediction), rgb_to_lab(original)
    ab, ab_original = lab[..., 1:], lab_original[..., 1:]
    distance = chroma(ab - ab_original)
    bins, bins_original = bin_map(prediction, table), bin_map(original, table)
    colors, colors_original = color_scores(prediction), color_scores(original)
    metrics = PairMetrics(
        auc=raw_accuracy(distance),
        psnr=psnr(prediction, original),
        ssim=ssim(prediction, original),
        ciede2000=ciede2000(lab, lab_original),
        mse_ab=mse_ab(ab, ab_original),
        colorfulness=colors.colorfulness,
        colorfulness_original=colors_original.colorfulness,
        colorfulness_abs=colors.colorfulness_abs,
        colorfulness_abs_original=colors_original.colorfulness_abs,
        chroma_ab=float(chroma(ab).mean()),
        chroma_ab_original=float(chroma(ab_original).mean()),
        bin_accuracy=float((bins == bins_original).mean()),
    )
    return PairComparison(metrics, bin_shares(bins, bins_original, distance))


def raw_accuracy(distance: Floats) -> float:
    """Return AuC: the area under the fraction of pixels within thresholds of 0 to 150, over 150.

    Parameters
    ----------
    distance : ndarray, float64
        Of each pixel, in ab, CIELAB units.

    Returns
    -------
    float
        1 - mean(min(d, 150)) / 150. A pixel at distance d is within the thresholds from d to 150,
        so this is the integral in closed form; sums over 16 or 151 thresholds differ by up to 0.02.

    Examples
    --------
    >>> raw_accuracy(np.array([0.0, 75.0, 150.0, 300.0]))
    0.375
    """
    return 1.0 - float(np.minimum(distance, AUC_LIMIT).mean()) / AUC_LIMIT


def psnr(prediction: NDArray[np.uint8], original: NDArray[np.uint8]) -> float:
    """Return the peak signal-to-noise ratio of 8-bit RGB in dB; infinite for equal images."""
    from skimage.metrics import peak_signal_noise_ratio  # slow to import

    with np.errstate(divide="ignore"):
        return float(peak_signal_noise_ratio(original, prediction, data_range=255))


def ssim(prediction: NDArray[np.uint8], original: NDArray[np.uint8]) -> float:
    """Return the structural similarity as published; NaN for images smaller than its window."""
    from skimage.metrics import structural_similarity  # slow to import

    if min(original.shape[:2]) < SSIM_WINDOW:
        return math.nan
    return float(
        structural_similarity(
            original,
            prediction,
            data_range=255,
            channel_axis=2,
            gaussian_weights=True,
            sigma=SSIM_SIGMA,
            use_sample_covariance=False,
        )
    )


def mse_ab(ab: Floats, ab_original: Floats) -> float:
    """Return the mean squared error of (ab + 128) / 255, from arrays of shape (..., 2)."""
    return float(np.mean(((ab - ab_original) / 255.0) ** 2))


def ciede2000(lab: Floats, lab_original: Floats) -> float:
    """Return the mean CIEDE2000 color difference of two Lab arrays of shape (..., 3)."""
    from skimage.color import deltaE_ciede2000  # slow to import

    return float(deltaE_ciede2000(lab_original, lab).mean())


def chroma(ab: Floats) -> Floats:
    """Return the length of (a, b), an ndarray of shape (...), float64."""
    return np.asarray(np.hypot(ab[..., 0], ab[..., 1]))
