"""Claims about rebalancing weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from colorprep import InputError, ab_lattice, rebalancing_weights, weight_safety
from colorprep.balance.weights import gray_bins
from colorprep.quantize.mixture import hue_chroma_grid

PRIORS = arrays(np.float64, 12, elements=st.floats(0, 1, allow_subnormal=False)).filter(
    lambda p: p.sum() > 1e-6
)


def test_published_weights(published):
    """Zhang's prior at lambda 0.5 gives the published range; at 0.25 a wider one."""
    prior = published("zhang_prior_probs")
    half = rebalancing_weights(prior).weights
    assert half.min() == pytest.approx(0.09650, abs=5e-6)
    assert half.max() == pytest.approx(6.17487, abs=5e-6)
    quarter = rebalancing_weights(prior, 0.25).weights
    assert (quarter.min(), quarter.max()) == pytest.approx((0.06278, 11.92618), abs=5e-6)


def test_foamlius_published_factor(published):
    """The published factor of another project follows from its prior exactly."""
    weights = rebalancing_weights(published("foamliu_prior_prob_smoothed")).weights
    np.testing.assert_allclose(weights, published("foamliu_prior_factor"), rtol=1e-9)


def test_published_safety_figures(published):
    """Zhang's weights use 37% of the pixels and bring near-gray from 60% to 17%."""
    weights = rebalancing_weights(published("zhang_prior_probs"))
    safety = weight_safety(weights, gray_bins(ab_lattice().centers, "ab"))
    assert safety.effective_share == pytest.approx(0.37, abs=0.005)
    assert safety.gray_before == pytest.approx(0.60, abs=0.005)
    assert safety.gray_after == pytest.approx(0.165, abs=0.005)
    assert safety.largest / safety.smallest == pytest.approx(64.0, abs=0.1)


@given(PRIORS, st.floats(0.01, 1), st.floats(0, 3), st.sampled_from(["uniform", "floor", "drop"]))
def test_mean_weight_is_one(prior, mix, alpha, zero_bins):
    """Under the probabilities that weights come with, their mean is 1, and all are finite."""
    result = rebalancing_weights(prior, mix, alpha, zero_bins, n_pixels=10_000)
    assert np.isfinite(result.weights).all() and (result.weights >= 0).all()
    assert result.probs @ result.weights == pytest.approx(1, abs=1e-9)


@given(PRIORS, st.floats(0.05, 1), st.floats(0.1, 2))
def test_formula(prior, mix, alpha):
    """The weights of full bins follow the formula as it is written."""
    p = (prior + 0.01) / (prior + 0.01).sum()
    m = (1 - mix) * p + mix / len(p)
    expected = m**-alpha / (p * m**-alpha).sum()
    np.testing.assert_allclose(rebalancing_weights(p, mix, alpha).weights, expected, rtol=1e-9)


def test_zero_bins():
    """Uniform and floor give empty bins the largest weight, drop gives them none."""
    prior = np.array([0.5, 0.5, 0.0])
    uniform = rebalancing_weights(prior, 0.5).weights
    np.testing.assert_allclose(uniform, [1, 1, (0.25 + 1 / 6) / (1 / 6)])
    floor = rebalancing_weights(prior, 0.0, zero_bins="floor", n_pixels=1000)
    raised = np.array([0.5, 0.5, 0.0005]) / 1.0005
    np.testing.assert_allclose(floor.probs, raised)
    np.testing.assert_allclose(floor.weights, 1 / raised / 3)
    drop = rebalancing_weights(prior, 0.5, zero_bins="drop").weights
    np.testing.assert_allclose(drop, [1, 1, 0])


def test_infinite_weights_are_refused():
    """Lambda 0 with an empty bin is an error with a remedy, never inf or NaN."""
    prior = np.array([0.5, 0.5, 0.0])
    with pytest.raises(InputError, match="floor or drop"):
        rebalancing_weights(prior, 0.0)
    np.testing.assert_allclose(rebalancing_weights(prior, 0.0, zero_bins="drop").weights[:2], 1)
    with pytest.raises(InputError, match="smaller"):
        rebalancing_weights(np.array([1.0, 1e-320]), 0.0, alpha=100.0)


@pytest.mark.parametrize(
    "arguments",
    [
        {"mix": -0.1},
        {"mix": 1.1},
        {"alpha": -1.0},
        {"alpha": np.inf},
        {"zero_bins": "skip"},
        {"zero_bins": "floor"},
    ],
)
def test_wrong_parameters_are_refused(arguments):
    """Lambda and alpha out of range, unknown policies, and a floor without pixels are rejected."""
    with pytest.raises(InputError):
        rebalancing_weights(np.array([0.5, 0.5]), **arguments)


@pytest.mark.parametrize(
    "wrong", [np.array([0.5, -0.5]), np.array([np.nan, 1]), np.zeros(4), np.ones((2, 2))]
)
def test_non_priors_are_rejected(wrong):
    """Negative, NaN, all-zero and square priors are rejected."""
    with pytest.raises(InputError, match="prior"):
        rebalancing_weights(wrong)


def test_near_gray_of_hue_and_chroma():
    """Bins of low chroma are near-gray, those of high chroma are not."""
    grid = hue_chroma_grid(256)
    gray = gray_bins(grid.centers, "hue-chroma")
    assert gray[:16].all() and not gray[grid.centers[:, 1] > 0.3].any()


def test_weights_that_floats_cannot_hold_are_refused():
    """An exponent that makes a weight 0 is rejected: that bin would not count at all."""
    probs = np.array([0.998, 0.001, 0.001])
    assert rebalancing_weights(probs, alpha=50.0).weights.min() > 0
    with pytest.raises(InputError, match="too small for floats"):
        rebalancing_weights(probs, alpha=1e4)
