"""Several methods on the same images: which way each metric is better, and paired differences.

The differences between a method and a baseline are taken image by image, and on the same replicates
of the bootstrap for the metrics that are computed over the set as a whole. So what makes an image
hard for both methods cancels out, and small differences show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from ..color.lab import Floats
from .resampling import LEVEL, Measured, measure_difference
from .summary import Summary, column_means

Direction: TypeAlias = Literal["higher", "lower"]

BETTER: dict[str, Direction] = {
    "auc": "higher",
    "auc_balanced": "higher",
    "auc_balanced_per_image": "higher",
    "psnr": "higher",
    "ssim": "higher",
    "ciede2000": "lower",
    "mse_ab": "lower",
    "colorfulness_delta": "lower",
    "colorfulness_delta_of_means": "lower",
    "colorfulness_abs_delta": "lower",
    "colorfulness_abs_delta_of_means": "lower",
    "bin_accuracy": "higher",
    "mean_bin_accuracy": "higher",
    "mean_iou": "higher",
    "frequency_weighted_iou": "higher",
    "nll": "lower",
    "nll_hard": "lower",
    "lpips": "lower",
    "fid": "lower",
    "naturalness_delta": "lower",
    "top1": "higher",
    "top5": "higher",
}
"""The metrics by which methods are compared, and which way each is better."""
NEITHER = ("colorfulness", "colorfulness_abs", "chroma_ab", "naturalness")
"""Metrics that are no better for being high or low, but tell what the pictures are like."""
OF_ORIGINALS = (
    *(f"{name}_original" for name in NEITHER),
    *(f"top{top}_{of}" for top in (1, 5) for of in ("original", "gray")),
)
"""Metrics that are the same for all methods."""


@dataclass(frozen=True)
class MethodComparison:
    """The metrics of several methods on the same images, and their differences to a baseline.

    Attributes
    ----------
    baseline : str
    measured : mapping of str to mapping of str to Measured
        By method, then by metric.
    differences : mapping of str to mapping of str to Measured
        The same for all methods but the baseline: the method minus the baseline.
    """

    baseline: str
    measured: Mapping[str, Mapping[str, Measured]]
    differences: Mapping[str, Mapping[str, Measured]]

    @property
    def methods(self) -> list[str]:
        """The names of the methods, in order."""
        return list(self.measured)

    @property
    def metrics(self) -> list[str]:
        """The metrics in which methods can differ, in the order in which they are shown."""
        every = dict.fromkeys(name for one in self.measured.values() for name in one)
        return [name for name in every if name in BETTER or name in NEITHER]

    @property
    def of_originals(self) -> dict[str, Measured]:
        """The metrics of the originals, which are the same for all methods."""
        measured = self.measured[self.baseline]
        return {name: measured[name] for name in OF_ORIGINALS if name in measured}

    @property
    def n_comparisons(self) -> int:
        """How many differences have an interval."""
        found = [one for each in self.differences.values() for one in each.values()]
        return sum(one.low is not None for one in found)

    @property
    def n_marked(self) -> int:
        """How many of these intervals exclude 0."""
        return sum(self.marked(name, metric) for name in self.methods for metric in self.metrics)

    @property
    def n_by_chance(self) -> float:
        """How many would exclude 0 on average if no method differed from the baseline."""
        return (1.0 - LEVEL) * self.n_comparisons

    def marked(self, method: str, metric: str) -> bool:
        """Return whether the interval of a difference to the baseline excludes 0."""
        found = self.differences.get(method, {}).get(metric)
        return found is not None and excludes_zero(found)


def excludes_zero(difference: Measured) -> bool:
    """Return whether a difference has an interval that does not hold 0.

    Examples
    --------
    >>> excludes_zero(Measured(0.3, 0.1, 0.5, n=9)), excludes_zero(Measured(0.3, -0.1, 0.7, n=9))
    (True, False)
    """
    if difference.low is None or difference.high is None:
        return False
    return not difference.low <= 0.0 <= difference.high


def paired_differences(
    keys: Sequence[str], method: Summary, baseline: Summary
) -> dict[str, Measured]:
    """Return by how much the metrics of a method are above those of a baseline.

    Parameters
    ----------
    keys : sequence of str
        Of the images, in the order of the columns of both; two or more.

    Returns
    -------
    dict of str to Measured
        For each metric of `BETTER` that both have: the mean difference over the images at which
        both are finite, or the difference between the two sets as a whole, with its interval.
        FID, which is known for whole sets only, is not among them.
    """
    mine, others = method.averaged, baseline.averaged
    with np.errstate(invalid="ignore"):  # infinity minus infinity: left out
        columns = {
            name: mine[name] - others[name] for name in BETTER if name in mine and name in others
        }
    found = {
        name: measure_difference(means, int(np.isfinite(columns[name]).sum()))
        for name, means in column_means(keys, columns).items()
    }
    for name, values in method.pooled.items():
        found[name] = measure_difference(values - baseline.pooled[name], len(keys))
    return {name: found[name] for name in BETTER if name in found}


class Extremes(NamedTuple):
    """Images that are worth looking at, by their indices, the most extreme first.

    Attributes
    ----------
    worst, best : list of int
        By the mean over the methods.
    most_different : list of int
        By the range over the methods, without the worst.
    """

    worst: list[int]
    best: list[int]
    most_different: list[int]


def extreme_images(values: Floats, better: Direction, n: int) -> Extremes:
    """Return the worst, the best and the most different images by a metric.

    Parameters
    ----------
    values : ndarray of shape (M, N), float64
        The metric of M methods and N images; images with infinite or undefined values are left
        out.
    better : {"higher", "lower"}
    n : int
        Images of each kind; fewer if some would be among both the worst and the best.

    Examples
    --------
    >>> psnr = np.array([[20.0, 25.0, 30.0, np.inf], [21.0, 29.0, 30.0, 20.0]])
    >>> extreme_images(psnr, "higher", 1)
    Extremes(worst=[0], best=[2], most_different=[1])
    """
    usable = np.flatnonzero(np.isfinite(values).all(axis=0))
    means, ranges = values[:, usable].mean(axis=0), np.ptp(values[:, usable], axis=0)
    order = np.argsort(means if better == "lower" else -means, kind="stable")
    n = min(n, (len(usable) + 1) // 2)
    worst = order[::-1][:n]
    by_range = np.argsort(-ranges, kind="stable")
    most_different = by_range[~np.isin(by_range, worst)][:n]
    return Extremes(*(usable[each].tolist() for each in (worst, order[:n], most_different)))
