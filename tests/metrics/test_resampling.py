"""Claims about intervals: what they hold, and what they do not depend on."""

import numpy as np
import pytest

from colorprep.balance.bootstrap import poisson_weights
from colorprep.metrics.resampling import (
    Measured,
    absolute,
    measure,
    measure_over_bins,
    resampled_sums,
)


def mean_of(keys, values):
    """The mean of values with its interval."""
    sums = resampled_sums([(keys, np.column_stack([values, np.ones(len(values))]))])
    with np.errstate(invalid="ignore"):
        return measure(sums[:, 0] / sums[:, 1], len(values))


def test_sums_are_weighted_by_the_keys():
    """A replicate sums what its images add, as often as their keys say."""
    keys = [f"{n}" for n in range(30)]
    addends = np.random.default_rng(0).random((30, 4))
    sums = resampled_sums([(keys[:20], addends[:20]), (keys[20:], addends[20:])], 50)
    weights = np.stack([poisson_weights(key, 50) for key in keys], axis=1)
    assert sums[0] == pytest.approx(addends.sum(axis=0))
    assert sums[1:] == pytest.approx(weights @ addends)


def test_the_order_of_images_does_not_matter():
    """Permuted images have the same mean and the same interval."""
    generator = np.random.default_rng(0)
    keys, values = np.array([f"{n}.jpg" for n in range(60)]), generator.normal(5, 2, 60)
    order = generator.permutation(60)
    assert mean_of(keys[order], values[order]) == pytest.approx(mean_of(keys, values), rel=1e-12)


@pytest.mark.parametrize("draw", ["normal", "exponential"])
def test_intervals_hold_the_mean_as_often_as_they_say(draw):
    """Of 400 sets of 60 images, about 95% have an interval that holds the true mean."""
    generator = np.random.default_rng(0)
    held = 0
    for trial in range(400):
        values = getattr(generator, draw)(size=60)
        found = mean_of([f"{trial}/{n}" for n in range(60)], values)
        held += found.low <= (0.0 if draw == "normal" else 1.0) <= found.high
    assert 0.91 <= held / 400 <= 0.98


def test_intervals_narrow_as_images_grow():
    """Sixteen times as many images have an interval of about a quarter of the width."""
    values = np.random.default_rng(0).normal(size=1600)
    keys = [f"{n}" for n in range(1600)]
    few, many = mean_of(keys[:100], values[:100]), mean_of(keys, values)
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(4, rel=0.25)


def test_one_image_and_none_have_no_interval():
    """Unknown figures are None, not a number."""
    assert mean_of(["a"], np.array([3.0])) == Measured(3.0, None, None, 1, 0)
    assert measure(np.full(11, np.nan), 0, 4) == Measured(None, None, None, 0, 4)


@pytest.mark.parametrize(
    ("signed", "expected"),
    [
        ((2.0, 1.0, 3.0), (2.0, 1.0, 3.0)),
        ((-2.0, -3.0, -1.0), (2.0, 1.0, 3.0)),
        ((-0.5, -2.0, 1.0), (0.5, 0.0, 2.0)),
        ((None, None, None), (None, None, None)),
        ((-4.0, None, None), (4.0, None, None)),
    ],
)
def test_absolute_values(signed, expected):
    """The interval of |x| holds |x| for every x of the interval of x."""
    assert absolute(Measured(*signed, 9)) == Measured(*expected, 9)


def test_a_mean_over_bins_lies_in_its_interval():
    """Replicates in which bins are missing are biased; the interval is around the figure itself."""
    generator = np.random.default_rng(0)
    hits, pixels = np.zeros((27, 300)), generator.poisson(0.02, (27, 300)).astype(float)
    hits[:, :3] = pixels[:, :3] = 5  # three bins that are always right, and many that never are
    sums = resampled_sums([([f"{n}" for n in range(27)], np.hstack([hits, pixels]))])
    with np.errstate(invalid="ignore"):
        means = np.nanmean(sums[:, :300] / sums[:, 300:], axis=1)
    assert not measure(means, 27).low <= means[0], "percentiles were to miss it"
    found = measure_over_bins(means, 27)
    assert 0 < found.low < found.mean == means[0] < found.high < 0.05
    assert found.high - found.mean == pytest.approx(1.96 * means[1:].std())
    assert measure_over_bins(means[:1], 1) == Measured(means[0], None, None, 1)
