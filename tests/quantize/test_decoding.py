"""Claims about decoding."""

import numpy as np
import pytest

from colorprep import InputError, ab_lattice
from colorprep.quantize import decoding
from colorprep.quantize.mixture import hue_chroma_grid


@pytest.fixture(scope="module")
def quantizer():
    """The 313 bins."""
    return ab_lattice()


def test_published_prior_anneals_as_measured(quantizer, published):
    """Zhang's prior decodes to the known colors at T = 1, 0.38 and near 0."""
    probs = published("zhang_prior_probs")
    np.testing.assert_allclose(quantizer.decode(probs, "mean"), [1.547, 8.301], atol=1e-3)
    np.testing.assert_allclose(quantizer.decode(probs), [0.186, 1.793], atol=1e-3)
    np.testing.assert_allclose(quantizer.decode(probs, temperature=0.01), [0, 0], atol=1e-9)


def test_temperature_runs_from_mode_to_mean(quantizer):
    """At T = 1 the annealed mean is the mean, towards 0 the mode."""
    probs = np.random.default_rng(0).dirichlet(np.ones(313), 50)
    np.testing.assert_allclose(quantizer.decode(probs, temperature=1.0), probs @ quantizer.centers)
    np.testing.assert_allclose(
        quantizer.decode(probs, temperature=1e-4), quantizer.decode(probs, "mode"), atol=1e-6
    )


def test_annealing_is_stable():
    """Tiny and zero probabilities neither overflow nor give NaN."""
    probs = np.array([[1e-300, 1e-310, 0.0], [0.0, 0.0, 1.0]])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        sharp = decoding.anneal(probs, 0.01)
    np.testing.assert_allclose(sharp, [[1, 0, 0], [0, 0, 1]])


def test_soft_labels_decode_near_their_color(quantizer):
    """The annealed mean of a soft label is within 2.8 of its color."""
    ab = np.random.default_rng(0).uniform(-40, 40, (2000, 2))
    dense = quantizer.encode_soft(ab).dense(313)
    assert np.linalg.norm(quantizer.decode(dense) - ab, axis=1).max() < 2.8


def test_hues_are_averaged_on_their_circle():
    """Half of hue 0.0 and half of hue 14/15 is a red, not a cyan."""
    grid = hue_chroma_grid(256)
    probs = np.zeros(256)
    probs[[15 * 16, 15 * 16 + 14]] = 0.5
    hue, chroma = grid.decode(probs, "mean")
    assert min(hue, 1 - hue) < 0.05 and chroma > 0.9


def test_wrong_requests_are_refused(quantizer):
    """A temperature of 0 and an unknown decoding are rejected."""
    with pytest.raises(InputError, match="above 0"):
        quantizer.decode(np.ones(313), temperature=0)
    with pytest.raises(InputError, match="annealed-mean"):
        quantizer.decode(np.ones(313), "median")


@pytest.mark.parametrize("how", ["mode", "mean", "annealed-mean"])
@pytest.mark.parametrize("quantizer", [ab_lattice(), hue_chroma_grid(16)], ids=lambda q: q.name)
def test_few_bins_decode_like_all(quantizer, how):
    """A distribution over a few bins decodes to the same color as its dense form."""
    colors = np.random.default_rng(0).random((50, 2)) * (50 if quantizer.space == "ab" else 1)
    soft = quantizer.encode_soft(colors)
    dense = quantizer.decode(soft.dense(len(quantizer.centers)), how)
    np.testing.assert_allclose(quantizer.decode(soft.weights, how, bins=soft.bins), dense)
