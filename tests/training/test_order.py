"""Claims about the order of an epoch and how ranks share it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorprep.training.data.order import n_steps, rank_step, shuffled, weighted_choice


@given(
    n=st.integers(1, 200),
    batch_size=st.integers(1, 40),
    world_size=st.integers(1, 4),
    epoch=st.integers(0, 3),
    fewest=st.integers(1, 2),
)
def test_ranks_share_an_epoch(n, batch_size, world_size, epoch, fewest):
    """Every image once across ranks, equally many steps, and batches of the requested size."""
    order = shuffled(n, 5, epoch)
    steps = n_steps(n, batch_size, world_size, fewest)
    parts = [
        [rank_step(order, step, batch_size, rank, world_size, fewest) for step in range(steps)]
        for rank in range(world_size)
    ]
    assert sorted(np.concatenate([*map(np.concatenate, parts)]).tolist()) == list(range(n))
    for step in range(steps):
        sizes = [len(part[step]) for part in parts]
        assert max(sizes) - min(sizes) <= 1
        assert max(sizes) <= batch_size + (world_size > 1) + (fewest > 1)
        if step < steps - 1:
            assert sizes == [batch_size] * world_size
        if n >= fewest * world_size and batch_size >= fewest:
            assert min(sizes) >= fewest


def test_ranks_of_half_the_size_take_the_same_steps():
    """In each step, two ranks of 8 together get the images of one of 16."""
    order = shuffled(100, 0, 0)
    for step in range(n_steps(100, 16, 1)):
        both = [rank_step(order, step, 8, rank, 2) for rank in range(2)]
        alone = rank_step(order, step, 16, 0, 1)
        assert sorted(np.concatenate(both).tolist()) == sorted(alone.tolist())


def test_the_order_never_changes():
    """It sorts the words of Philox 4x64-10, which numpy computes as published."""
    before_zero = np.random.Philox(key=0, counter=2**256 - 1)  # numpy adds 1 before each block
    known = [0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B]
    assert before_zero.random_raw(4).tolist() == known
    words = np.random.Philox(key=np.array([7, 3], np.uint64)).random_raw(8).tolist()
    assert sorted(range(8), key=words.__getitem__) == [2, 5, 7, 3, 0, 6, 4, 1]
    assert shuffled(8, 7, 3).tolist() == [2, 5, 7, 3, 0, 6, 4, 1]


@pytest.mark.parametrize("other", [(1, 0), (0, 1)])
def test_seed_and_epoch_decide(other):
    """Another seed or epoch gives another order, and seed and epoch are not interchangeable."""
    assert shuffled(50, 0, 0).tolist() == shuffled(50, 0, 0).tolist()
    assert shuffled(50, 0, 0).tolist() != shuffled(50, *other).tolist()
    assert shuffled(50, 0, 1).tolist() != shuffled(50, 1, 0).tolist()


def test_orders_are_even():
    """Over many epochs, all images come first equally often."""
    firsts = np.bincount([shuffled(10, 0, epoch)[0] for epoch in range(4000)], minlength=10)
    assert abs(firsts - 400).max() < 5 * np.sqrt(400)


def test_choice_is_in_proportion_to_weights():
    """The first is drawn in proportion to weights, the second likewise from the rest."""
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    drawn = np.array([weighted_choice(weights, 2, 0, epoch) for epoch in range(8000)])
    first = np.bincount(drawn[:, 0], minlength=4) / 8000
    np.testing.assert_allclose(first, weights / 10, atol=0.025)
    after_last = drawn[drawn[:, 0] == 3, 1]
    second = np.bincount(after_last, minlength=4)[:3] / len(after_last)
    np.testing.assert_allclose(second, weights[:3] / 6, atol=0.04)


def test_choice_without_replacement():
    """No image is chosen twice; one of weight 0 comes last; all can be chosen."""
    weights = np.array([0.0, 1.0, 1.0, 0.5])
    chosen = weighted_choice(weights, 4, 3, 0)
    assert sorted(chosen.tolist()) == [0, 1, 2, 3] and chosen[-1] == 0
    assert len(weighted_choice(weights, 9, 3, 0)) == 4
