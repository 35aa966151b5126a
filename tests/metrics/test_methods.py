"""Claims about differences between methods: how often their intervals are right, and on what."""

import numpy as np
import pytest

from colorprep.metrics.bins import BinShares
from colorprep.metrics.methods import BETTER, MethodComparison, excludes_zero, paired_differences
from colorprep.metrics.pairs import PairMetrics
from colorprep.metrics.resampling import Measured, measure, measure_difference
from colorprep.metrics.summary import column_means, summarize

KEYS = [f"{number}.jpg" for number in range(100)]


def simulated(generator, gain=0.0, n_pairs=200):
    """PSNR in dB of pairs of methods on the same images: hard images are hard for both."""
    hardness = generator.normal(24, 4, (n_pairs, len(KEYS), 1))
    scores = hardness + generator.standard_t(5, (n_pairs, len(KEYS), 2))
    return scores[..., 0] + gain, scores[..., 1]


def summary_of(shares, **columns):
    """The summary of images of which only some columns are of interest."""
    rows = dict.fromkeys(PairMetrics._fields, np.full(len(KEYS), 0.5)) | columns
    return summarize(KEYS, rows, shares, np.full(313, 1 / 313))


@pytest.fixture(scope="module")
def shares():
    """Two bins for each image, and four errors: one for each of two methods."""
    generator = np.random.default_rng(3)
    errors = generator.uniform(0.1, 0.3, (2, len(KEYS), 2))
    occurring = np.array([[0.6, 0.4], [0.5, 0.5], [0.4, 0.3]])
    bins = np.array([120, 281], np.uint16)
    return [[BinShares(bins, np.vstack([occurring, row])) for row in method] for method in errors]


def test_intervals_hold_zero_as_often_as_they_say():
    """Of 200 pairs of methods that do not differ, 93% to 97% of the intervals hold 0."""
    mine, others = simulated(np.random.default_rng(0))
    columns = {str(pair): difference for pair, difference in enumerate(mine - others)}
    found = [measure_difference(means, 100) for means in column_means(KEYS, columns).values()]
    assert 0.93 <= np.mean([not excludes_zero(one) for one in found]) <= 0.97
    student = 1.984 * np.std(mine - others, axis=1, ddof=1) / 10  # the paired t-test's
    assert [one.high - one.mean for one in found] == pytest.approx(student, rel=0.12)


def test_a_planted_difference_is_found():
    """One dB is found in nearly all pairs; without pairing it would be in hardly any."""
    mine, others = simulated(np.random.default_rng(1), gain=1.0, n_pairs=40)
    both = dict(enumerate(mine)) | {f"other {i}": column for i, column in enumerate(others)}
    means = column_means(KEYS, both)
    differences = [means[i] - means[f"other {i}"] for i in range(40)]
    found = [measure_difference(one, 100) for one in differences]
    assert sum(excludes_zero(one) and one.low > 0 for one in found) >= 38
    apart = [measure(means[i], 100).low > measure(means[f"other {i}"], 100).high for i in range(40)]
    assert sum(apart) < 5


def test_differences_are_those_of_the_metrics(shares):
    """The mean of a difference is the difference of the means, over the set as a whole as well."""
    generator = np.random.default_rng(2)
    columns = {name: generator.random((2, 100)) for name in ("psnr", "nll", "colorfulness")}
    mine, others = (
        summary_of(shares[i], **{name: column[i] for name, column in columns.items()})
        for i in (0, 1)
    )
    found = paired_differences(KEYS, mine, others)
    assert list(found) == [name for name in BETTER if name in mine.measured]
    for name, difference in found.items():
        expected = mine.measured[name].mean - others.measured[name].mean
        assert difference.mean == pytest.approx(expected, abs=1e-12), name
        assert difference.low <= difference.mean <= difference.high and difference.n == 100
    assert found["auc_balanced"].low < found["auc_balanced"].mean != found["auc_balanced"].high
    assert found["mean_iou"] == (0, 0, 0, 100, 0)


def test_values_that_only_one_method_lacks(shares):
    """A difference is over the images at which both are finite; a metric of one method has none."""
    psnr = np.linspace(20, 30, 100)
    perfect = np.where(np.arange(100) < 7, np.inf, psnr + 1.0)
    mine, others = summary_of(shares[0], psnr=perfect, nll=psnr), summary_of(shares[0], psnr=psnr)
    found = paired_differences(KEYS, mine, others)
    assert found["psnr"].n == 93 and found["psnr"].mean == pytest.approx(1)
    assert "nll" not in found


def test_marks_are_counted():
    """Every interval is a comparison; of 20, one would be marked by chance."""
    sure, unsure, none = Measured(1, 0.5, 1.5, 9), Measured(1, -1, 3, 9), Measured(1, None, None, 1)
    metrics = dict.fromkeys(("psnr", "ssim", "fid", "chroma_ab", "chroma_ab_original"), sure)
    comparison = MethodComparison(
        "base",
        {"base": metrics, "mine": metrics},
        {"mine": {"psnr": sure, "ssim": unsure, "fid": none}},
    )
    assert comparison.metrics == ["psnr", "ssim", "fid", "chroma_ab"]
    assert list(comparison.of_originals) == ["chroma_ab_original"]
    assert (comparison.n_comparisons, comparison.n_marked) == (2, 1)
    assert comparison.n_by_chance == pytest.approx(0.1)
    assert comparison.marked("mine", "psnr") and not comparison.marked("base", "psnr")
