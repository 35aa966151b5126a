"""Claims about the Poisson bootstrap: its weights, its sums, its intervals."""

import hashlib

import numpy as np
import pytest
from scipy import stats

from colorprep import InputError, ab_lattice, bin_table, find_images, share_intervals
from colorprep.balance.bootstrap import poisson_weights, replicate_counts, replicate_fractions
from colorprep.balance.histogram import count_bins
from colorprep.images.reader import ImageReader


def test_weights_are_poisson():
    """Over many keys and replicates, weights have the probabilities of a Poisson variable."""
    drawn = np.concatenate([poisson_weights(f"key {n}", 1000) for n in range(200)])
    seen = np.bincount(np.minimum(drawn, 6), minlength=7)
    expected = stats.poisson(1).pmf(np.arange(7))
    expected[6] = 1 - expected[:6].sum()
    assert stats.chisquare(seen, expected * len(drawn)).pvalue > 0.001


def test_weights_follow_the_documented_rule():
    """A weight is scipy's Poisson quantile of a word of the key's SHAKE-256 stream."""
    stream = hashlib.shake_256("n01/ä.jpg".encode()).digest(8 * 500)
    words = np.frombuffer(stream, "<u8") / 2.0**64
    assert np.array_equal(poisson_weights("n01/ä.jpg", 500), stats.poisson(1).ppf(words))


def test_weights_depend_on_the_key_alone():
    """More replicates begin with the same ones; another key has others."""
    assert np.array_equal(poisson_weights("a", 300)[:100], poisson_weights("a", 100))
    assert not np.array_equal(poisson_weights("a", 100), poisson_weights("b", 100))


def test_weights_of_images_and_of_replicates_are_uncorrelated():
    """No two images, and no two replicates, are correlated."""
    weights = np.stack([poisson_weights(f"{n}", 400) for n in range(400)]).astype(float)
    for table in (weights, weights.T):
        correlations = np.corrcoef(table)[np.triu_indices(400, 1)]
        assert abs(correlations.mean()) < 0.001 and abs(correlations).max() < 0.3


def test_replicates_add_like_counts():
    """Replicates of parts add up to those of the whole, exactly, also with large counts."""
    generator = np.random.default_rng(0)
    counts = generator.integers(0, 178_956_970, (50, 13))
    weights = np.stack([poisson_weights(f"{n}", 30) for n in range(50)])
    whole = replicate_counts(weights, counts)
    parts = sum(replicate_counts(weights[i : i + 7], counts[i : i + 7]) for i in range(0, 50, 7))
    assert np.array_equal(whole, parts)
    assert np.array_equal(whole, weights.T.astype(object) @ counts.astype(object))


def test_intervals_are_percentiles_of_the_replicates():
    """An interval contains the stated fraction of the replicates."""
    bootstrap = np.random.default_rng(1).integers(1, 1000, (400, 5))
    low, high = share_intervals(bootstrap, 0.9)
    shares = bootstrap / bootstrap.sum(axis=1, keepdims=True)
    inside = ((shares >= low) & (shares <= high)).mean(axis=0)
    assert np.all(np.abs(inside - 0.9) < 0.01)


def test_replicates_without_a_pixel_are_left_out():
    """With few images, some replicates have no pixels, and thus no fractions."""
    bootstrap = np.array([[0, 0], [3, 1], [1, 1]])
    assert replicate_fractions(bootstrap).tolist() == [[0.75, 0.25], [0.5, 0.5]]


@pytest.mark.parametrize(
    ("bootstrap", "level"),
    [(np.zeros((5, 3), int), 0.95), (np.ones((1, 3), int), 0.95), (np.ones((9, 3), int), 1.0)],
)
def test_what_has_no_interval_is_refused(bootstrap, level):
    """Too few replicates, or an impossible level, are an error."""
    with pytest.raises(InputError):
        share_intervals(bootstrap, level)


def test_intervals_hold_what_they_promise(shared):
    """The interval of the difference between random halves of 250 photographs contains zero.

    For the 50 commonest bins, 90% to 98% of the time.
    """
    source = find_images(shared / "images" / "imagenet")
    reader, table = ImageReader(source), bin_table(ab_lattice())
    images = range(len(source.keys))
    counts = np.stack([count_bins(reader.read(image).pixels, table, 313) for image in images])
    weights = np.stack([poisson_weights(key, 200) for key in source.keys])
    commonest = np.argsort(-counts.sum(axis=0), kind="stable")[:50]
    generator = np.random.default_rng(2026)
    covered = []
    for _ in range(200):
        order = generator.permutation(len(images))
        halves = order[: len(order) // 2], order[len(order) // 2 :]
        shares = [
            replicate_fractions(replicate_counts(weights[half], counts[half]))[:, commonest]
            for half in halves
        ]
        low, high = np.quantile(shares[0] - shares[1], [0.025, 0.975], axis=0)
        covered.append((low <= 0) & (high >= 0))
    assert 0.90 <= np.mean(covered) <= 0.98
