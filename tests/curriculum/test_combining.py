"""Claims about combining lists: Python's sets, in the order of the first list."""

from hypothesis import given
from hypothesis import strategies as st

from colorprep.curriculum.combining import intersect, merge, subtract

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
