"""Claims about random drawing and splitting: covering, nested, fair, the same forever."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorprep import InputError
from colorprep.curriculum.sampling import covering_order, draw_per_class, order_digest, split

SEEDS = st.integers(0, 2**32)
SIZES = st.lists(st.integers(1, 12), min_size=1, max_size=8)


@st.composite
def classed_keys(draw, sizes=SIZES):
    """Keys in any order, and the class of each."""
    pairs = [
        (f"class-{number}/{member}.jpg", f"class-{number}")
        for number, size in enumerate(draw(sizes))
        for member in range(size)
    ]
    keys, classes = zip(*draw(st.permutations(pairs)), strict=True)
    return keys, classes


def webster_seats(sizes, n_seats):
    """Deal out seats one by one, the first of each class at once, by the largest quotient."""
    seats = dict.fromkeys(sizes, 1)
    for _ in range(n_seats - len(seats)):
        quotients = {name: size / (2 * seats[name] + 1) for name, size in sizes.items()}
        seats[max(quotients, key=quotients.get)] += 1
    return seats


def test_the_random_order_is_a_published_hash():
    """The place of a key is the SHA-256 of the seed, a line feed and the key, forever."""
    assert order_digest("n01/a.jpg", 7).hex() == (
        "b1186b4126f0c02d95ac78ddfaeecb6d4df7cd3b5f3c36e17a4e285380ee26b1"
    )
    assert covering_order(["a", "b", "c", "d"], [""] * 4, 0) == ["d", "a", "b", "c"]


@given(classed_keys(), SEEDS)
def test_every_beginning_covers_the_classes(pairs, seed):
    """Of n images, min(n, number of classes) classes are covered, and none is drawn twice."""
    keys, classes = pairs
    order = covering_order(keys, classes, seed)
    assert sorted(order) == sorted(keys)
    for n in range(len(keys) + 1):
        covered = {key.partition("/")[0] for key in order[:n]}
        assert len(covered) == min(n, len(set(classes)))


@given(classed_keys(), SEEDS, st.randoms(use_true_random=False))
def test_orders_do_not_depend_on_the_order_of_the_keys(pairs, seed, shuffler):
    """The same keys and seed give the same order and the same split, however they come."""
    shuffled = list(zip(*pairs, strict=True))
    shuffler.shuffle(shuffled)
    again = [list(column) for column in zip(*shuffled, strict=True)]
    assert covering_order(*again, seed) == covering_order(*pairs, seed)
    assert split(*again, 0.2, 0.3, seed) == split(*pairs, 0.2, 0.3, seed)


@given(st.sets(st.sampled_from([1, 2, 4, 8, 16, 32]), min_size=1), SEEDS)
def test_shares_are_those_of_websters_seats(sizes, seed):
    """Once each class has one, images are dealt out as Webster deals out seats.

    Quotients of different powers of two by odd numbers are never equal, so there are no ties.
    """
    names = {f"class-{size}": size for size in sizes}
    keys = [f"{name}/{number}" for name, size in names.items() for number in range(size)]
    order = covering_order(keys, [key.partition("/")[0] for key in keys], seed)
    for n in range(len(names), len(keys) + 1):
        drawn = Counter(key.partition("/")[0] for key in order[:n])
        assert drawn == webster_seats(names, n)


def test_large_classes_get_their_shares():
    """A tenth of classes of 1300, 700 and 100 images is 130, 70 and 10 of them."""
    sizes = {"a": 1300, "b": 700, "c": 100}
    keys = [f"{name}/{number}" for name, size in sizes.items() for number in range(size)]
    order = covering_order(keys, [key[0] for key in keys], 3)
    assert Counter(key[0] for key in order[:210]) == {"a": 130, "b": 70, "c": 10}


def test_every_image_is_as_likely():
    """Over many seeds each image of a class is drawn about as often (chi-squared, p > 0.001)."""
    keys = [f"a/{number}" for number in range(10)]
    drawn = Counter(
        key for seed in range(1000) for key in covering_order(keys, ["a"] * 10, seed)[:3]
    )
    statistic = sum((drawn[key] - 300) ** 2 / 300 for key in keys)
    assert statistic < 27.9  # of nine degrees of freedom


@given(classed_keys(), st.floats(0, 0.9), st.floats(0, 0.9), SEEDS)
def test_parts_are_disjoint_and_hold_everything(pairs, val, test, seed):
    """Every key is in exactly one part, parts are in order, and a share of 0 is an empty part."""
    if not 0 < val + test < 1:
        val, test = 0.25, 0.0
    parts = split(*pairs, val, test, seed)
    assert sorted(sum(parts, [])) == sorted(pairs[0])
    assert all(part == sorted(part) for part in parts)
    assert val > 0 or not parts.val
    assert test > 0 or not parts.test


@given(classed_keys(st.lists(st.integers(3, 60), min_size=1, max_size=4)), SEEDS)
def test_classes_are_split_by_the_same_shares(pairs, seed):
    """Each class of three images or more is in every part, its shares rounded."""
    parts = [
        Counter(key.partition("/")[0] for key in part) for part in split(*pairs, 0.2, 0.1, seed)
    ]
    for name, size in Counter(pairs[1]).items():
        train, val, test = (part[name] for part in parts)
        assert val == max(1, round(0.2 * size))
        assert test == max(1, round(0.1 * size))
        assert train == size - val - test >= 1


@pytest.mark.parametrize(
    ("size", "val", "test", "expected"),
    [
        (250, 0.1, 0.1, (200, 25, 25)),
        (4, 0.1, 0.0, (3, 1, 0)),
        (3, 0.1, 0.1, (1, 1, 1)),
        (3, 0.9, 0.05, (1, 1, 1)),
        (10, 0.98, 0.01, (1, 8, 1)),
        (2, 0.1, 0.1, (2, 0, 0)),
        (1, 0.6, 0.2, (0, 1, 0)),
    ],
)
def test_shares_of_one_class(size, val, test, expected):
    """Shares are rounded; none of three images or more goes without, the largest gives."""
    parts = split([f"a/{number}" for number in range(size)], ["a"] * size, val, test, 0)
    assert tuple(map(len, parts)) == expected


def test_small_classes_are_split_together():
    """Of 250 classes of one image each, a tenth go to val and a tenth to test."""
    keys = [f"{number}/x.jpg" for number in range(250)]
    parts = split(keys, [key.partition("/")[0] for key in keys], 0.1, 0.1, 0)
    assert tuple(map(len, parts)) == (200, 25, 25)


@given(classed_keys(st.lists(st.integers(3, 12), min_size=1, max_size=6)), SEEDS)
def test_the_first_drawn_are_for_training(pairs, seed):
    """A list at random lies within train of the same seed, as long as its classes have the room."""
    train = set(split(*pairs, 0.2, 0.2, seed).train)
    room = Counter(key.partition("/")[0] for key in train)
    drawn: list[str] = []
    for key in covering_order(*pairs, seed):
        drawn.append(key)
        if Counter(key.partition("/")[0] for key in drawn) <= room:
            assert set(drawn) <= train


@given(classed_keys(), SEEDS)
def test_a_larger_val_leaves_test_alone(pairs, seed):
    """With the same fraction for test, test holds the same images whatever the fraction for val."""
    assert split(*pairs, 0.1, 0.2, seed).test == split(*pairs, 0.3, 0.2, seed).test


@pytest.mark.parametrize("shares", [(0, 0), (0.5, 0.5), (-0.1, 0.5), (float("nan"), 0.1)])
def test_fractions_that_split_nothing_are_refused(shares):
    """Fractions are 0 or more, not both 0, and leave something to train on."""
    with pytest.raises(InputError, match="fractions"):
        split(["a"], [""], *shares, 0)


@given(classed_keys(), SEEDS)
def test_so_many_of_each_class(case, seed):
    """The drawn keys of a class are its first in the random order; classes with fewer are out."""
    keys, classes = case
    sizes = Counter(classes)
    n_classes = sum(size >= 3 for size in sizes.values())
    if n_classes < len(sizes):
        with pytest.raises(InputError, match="only .* classes have so many; class-.* the fewest"):
            draw_per_class(keys, classes, 3, seed)
    if n_classes:
        drawn = draw_per_class(keys, classes, 3, seed, n_classes)
        assert drawn == sorted(drawn)
        for name in {key.split("/")[0] for key in drawn}:
            own = [key for key in keys if key.startswith(f"{name}/")]
            first = sorted(own, key=lambda key: order_digest(key, seed))[:3]
            assert {key for key in drawn if key in own} == set(first)
        assert len(drawn) == 3 * n_classes
        assert set(draw_per_class(keys, classes, 3, seed, 1)) <= set(drawn)


@given(classed_keys(st.lists(st.integers(4, 9), min_size=1, max_size=5)), SEEDS)
def test_splits_by_numbers(case, seed):
    """Each class gives so many images to val and test, and the rest to train."""
    keys, classes = case
    parts = split(keys, classes, 2, 1, seed)
    assert sorted([*parts.train, *parts.val, *parts.test]) == sorted(keys)
    for name in set(classes):
        assert [sum(key.startswith(name) for key in part) for part in parts[1:]] == [2, 1]


def test_numbers_that_leave_nothing_are_refused():
    """The message names the smallest class; fractions and numbers do not mix."""
    with pytest.raises(InputError, match="3 images of each class .* the class b has only 3"):
        split([f"{i}" for i in range(8)], [*"aaaaabbb"], 2, 1, 0)
    with pytest.raises(InputError, match="whole numbers"):
        split(["a"], ["a"], 2, 0.1, 0)
