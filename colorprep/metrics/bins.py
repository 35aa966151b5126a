"""Pixels of a pair of images by their ab313 bins, and metrics of many pairs.

AuC, balanced AuC and the agreement of bins are computed from four fractions per bin, `BinShares`.
They are summed over images, and every image counts equally, whatever its size. The bins are always
the 313 published ones, so that methods with other quantizers can be compared.

References
----------
Zhang, Isola, Efros, ECCV 2016, section 3.1 and equation 4 (class-balanced accuracy);
Long, Shelhamer, Darrell, CVPR 2015, section 5 (accuracies and intersection over union).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..balance.weights import rebalancing_weights
from ..color.lab import Floats
from ..quantize.ab import ab_lattice
from ..quantize.kernels import look_up_bins_of_cells, look_up_cells
from ..quantize.tables import ab_cells, cell_bins

N_BINS = 313
FLOOR = 0.001  # fraction of a uniform distribution in the prior of the balanced AuC
AUC_LIMIT = 150.0  # CIELAB units


class BinShares(NamedTuple):
    """Pixels of a pair of images by bin, as fractions of all pixels.

    Attributes
    ----------
    bins : ndarray of shape (k,), uint16
        The bins that occur in either image, ascending.
    shares : ndarray of shape (4, k), float64
        For each of these bins: pixels of the original; pixels of the prediction; pixels of both;
        and the sum of min(d, 150) / 150 over the original's pixels, d being the distance in ab.
    """

    bins: NDArray[np.uint16]
    shares: Floats

    def dense(self) -> Floats:
        """Return `shares` for all bins, (4, 313) float64."""
        full = np.zeros((4, N_BINS))
        full[:, self.bins] = self.shares
        return full


class Agreement(NamedTuple):
    """How well the bins of predictions and originals agree; see `agreement`.

    Attributes
    ----------
    mean_accuracy : ndarray of shape (...), float64
        Fraction of a bin's pixels that are predicted to be in it, averaged over the bins of the
        originals.
    mean_iou : ndarray of shape (...), float64
        Intersection over union of a bin's pixels in prediction and original, averaged over the
        bins that occur.
    frequency_weighted_iou : ndarray of shape (...), float64
        The same, bins weighted by their fraction of the originals.
    n_absent : ndarray of shape (...), int64
        Bins that occur in neither, and are left out of the averages.
    """

    mean_accuracy: Floats
    mean_iou: Floats
    frequency_weighted_iou: Floats
    n_absent: NDArray[np.int64]


def bins_of_cells() -> NDArray[np.uint16]:
    """Return the bin of every ab cell, (65536,) uint16."""
    bins = cell_bins(ab_lattice())
    assert bins is not None  # a lattice of even step: each cell lies inside one bin
    return bins


def bin_map(rgb: NDArray[np.uint8], bins: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return the bin of every pixel.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8
    bins : ndarray of shape (65536,), uint16
        From `bins_of_cells`.

    Returns
    -------
    ndarray of shape (H, W), uint16

    Examples
    --------
    >>> gray_and_red = np.array([[[128, 128, 128], [255, 0, 0]]], np.uint8)
    >>> bin_map(gray_and_red, bins_of_cells())
    array([[120, 283]], dtype=uint16)
    """
    pixels = np.ascontiguousarray(rgb).view()
    pixels.flags.writeable = False  # as in all other calls, so the loop is compiled once
    cells = np.empty((*rgb.shape[:2], 2), np.int8)
    look_up_cells(pixels, ab_cells(), 1, 128, cells)
    out = np.empty(rgb.shape[:2], np.uint16)
    look_up_bins_of_cells(cells, bins, out)
    return out


def bin_shares(
    prediction: NDArray[np.uint16], original: NDArray[np.uint16], distance: Floats
) -> BinShares:
    """Sum up the pixels of a pair by bin.

    Parameters
    ----------
    prediction, original : ndarray of shape (H, W), uint16
        Bins.
    distance : ndarray of shape (H, W), float64
        In ab, CIELAB units.

    Examples
    --------
    >>> prediction, original = np.array([[120, 120]]), np.array([[120, 281]])
    >>> pair = bin_shares(prediction, original, np.array([[0.0, 75.0]]))
    >>> pair.bins.tolist(), pair.shares[0].tolist(), pair.shares[1].tolist()
    ([120, 281], [0.5, 0.5], [1.0, 0.0])
    """
    predicted, true = prediction.ravel(), original.ravel()
    counts = np.empty((4, N_BINS))
    counts[0] = np.bincount(true, minlength=N_BINS)
    counts[1] = np.bincount(predicted, minlength=N_BINS)
    counts[2] = np.bincount(true[true == predicted], minlength=N_BINS)
    errors = np.minimum(distance.ravel(), AUC_LIMIT) / AUC_LIMIT
    counts[3] = np.bincount(true, errors, minlength=N_BINS)
    occurring = np.flatnonzero(counts[:2].any(axis=0))
    return BinShares(occurring.astype(np.uint16), counts[:, occurring] / true.size)


def balancing_weights(probs: NDArray[Any]) -> Floats:
    """Return the weight of each bin's pixels in the balanced AuC.

    Parameters
    ----------
    probs : ndarray of shape (313,)
        The prior p.

    Returns
    -------
    ndarray of shape (313,), float64
        1 / (0.999 p + 0.001 / 313), scaled so that sum(p w) = 1. Without the floor, colors that
        hardly ever occur would dominate.
    """
    return rebalancing_weights(probs, mix=FLOOR).weights


def balanced_sums(shares: Sequence[BinShares], weights: Floats) -> tuple[Floats, Floats]:
    """Return what each image adds to the two sums whose ratio is the balanced AuC.

    Parameters
    ----------
    shares : sequence of BinShares
    weights : ndarray of shape (313,), float64
        From `balancing_weights`.

    Returns
    -------
    accuracy, weight : ndarray of shape (n,), float64
        Mean over an image's pixels of the weight times 1 - min(d, 150) / 150, and of the weight.
    """
    weight = np.array([weights[image.bins] @ image.shares[0] for image in shares])
    error = np.array([weights[image.bins] @ image.shares[3] for image in shares])
    return weight - error, weight


def agreement(shares: Floats) -> Agreement:
    """Measure how well predictions and originals agree in their bins.

    Parameters
    ----------
    shares : ndarray of shape (..., 4, 313), float64
        Sums of `BinShares.dense` over pairs. Any number of bins will do, and the first three rows
        or counts of their pixels.

    Returns
    -------
    Agreement
        Arrays of shape (...), NaN where nothing was summed.

    Examples
    --------
    >>> prediction, original = np.array([[120, 120]]), np.array([[120, 281]])
    >>> pair = bin_shares(prediction, original, np.array([[0.0, 75.0]]))
    >>> float(agreement(pair.dense()).mean_accuracy), float(agreement(pair.dense()).mean_iou)
    (0.5, 0.25)
    """
    original, predicted, both = shares[..., 0, :], shares[..., 1, :], shares[..., 2, :]
    union = original + predicted - both
    total = original.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Sums of the same pixels may differ in their last bit, so ratios may exceed 1.
        iou = np.where(union > 0, np.minimum(both / union, 1.0), 0.0)
        accuracy = np.where(original > 0, np.minimum(both / original, 1.0), 0.0)
        return Agreement(
            accuracy.sum(axis=-1) / np.count_nonzero(original > 0, axis=-1),
            iou.sum(axis=-1) / np.count_nonzero(union > 0, axis=-1),
            (original * iou).sum(axis=-1) / total,
            np.count_nonzero(union == 0, axis=-1),
        )
