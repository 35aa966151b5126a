"""Claims about smoothing."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from colorprep import InputError, ab529, ab_lattice, lattice_probs, soften_probs
from colorprep.balance.prior import smoothed_probs
from colorprep.balance.smoothing import hard_probs, soft_probs
from colorprep.quantize.mixture import hue_chroma_grid


def total_variation(p, q):
    """Half the sum of absolute differences."""
    return np.abs(p - q).sum() / 2


@pytest.fixture
def cells():
    """Some counts near gray."""
    counts = np.zeros((256, 256), np.int64)
    counts[100:160, 100:160] = np.random.default_rng(0).integers(0, 1000, (60, 60))
    return counts


def test_soft_smoothing_reproduces_the_published_prior(published):
    """An independent raw prior of ImageNet, soft-smoothed, is near Zhang's published one."""
    centers = ab_lattice().centers
    raw, zhang = published("foamliu_prior_prob"), published("zhang_prior_probs")
    assert total_variation(raw, zhang) > 0.14
    assert total_variation(soften_probs(raw, centers), zhang) < 0.06
    assert total_variation(soften_probs(raw, centers, neighbors=5), zhang) < 0.06
    assert total_variation(lattice_probs(raw, centers, 10), zhang) < 0.06


def test_soft_probs_are_the_mean_soft_label(cells):
    """The soft prior is the mean of the soft labels of all pixels."""
    quantizer = ab_lattice()
    rows, columns = np.nonzero(cells)
    middles = np.column_stack([rows, columns]) - 127.5
    dense = quantizer.encode_soft(middles).dense(313)
    expected = np.average(dense, axis=0, weights=cells[rows, columns])
    np.testing.assert_allclose(soft_probs(quantizer, cells), expected, atol=1e-14)


def test_mixtures_smooth_by_their_posteriors(cells):
    """For grids and mixtures the soft prior is the mean posterior."""
    grid = hue_chroma_grid(16)
    rows, columns = np.nonzero(cells)
    middles = (np.column_stack([rows, columns]) + 0.5) / 256
    expected = np.average(grid.posterior(middles), axis=0, weights=cells[rows, columns])
    np.testing.assert_allclose(soft_probs(grid, cells), expected, atol=1e-14)


def test_lattice_smoothing_is_scipys():
    """On the full square, lattice smoothing is scipy's Gaussian."""
    quantizer = ab529()
    probs = np.random.default_rng(0).dirichlet(np.ones(529))
    twin = gaussian_filter(probs.reshape(23, 23), 0.5).ravel()
    np.testing.assert_allclose(lattice_probs(probs, quantizer.centers, 10), twin / twin.sum())


@pytest.mark.parametrize("step", [4, 7, 25])
def test_lattice_smoothing_fits_other_steps(step):
    """Every lattice fits into its square; without smoothing nothing changes."""
    centers = ab_lattice(step, 3).centers
    probs = np.random.default_rng(0).dirichlet(np.ones(len(centers)))
    np.testing.assert_allclose(lattice_probs(probs, centers, step, 0.0), probs)
    assert lattice_probs(probs, centers, step).sum() <= 1 + 1e-12


@pytest.mark.parametrize("smoothing", ["soft", "lattice", "none"])
def test_priors_sum_to_one(smoothing, cells):
    """Each smoothing gives a distribution."""
    counts = np.random.default_rng(0).integers(0, 99, 313)
    probs = smoothed_probs(ab_lattice(), counts, cells, smoothing)
    assert probs.shape == (313,) and probs.sum() == pytest.approx(1, abs=1e-12)


def test_wrong_arguments_are_rejected(cells):
    """No pixels, an unknown smoothing, and lattice smoothing of a grid are rejected."""
    nothing = np.zeros((256, 256), np.int64)
    counts = np.ones(16, np.int64)
    with pytest.raises(InputError, match="no pixel"):
        soft_probs(ab_lattice(), nothing)
    with pytest.raises(InputError, match="no pixel"):
        hard_probs(0 * counts)
    with pytest.raises(InputError, match="lattice"):
        smoothed_probs(hue_chroma_grid(16), counts, cells, "lattice")
    with pytest.raises(InputError, match="soft, lattice or none"):
        smoothed_probs(hue_chroma_grid(16), counts, cells, "index")
