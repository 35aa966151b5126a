"""Claims about naturalness: the mean log-likelihood of a picture's colors under a prior."""

import numpy as np
import pytest
from scipy.stats import entropy

from colorprep import ab_lattice, bin_table, color_index
from colorprep.balance.histogram import count_bins
from colorprep.errors import InputError
from colorprep.metrics.naturalness import floored_log_probs, naturalness


@pytest.fixture(scope="module")
def prior():
    """Probabilities of 313 bins, a third of which were never seen."""
    probs = np.random.default_rng(0).dirichlet(np.full(313, 0.5))
    probs[::3] = 0.0
    return probs / probs.sum()


def test_it_is_the_mean_over_pixels(prior):
    """Pixel by pixel, by the encoder of the bins."""
    pixels = np.random.default_rng(1).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    table, log_probs = bin_table(ab_lattice()), floored_log_probs(prior)
    found = naturalness(count_bins(pixels, table, 313), log_probs)
    scores = []
    for index in color_index(pixels).ravel():
        p = prior[table[index]]
        scores.append(np.log(0.999 * p + 0.001 / 313))
    assert found == pytest.approx(np.mean(scores), rel=1e-12)


def test_it_is_the_negative_cross_entropy(prior):
    """That is, of entropy and Kullback-Leibler divergence, as in SciPy; -H(p) for p itself."""
    counts = np.random.default_rng(2).integers(0, 50, 313)
    mixed = 0.999 * prior + 0.001 / 313
    expected = -(entropy(counts) + entropy(counts, mixed))
    assert naturalness(counts, floored_log_probs(prior)) == pytest.approx(expected, rel=1e-12)
    even = np.ones(313, np.int64)
    assert naturalness(even, floored_log_probs(prior)) < -np.log(313)
    assert naturalness(even, floored_log_probs(even / 313)) == pytest.approx(-entropy(even))


def test_colors_that_the_prior_never_saw_score_least(prior):
    """A finite value; the commonest color alone scores most, more than any mixture."""
    log_probs, only = floored_log_probs(prior), np.eye(313, dtype=np.int64)
    scores = [naturalness(counts, log_probs) for counts in only]
    assert min(scores) == scores[0] == pytest.approx(np.log(0.001 / 313))
    assert np.argmax(scores) == np.argmax(prior)


def test_what_is_no_distribution_is_refused():
    """As in weights."""
    with pytest.raises(InputError):
        floored_log_probs(np.array([0.5, -0.5]))
