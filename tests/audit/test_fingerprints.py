"""Claims about fingerprints: the frequencies that scipy finds, and near for copies."""

import numpy as np
import pytest
from scipy.fft import dctn
from skimage.data import astronaut, chelsea, coffee, rocket

from colorprep.audit.fingerprints import CUT, VERSIONS, fingerprints
from colorprep.color.luma import luma
from colorprep.images.resizing import resize

PHOTOGRAPHS = [image() for image in (astronaut, chelsea, coffee, rocket)]


def prints(rgb):
    """The fingerprints of an image."""
    return fingerprints(luma(resize(np.ascontiguousarray(rgb), 64)))


def distances(first, second):
    """In how many bits words differ."""
    return np.bitwise_count(first ^ second)


@pytest.mark.parametrize("photograph", PHOTOGRAPHS)
def test_the_whole_image_by_scipy(photograph):
    """The first word holds the signs of scipy's lowest DCT frequencies about their median."""
    small = luma(resize(photograph, 64))
    frequencies = dctn(small.astype(float), norm=None)[:8, :8].ravel()[1:]
    expected = frequencies > np.median(frequencies)
    word = int(fingerprints(small)[0])
    found = np.array([word >> (62 - i) & 1 for i in range(63)], bool)
    assert np.count_nonzero(found != expected) <= 2  # cosines are rounded to 12 bits


@pytest.mark.parametrize("photograph", PHOTOGRAPHS)
def test_a_cut_copy_is_near_one_version(photograph):
    """A copy cut by 3% at any sides is within 7 bits of a version, often not of the whole."""
    height, width = photograph.shape[:2]
    down, across = round(CUT * height), round(CUT * width)
    versions = prints(photograph)
    of_whole = []
    for sides in np.ndindex(2, 2, 2, 2):
        top, bottom = sides[0] * down, height - sides[1] * down
        left, right = sides[2] * across, width - sides[3] * across
        copy = prints(photograph[top:bottom, left:right])[0]
        assert distances(versions, copy).min() <= 7
        of_whole.append(distances(versions[0], copy))
    assert max(of_whole) > 7


def test_different_photographs_are_far():
    """Different photographs differ in more than seven bits in all versions."""
    for i, first in enumerate(PHOTOGRAPHS):
        for second in PHOTOGRAPHS[:i]:
            assert distances(prints(first), prints(second)[0]).min() > 7


def test_exposure_does_not_matter():
    """Gain and offset of the luma leave all words as they are."""
    small = luma(resize(PHOTOGRAPHS[0], 64))
    np.testing.assert_array_equal(fingerprints(small // 2 * 2), fingerprints(small // 2 + 7000))
    assert fingerprints(small).shape == (VERSIONS,)
