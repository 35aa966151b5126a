"""Claims about which lattice points are bins."""

import hashlib

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from colorprep import InputError, ab529, ab_lattice, gamut_lattice
from colorprep.color.lab import rgb_to_lab
from colorprep.quantize.gamut import hull_corners

PUBLISHED_SHA256 = "2a39983ed60d5b52b717842d56d5f766982289e6d5a609582155f437cecc1045"


def test_the_313_bins_have_the_published_bytes():
    """The rule gives the published points in the published order."""
    points = gamut_lattice(10)
    assert points.shape == (313, 2)
    assert hashlib.sha256(points.astype("<i8").tobytes()).hexdigest() == PUBLISHED_SHA256


def test_the_313_bins_are_the_published_file(published):
    """The rule gives the published file."""
    np.testing.assert_array_equal(gamut_lattice(10), published("pts_in_hull"))


def test_saturated_colors_surround_the_gamut():
    """The hull of all colors of a grid has the corners that are found without looking at them."""
    ramp = np.linspace(0.0, 1.0, 33)
    grid = np.stack(np.meshgrid(ramp, ramp, ramp, indexing="ij"), axis=-1).reshape(-1, 3)
    ab = rgb_to_lab(grid)[:, 1:]
    hull, corners = ab[ConvexHull(ab).vertices], hull_corners()
    start = int(np.flatnonzero((hull == corners[0]).all(axis=1))[0])
    np.testing.assert_array_equal(np.roll(hull, -start, axis=0), corners)


def test_gray_is_bin_120():
    """Gray and its neighbors have their known numbers."""
    quantizer = ab_lattice()
    colors = np.array([[0, 0], [0, -10], [0, 10], [-10, 0], [10, 0]])
    np.testing.assert_array_equal(quantizer.encode(colors), [120, 119, 121, 102, 139])


@pytest.mark.parametrize(
    ("step", "n_bins"), [(4, 1635), (5, 1083), (8, 460), (12, 228), (15, 159), (20, 101), (25, 72)]
)
def test_other_steps(step, n_bins):
    """The same rule at other steps gives the counts that were measured independently."""
    points = gamut_lattice(step)
    assert len(points) == n_bins
    assert (points % step == 0).all()
    np.testing.assert_array_equal(np.lexsort(points.T[::-1]), np.arange(n_bins))


@pytest.mark.parametrize("step", [1, 56])
def test_useless_steps_are_refused(step):
    """A step finer than 8-bit colors or as wide as the gamut is rejected."""
    with pytest.raises(InputError, match="2 to 55"):
        gamut_lattice(step)


def test_the_529_bins_are_the_square():
    """Bin (a / 10 + 11) * 23 + (b / 10 + 11) is at (a, b); gray is bin 264."""
    quantizer = ab529()
    a, b = quantizer.centers.T / 10 + 11
    np.testing.assert_array_equal(a * 23 + b, np.arange(529))
    assert quantizer.encode(np.zeros(2)) == 264
