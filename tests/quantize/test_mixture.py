"""Claims about mixtures and grids over hue and chroma."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from colorprep import InputError, fit_mixture, hue_chroma_grid
from colorprep.color.hue_chroma import to_chroma_plane
from colorprep.quantize.mixture import CELL, default_sigma, draw_colors, learn_sigma


@pytest.fixture(scope="module")
def reddish():
    """A histogram of reds on both sides of hue 0, and some greens."""
    generator = np.random.default_rng(0)
    hue = np.concatenate(
        [generator.normal(0.0, 0.02, 50_000) % 1, generator.normal(0.35, 0.02, 20_000)]
    )
    chroma = np.concatenate(
        [generator.normal(0.7, 0.05, 50_000), generator.normal(0.4, 0.05, 20_000)]
    )
    rows, columns = (256 * hue).astype(int) % 256, (256 * np.clip(chroma, 0, 0.999)).astype(int)
    return np.bincount(rows * 256 + columns, minlength=65536).reshape(256, 256)


@pytest.mark.parametrize("linear_hue", [False, True])
def test_posteriors_equal_scikit_learn(reddish, linear_hue):
    """The kernel equals predict_proba of the same mixture."""
    mixture = fit_mixture(reddish, 6, linear_hue=linear_hue)
    theirs = GaussianMixture(6)
    theirs.weights_, theirs.means_ = mixture.mixing, mixture.means
    theirs.covariances_ = mixture.covariances
    theirs.precisions_cholesky_ = np.linalg.cholesky(np.linalg.inv(mixture.covariances))
    colors = np.random.default_rng(1).random((5000, 2))
    points = colors if linear_hue else to_chroma_plane(colors)
    ours = mixture.posterior(colors)
    np.testing.assert_allclose(ours, theirs.predict_proba(points), atol=1e-11)
    np.testing.assert_array_equal(mixture.encode(colors), theirs.predict(points))


def test_fit_is_scikit_learns(reddish, small_fits, monkeypatch):
    """The fit is scikit-learn's on the drawn points, 100,000 unless a test fits to fewer."""
    monkeypatch.setattr("colorprep.quantize.mixture.FIT_POINTS", small_fits)
    points = to_chroma_plane(draw_colors(reddish, 100_000, seed=3))
    theirs = GaussianMixture(4, random_state=3).fit(points)
    ours = fit_mixture(reddish, 4, seed=3)
    assert sorted(ours.mixing) == pytest.approx(sorted(theirs.weights_), rel=1e-9)


def test_hue_is_circular_by_default(reddish):
    """Two circular components find red and green; reds on both sides of 0 are one color."""
    mixture = fit_mixture(reddish, 2)
    hues = mixture.centers[:, 0]
    apart = np.minimum(np.abs(hues - [[0.0], [0.35]]), 1 - np.abs(hues - [[0.0], [0.35]]))
    assert apart.min(axis=1).max() < 0.02
    left, right = mixture.encode(np.array([[0.99, 0.7], [0.01, 0.7]]))
    assert left == right


def test_linear_hue_is_that_of_colorizer_fcn(reddish):
    """With linear hue, reds of 0.99 and 0.01 are far apart, as in colorizer-fcn."""
    mixture = fit_mixture(reddish, 3, linear_hue=True)
    left, right = mixture.encode(np.array([[0.99, 0.7], [0.01, 0.7]]))
    assert left != right


def test_drawn_colors_follow_the_histogram(reddish):
    """Drawn colors lie in occupied cells, in proportion, and the seed decides which."""
    colors = draw_colors(reddish, 100_000, seed=0)
    cells = (colors / CELL).astype(int)
    assert (reddish[cells[:, 0], cells[:, 1]] > 0).all()
    green = reddish[64:128].sum() / reddish.sum()
    assert np.mean((cells[:, 0] >= 64) & (cells[:, 0] < 128)) == pytest.approx(green, abs=0.005)
    np.testing.assert_array_equal(colors, draw_colors(reddish, 100_000, seed=0))
    assert (colors != draw_colors(reddish, 100_000, seed=1)).any()


def test_grid_is_that_of_colorizer_fcn():
    """Hue varies fastest, sigma is the half-diagonal, posteriors have the known peaks."""
    grid = hue_chroma_grid(256)
    np.testing.assert_allclose(grid.centers[17], [1 / 15, 1 / 15])
    np.testing.assert_allclose(grid.centers[16], [0, 1 / 15])
    assert default_sigma(256) == pytest.approx(0.047140, abs=1e-6)
    step = 1 / 15
    points = np.array([[7 * step, 7 * step], [7.5 * step, 7.5 * step], [0, 0]])
    peaks = grid.posterior(points).max(axis=1)
    np.testing.assert_allclose(peaks, [0.318, 0.193, 0.520], atol=1e-3)


def test_grid_posterior_is_its_formula():
    """p_k is proportional to exp(-d^2 / (2 sigma^2)) over all bins."""
    grid = hue_chroma_grid(16, 0.2)
    x = np.random.default_rng(0).random((100, 2))
    squared = ((x[:, None] - grid.centers) ** 2).sum(axis=-1)
    expected = np.exp(-squared / (2 * 0.2**2))
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(grid.posterior(x), expected, atol=1e-12)


def test_learned_sigma(reddish):
    """A learned sigma is the root of half the mean squared distance, or the default if empty."""
    learned = learn_sigma(reddish, 16)
    colors = np.argwhere(reddish) * CELL + CELL / 2
    weight = reddish[reddish > 0]
    centers = hue_chroma_grid(16).centers
    squared = ((colors[:, None] - centers) ** 2).sum(axis=-1)
    nearest = squared.argmin(axis=1)
    for k in range(16):
        mine = nearest == k
        if mine.any():
            spread = np.sqrt(np.average(squared[mine, k], weights=weight[mine]) / 2)
            assert learned[k] == pytest.approx(max(spread, CELL))
        else:
            assert learned[k] == default_sigma(16)


def test_learned_grid_is_a_mixture(reddish):
    """Bins of different standard deviation are weighted by their densities."""
    sigma = learn_sigma(reddish, 16)
    grid = hue_chroma_grid(16, sigma)
    x = np.random.default_rng(0).random((50, 2))
    density = np.stack(
        [multivariate_normal(m, s**2).pdf(x) for m, s in zip(grid.centers, sigma, strict=True)], 1
    )
    np.testing.assert_allclose(
        grid.posterior(x), density / density.sum(axis=1, keepdims=True), atol=1e-9
    )


@pytest.mark.parametrize("components", [1, 15, 255])
def test_grids_are_square(components):
    """A number of bins that is not a square is rejected."""
    with pytest.raises(InputError, match="square"):
        hue_chroma_grid(components)


def test_empty_histogram_is_refused():
    """An empty histogram is rejected."""
    with pytest.raises(InputError, match="empty"):
        fit_mixture(np.zeros((256, 256), np.int64))
