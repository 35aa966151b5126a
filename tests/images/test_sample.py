"""Claims about the built-in photographs."""

import numpy as np

from colorprep.images.sample import PHOTOGRAPHS, sample_crops


def test_crops_cover_all_photographs():
    """Crops are spread evenly, in order, have the requested size, and are the same for one seed."""
    crops = list(sample_crops(23, 32, seed=5))
    assert len(crops) == 23
    assert {crop.key.split("/")[0] for crop in crops} == set(PHOTOGRAPHS)
    assert [crop.key for crop in crops] == sorted(crop.key for crop in crops)
    assert {crop.image.size for crop in crops} == {(32, 32)}
    again = list(sample_crops(23, 32, seed=5))
    for first, second in zip(crops, again, strict=True):
        np.testing.assert_array_equal(np.asarray(first.image), np.asarray(second.image))
    assert np.ptp(np.asarray(crops[0].image), axis=2).max() > 50
