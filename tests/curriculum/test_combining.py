"""Claims about combining lists: Python's sets, in the order of the first list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorprep.curriculum.combining import VocLists, divide_voc, intersect, merge, subtract

LISTS = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=10), min_size=1, max_size=4)


@given(LISTS)
def test_combined_lists_are_those_of_sets(lists):
    """Union, difference and intersection hold what Python's sets hold, each once."""
    first, *others = lists
    sets = [set(others_) for others_ in others]
    for combined, expected in (
        (merge(first, others), set(first).union(*sets)),
        (subtract(first, others), set(first).difference(*sets)),
        (intersect(first, others), set(first).intersection(*sets)),
    ):
        assert set(combined) == expected
        assert len(combined) == len(expected)


@given(LISTS)
def test_the_order_is_that_of_the_lists(lists):
    """What is kept stays in the order of its first occurrence, list after list."""
    together = [key for keys in lists for key in keys]
    for operation in (merge, subtract, intersect):
        combined = operation(lists[0], lists[1:])
        assert combined == sorted(combined, key=together.index)


@pytest.mark.parametrize(
    ("mode", "n_train", "n_val"), [(1, 10_582, 1_449), (2, 11_127, 904), (3, 11_685, 346)]
)
def test_keras_fcn_divides_voc_as_published(mode, n_train, n_val):
    """Lists of the published sizes and overlaps give the published numbers in each mode."""
    names = [f"2008_{number:06}" for number in range(12_031)]
    voc_val, rest = names[:1_449], names[1_449:]
    lists = VocLists(
        rest[-1_464:],
        voc_val,
        voc_val[:545] + rest[:7_953],
        voc_val[545:1_103] + rest[7_953:10_252],
    )
    assert [len(keys) for keys in lists] == [1_464, 1_449, 8_498, 2_857]
    train, val = divide_voc(lists, mode)
    assert (len(train), len(val)) == (n_train, n_val)
    assert set(val) <= set(voc_val) and set(train).isdisjoint(val)
