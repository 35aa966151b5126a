"""From the metrics of many pairs to those of the set, each with its interval.

Most metrics are means over images. Three kinds are computed over the set as a whole: balanced AuC,
in which images count by the weight of their pixels, so that a rare color counts the same in any
image; the agreement of bins, over the pixels of all images; and the difference between the mean
colorfulness of predictions and of originals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..balance.smoothing import soften_probs
from ..color.lab import Floats
from ..quantize.ab import ab_lattice
from .bins import N_BINS, BinShares, agreement, balanced_sums, balancing_weights
from .resampling import Measured, absolute, measure, measure_over_bins, resampled_sums

BLOCK = 256  # images whose bins are made dense at once, to bound memory
COLORFULNESS = ("colorfulness", "colorfulness_abs")
ORDER = (
    "auc",
    "auc_balanced",
    "auc_balanced_per_image",
    "psnr",
    "ssim",
    "ciede2000",
    "mse_ab",
    *(
        name + suffix
        for name in COLORFULNESS
        for suffix in ("", "_original", "_delta", "_delta_of_means")
    ),
    "chroma_ab",
    "chroma_ab_original",
    "bin_accuracy",
    "mean_bin_accuracy",
    "mean_iou",
    "frequency_weighted_iou",
)
"""The order in which metrics are shown; those of networks come last."""

Columns = dict[str, Floats]
"""Metrics of every image by name, each an ndarray of shape (n,), float64."""


@dataclass(frozen=True, eq=False)
class Summary:
    """The metrics of a set of pairs.

    Attributes
    ----------
    columns : dict of str to ndarray of shape (n,), float64
        Of every image: the given columns, ``auc_balanced`` with ``balance_weight``, and the
        differences of colorfulness.
    measured : dict of str to Measured
        Of the set. ``auc_balanced`` is the mean of its column weighted by ``balance_weight``,
        ``auc_balanced_per_image`` the unweighted mean.
    pooled : dict of str to ndarray of shape (1 + R,), float64
        The metrics of the set that are no mean over images, then their values in the replicates.
    n_bins_absent : int
        Bins that occur in no image, predicted or original.
    """

    columns: Columns
    measured: dict[str, Measured]
    pooled: dict[str, Floats]
    n_bins_absent: int

    @property
    def averaged(self) -> Columns:
        """The columns whose plain means are metrics of the set, by the names of the metrics."""
        columns = dict(self.columns)
        del columns["balance_weight"]
        columns["auc_balanced_per_image"] = columns.pop("auc_balanced")
        return columns


def summarize(
    keys: Sequence[str],
    columns: Mapping[str, Floats],
    shares: Sequence[BinShares],
    probs: Floats | None = None,
) -> Summary:
    """Summarize the metrics of many pairs.

    Parameters
    ----------
    keys : sequence of str
        Of the images; one or more, all different.
    columns : mapping of str to ndarray of shape (n,), float64
        The fields of `PairMetrics`, and other metrics of each image.
    shares : sequence of BinShares
        Of the images.
    probs : ndarray of shape (313,), float64, or None
        The prior of the balanced AuC; None takes the originals' own colors, softened.
    """
    n = len(keys)
    sums = resampled_sums(_blocks(keys, shares)).reshape(-1, 4, N_BINS)
    if probs is None:
        probs = soften_probs(sums[0, 0] / n, ab_lattice().centers)
    weights = balancing_weights(probs)
    completed = _completed(columns, shares, weights)
    means = column_means(keys, completed)
    measured = {name: _mean_of(means[name], completed[name]) for name in completed}
    del measured["balance_weight"]
    measured["auc_balanced_per_image"] = measured["auc_balanced"]
    with np.errstate(invalid="ignore"):  # replicates that drew no image
        balanced = 1.0 - (sums[:, 3] @ weights) / (sums[:, 0] @ weights)
    measured["auc_balanced"] = measure(balanced, n)
    pooled = {"auc_balanced": balanced}
    for name in COLORFULNESS:
        difference = means[name] - means[f"{name}_original"]
        measured[f"{name}_delta_of_means"] = absolute(measure(difference, n))
        pooled[f"{name}_delta_of_means"] = np.abs(difference)
    bins = agreement(sums)
    measured["mean_bin_accuracy"] = measure_over_bins(bins.mean_accuracy, n)
    measured["mean_iou"] = measure_over_bins(bins.mean_iou, n)
    measured["frequency_weighted_iou"] = measure(bins.frequency_weighted_iou, n)
    pooled |= {
        "mean_bin_accuracy": bins.mean_accuracy,
        "mean_iou": bins.mean_iou,
        "frequency_weighted_iou": bins.frequency_weighted_iou,
    }
    ordered = {name: measured.pop(name) for name in ORDER} | measured
    return Summary(completed, ordered, pooled, int(bins.n_absent[0]))


def _blocks(keys: Sequence[str], shares: Sequence[BinShares]) -> Iterator[tuple[list[str], Floats]]:
    """Yield keys and dense shares of the images, `BLOCK` at a time."""
    for start in range(0, len(keys), BLOCK):
        part = [image.dense().ravel() for image in shares[start : start + BLOCK]]
        yield list(keys[start : start + BLOCK]), np.stack(part)


def _completed(
    columns: Mapping[str, Floats], shares: Sequence[BinShares], weights: Floats
) -> Columns:
    """Return the columns with those computed from them and from the shares of bins."""
    accuracy, weight = balanced_sums(shares, weights)
    balanced = {"auc_balanced": accuracy / weight, "balance_weight": weight}
    deltas = {
        f"{name}_delta": np.abs(columns[name] - columns[f"{name}_original"])
        for name in COLORFULNESS
    }
    return {"auc": columns["auc"], **balanced, **columns, **deltas}


def column_means(keys: Sequence[str], columns: Columns) -> Columns:
    """Return each column's mean, then its means in the replicates, over its finite values.

    Parameters
    ----------
    keys : sequence of str
        Of the images; one or more, all different.
    columns : dict of str to ndarray of shape (n,), float64
        One or more.

    Returns
    -------
    dict of str to ndarray of shape (1 + R,), float64
        NaN where no image with a finite value was drawn.
    """
    values = np.stack(list(columns.values()), axis=1)
    finite = np.isfinite(values)
    addends = np.hstack([np.where(finite, values, 0.0), finite])
    sums = resampled_sums(
        (keys[start : start + BLOCK], addends[start : start + BLOCK])
        for start in range(0, len(keys), BLOCK)
    )
    with np.errstate(invalid="ignore"):
        means = sums[:, : len(columns)] / sums[:, len(columns) :]
    return dict(zip(columns, means.T, strict=True))


def _mean_of(means: Floats, values: Floats) -> Measured:
    n = int(np.isfinite(values).sum())
    return measure(means, n, len(values) - n)
