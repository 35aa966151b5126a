"""Claims about k-means centers."""

import numpy as np
import pytest

from colorprep import InputError, ab_lattice, fit_kmeans


def blobs():
    """A histogram of three spots of color."""
    counts = np.zeros((256, 256), np.int64)
    for a, b, n in ((100, 120, 500), (150, 170, 200), (128, 128, 1000)):
        counts[a - 2 : a + 3, b - 2 : b + 3] = n
    return counts


def test_centers_are_the_means_of_their_pixels():
    """Three spots give three centers at their middles, a ascending."""
    quantizer = fit_kmeans(blobs(), 3, neighbors=3)
    expected = np.array([[100, 120], [128, 128], [150, 170]]) - 127.5
    np.testing.assert_allclose(quantizer.centers, expected, atol=1e-9)
    np.testing.assert_array_equal(quantizer.encode(quantizer.centers), [0, 1, 2])


def test_too_few_colors_are_refused():
    """More centers than different colors is an error that says how many there are."""
    with pytest.raises(InputError, match="75 different"):
        fit_kmeans(blobs(), 313)


def test_fingerprints_tell_bins_apart():
    """The fingerprint depends on the bins, not on the soft-encoding."""
    assert ab_lattice().fingerprint == ab_lattice(neighbors=5, sigma=3).fingerprint
    assert ab_lattice().fingerprint != ab_lattice(8).fingerprint
    first, second = fit_kmeans(blobs(), 3, neighbors=3), fit_kmeans(blobs() + 1, 3, neighbors=3)
    assert first.fingerprint != second.fingerprint
