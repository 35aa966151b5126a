"""Claims about comparing priors: scipy's distance, the published figures, the bins that differ."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import jensenshannon

from colorprep import InputError
from colorprep.balance.comparison import bins_that_differ_most, compare_priors

PRIORS = arrays(np.float64, 12, elements=st.floats(0, 1, allow_subnormal=False)).filter(
    lambda p: p.sum() > 1e-6
)


@given(PRIORS, PRIORS)
def test_divergence_is_scipys_distance_squared(p, q):
    """The Jensen-Shannon divergence is the square of scipy's distance, in bits."""
    # Scipy takes the root of a sum that rounding makes negative where both are the same.
    expected = np.nan_to_num(jensenshannon(p, q, base=2)) ** 2
    assert compare_priors(p, q).jensen_shannon == pytest.approx(expected, abs=1e-9)


@given(PRIORS, PRIORS)
def test_distances_are_symmetric_and_bounded(p, q):
    """Both distances are from 0 to 1, the same both ways; total variation bounds the divergence."""
    there, back = compare_priors(p, q), compare_priors(q, p)
    assert there.jensen_shannon == pytest.approx(back.jensen_shannon, abs=1e-12)
    assert there.total_variation == pytest.approx(back.total_variation, abs=1e-12)
    assert 0 <= there.jensen_shannon <= there.total_variation + 1e-12 <= 1 + 2e-12


def test_the_extremes():
    """Equal priors are 0 apart, priors without a common bin 1; counts are normalized."""
    p = np.array([3, 1, 0, 0])
    same = compare_priors(p, 10 * p)
    assert same.jensen_shannon == same.total_variation == 0 and not same.differences.any()
    apart = compare_priors(p, p[::-1])
    assert apart.jensen_shannon == pytest.approx(1) and apart.total_variation == pytest.approx(1)


def test_the_least_of_floats():
    """Probabilities so small that their mean is 0 do not spoil the divergence."""
    tiny = np.array([1.0, 5e-324])
    assert compare_priors(tiny, np.array([1.0, 0.0])).jensen_shannon == 0


def test_published_priors(published):
    """Zhang's prior and another project's raw counts are 0.142 and 0.023 bits apart."""
    apart = compare_priors(published("zhang_prior_probs"), published("foamliu_prior_prob"))
    assert apart.total_variation == pytest.approx(0.142, abs=5e-4)
    assert apart.jensen_shannon == pytest.approx(0.023, abs=5e-4)


def test_bins_that_differ_most():
    """The largest of either sign come first, equal ones in order, equal priors give none."""
    differences = np.array([0.1, -0.3, 0.0, 0.1, 0.1])
    assert bins_that_differ_most(differences, 3).tolist() == [1, 0, 3]
    assert bins_that_differ_most(differences, 9).tolist() == [1, 0, 3, 4]


def test_other_bins_are_refused():
    """Priors of different lengths, and arrays that are not priors, cannot be compared."""
    with pytest.raises(InputError, match="3 and 4 bins"):
        compare_priors(np.ones(3), np.ones(4))
    with pytest.raises(InputError, match="finite"):
        compare_priors(np.array([1.0, np.nan]), np.ones(2))
