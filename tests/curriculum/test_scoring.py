"""Claims about the scores that need bins: entropy, surprise and the hue sectors."""

import pickle

import numpy as np
import pytest
from scipy import stats
from skimage import color

from colorprep import (
    ImageScorer,
    InputError,
    Prior,
    QuantizerSpec,
    ab_lattice,
    color_scores,
    make_quantizer,
)
from colorprep.curriculum.scoring import sector_of, surprisal


def image(seed=0):
    """A smooth image of many colors, 256 x 256."""
    small = np.random.default_rng(seed).integers(0, 256, (8, 8, 3))
    return np.kron(small, np.ones((32, 32, 1))).astype(np.uint8)


def prior_of(quantizer, seed=0):
    """A prior of random counts, some of them zero."""
    counts = np.random.default_rng(seed).integers(0, 1000, len(quantizer.centers))
    counts[::7] = 0
    return Prior(quantizer, counts, counts / counts.sum(), np.zeros((256, 256), np.int64))


def test_entropy_is_scipys():
    """Entropy is that of the nearest bins of every fourth row and column, in bits."""
    rgb = image()
    ab = color.rgb2lab(rgb[::4, ::4])[..., 1:].reshape(-1, 1, 2)
    bins = np.linalg.norm(ab - ab_lattice().centers, axis=-1).argmin(axis=1)
    expected = stats.entropy(np.bincount(bins), base=2)
    scores = ImageScorer()(rgb)
    assert scores["ab_entropy"] == pytest.approx(expected, rel=1e-12)
    assert scores["sectors"].sum() == 64 * 64


def test_a_plain_image_has_no_entropy():
    """One color is one bin."""
    scores = ImageScorer()(np.full((256, 256, 3), 90, np.uint8))
    assert scores["ab_entropy"] == 0 and scores["sectors"][12] == 64 * 64
    assert np.isnan(scores["surprise"])


@pytest.mark.parametrize(
    "spec", [QuantizerSpec(), QuantizerSpec("ab:5"), QuantizerSpec("hc-1d", 12)], ids=str
)
def test_surprise_is_the_mean_of_the_bits(spec):
    """Surprise is the mean of -log2 p of each pixel's bin, an empty bin taken as half a pixel."""
    quantizer = make_quantizer(spec)
    prior, rgb = prior_of(quantizer), image(1)
    scores = pickle.loads(pickle.dumps(ImageScorer(prior)))(rgb)
    from colorprep import bin_table, color_index

    index = color_index(rgb[::4, ::4])
    p = np.maximum(prior.probs, 0.5 / prior.n_pixels)[bin_table(quantizer)[index]]
    assert scores["surprise"] == pytest.approx(-np.log2(p).mean(), rel=1e-12)


def test_color_scores_are_of_every_pixel():
    """What needs no bins is the same as without a scorer."""
    rgb = np.random.default_rng(3).integers(0, 256, (256, 256, 3)).astype(np.uint8)
    scores = ImageScorer()(rgb)
    assert [scores[name] for name in color_scores(rgb)._fields] == list(color_scores(rgb))


def test_sectors_are_hues_of_thirty_degrees():
    """A color at the middle of each sector is in it; the axis itself is near gray."""
    angles = np.radians(15 + 30 * np.arange(12))
    ring = 40 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert sector_of(ring).tolist() == list(range(12))
    assert sector_of(np.array([[0.0, 0.0], [9.0, -9.0], [20.0, 0.0]])).tolist() == [12, 12, 0]


def test_an_impossible_bin_surprises_finitely():
    """A bin without probability is worth the bits of half a pixel."""
    assert surprisal(np.array([0.0, 1.0]), 1 << 20).tolist() == [21.0, 0.0]


def test_other_sizes_are_refused():
    """Scores are of 256 x 256 pixels only, since others could not be compared."""
    with pytest.raises(InputError, match="256"):
        ImageScorer()(np.zeros((128, 128, 3), np.uint8))
