"""Claims about Keras-FCN's weight matrix."""

import numpy as np
import pytest

from colorprep import InputError, ab_lattice, fit_kmeans, rebalancing_weights, weight_matrix


def test_published_matrix(published):
    """The shipped prior gives the shipped matrix to 1e-12."""
    matrix = weight_matrix(
        published("seed000_posterior_prob"),
        ab_lattice(),
        0.5,
        lattice_sigma=0.5,
        neighbor_sigma=0.5,
    )
    np.testing.assert_allclose(matrix, published("seed000_color_vec_table"), rtol=0, atol=1e-12)


def test_rows_are_weights_times_targets(published):
    """A row sums to its bin's weight and has 3 to 5 entries; the last column is empty."""
    prior = published("zhang_prior_probs")
    matrix = weight_matrix(prior, ab_lattice())
    np.testing.assert_allclose(matrix.sum(axis=1), rebalancing_weights(prior).weights)
    entries = np.count_nonzero(matrix, axis=1)
    np.testing.assert_array_equal(np.bincount(entries)[3:], [22, 40, 251])
    assert (matrix[:, 313] == 0).all()


def test_wrong_arguments_are_rejected():
    """Another number of bins than the prior's, and centers off a lattice, are rejected."""
    with pytest.raises(InputError, match="has 300 bins"):
        weight_matrix(np.ones(300), ab_lattice())
    counts = np.zeros((256, 256), np.int64)
    counts[120:130, 120:130] = 1
    with pytest.raises(InputError, match="needs an ab lattice"):
        weight_matrix(np.ones(20), fit_kmeans(counts, 20))
    with pytest.raises(InputError, match="neighbor-sigma"):
        weight_matrix(np.ones(313), ab_lattice(), neighbor_sigma=0)
