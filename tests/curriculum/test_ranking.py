"""Claims about ranking: stable, and in every beginning each stratum has its share."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from colorprep import ranked, ranked_by_strata
from colorprep.curriculum.ranking import color_strata


def test_equal_scores_are_ranked_by_key():
    """Ties do not depend on the order of the images."""
    assert ranked(np.array([1.0, 1.0, 2.0]), ["c", "a", "b"]).tolist() == [2, 1, 0]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=60))
def test_every_beginning_keeps_the_strata(images):
    """Of the first k images each of four strata has its share, with its best images first.

    Half an image may be missing in each stratum, and each shares what is missing in all.
    """
    scores = np.array([score for score, _ in images], np.float64)
    strata = np.array([stratum for _, stratum in images])
    keys = [f"{n:02d}" for n in range(len(images))]
    order = ranked_by_strata(scores, keys, strata)
    assert sorted(order) == list(range(len(images)))
    for stratum in np.unique(strata):
        member = strata[order] == stratum
        share = np.arange(1, len(images) + 1) * member.mean()
        assert np.all(np.abs(np.cumsum(member) - share) <= 0.5 + 2 * member.mean() + 1e-9)
        own = [index for index in ranked(scores, keys).tolist() if strata[index] == stratum]
        assert order[member].tolist() == own


def test_a_stratum_is_the_rarest_color_that_an_image_has_enough_of():
    """A twentieth of the pixels is enough; the rarest is that of fewest pixels in all images."""
    sectors = np.zeros((4, 13), np.uint16)
    sectors[:, 12] = 900
    sectors[0, 3], sectors[1, 3] = 100, 10  # one image has enough of sector 3, one has not
    sectors[2, 5] = 400
    sectors[3, 3], sectors[3, 5] = 100, 100
    assert color_strata(sectors).tolist() == [3, 12, 5, 3]
