"""Claims about the search for candidates: it finds what comparing all pairs finds."""

import numpy as np
import pytest

from colorprep.audit.candidates import MAX_DISTANCE, MOST, near_pairs


def found(words):
    """All pairs that the search gives."""
    return {tuple(pair) for _, pairs in near_pairs(words) for pair in pairs.tolist()}


def by_brute_force(words):
    """All pairs of which a version of one is near the whole other."""
    near = np.bitwise_count(words[:, None, :] ^ words[None, :, :1]).min(axis=2) <= MAX_DISTANCE
    return {(i, j) for i, j in zip(*np.nonzero(near | near.T), strict=True) if i < j}


def related_words(n, versions, draw):
    """Words of which many differ in a few bits from another."""
    words = draw.integers(0, 1 << 63, (n, versions), dtype=np.uint64)
    for i in range(n // 2, n):
        bits = draw.choice(64, draw.integers(0, 12), replace=False).astype(np.uint64)
        flips = np.bitwise_or.reduce(np.uint64(1) << bits) if len(bits) else np.uint64(0)
        words[i, draw.integers(versions)] = words[i - n // 2, 0] ^ flips
    return words


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("versions", [1, 3])
def test_search_equals_brute_force(seed, versions):
    """On words of which half are near another, the pairs are those of plain comparison."""
    words = related_words(600, versions, np.random.default_rng(seed))
    expected = by_brute_force(words)
    assert found(words) == expected and len(expected) > 100


def test_every_flip_of_seven_bits_within_reach():
    """Whichever seven bits differ, some band still finds the pair; eight are too many."""
    draw = np.random.default_rng(0)
    for n_bits in (1, 4, 7, 8):
        for _ in range(200):
            word = draw.integers(0, 1 << 63, dtype=np.uint64)
            bits = draw.choice(64, n_bits, replace=False).astype(np.uint64)
            words = np.array([[word], [word ^ np.bitwise_or.reduce(np.uint64(1) << bits)]])
            assert found(words) == ({(0, 1)} if n_bits <= MAX_DISTANCE else set())


def test_the_nearest_are_kept():
    """Of many candidates an image keeps the nearest, then the first."""
    far = [(np.uint64(1) << np.uint64(i)) - np.uint64(1) for i in (3, 2, 1)]
    words = np.array([[np.uint64(0)], *([far[0]] for _ in range(MOST)), [far[1]], [far[2]]])
    of_last = {i for i, j in found(words[[*range(1, len(words)), 0]]) if j == len(words) - 1}
    assert {MOST, MOST + 1} <= of_last


def test_a_thousand_copies_cost_few_pairs():
    """Copies are all joined, with at most 16 pairs an image."""
    pairs = found(np.full((1000, 1), 12345, np.uint64))
    assert len(pairs) <= 1000 * MOST
    reached = {0}
    for i, j in sorted(pairs):
        if i in reached or j in reached:
            reached |= {i, j}
    assert reached == set(range(1000))


@pytest.mark.parametrize("n", [0, 1])
def test_few_images(n):
    """Of no image, or one, there is no pair."""
    assert found(np.zeros((n, 16), np.uint64)) == set()
