"""Claims about the colorfulness score."""

import numpy as np
import pytest
from skimage import data

from colorprep import InputError, rgb_variance


@pytest.mark.parametrize(
    ("name", "score"),
    [("astronaut", 1041.7), ("coffee", 2407.5), ("chelsea", 717.5), ("rocket", 353.6)],
)
def test_reference_values(name, score):
    """Scores of scikit-image's photographs, at native size, are the known ones."""
    assert rgb_variance(getattr(data, name)()) == pytest.approx(score, abs=0.05)


def test_equals_numpy_twin():
    """The integer loop equals numpy's population variance."""
    pixels = np.random.default_rng(0).integers(0, 256, (61, 47, 3)).astype(np.uint8)
    twin = pixels.astype(np.float64).var(axis=2).mean()
    assert rgb_variance(pixels) == pytest.approx(twin, rel=1e-12)


@pytest.mark.parametrize(("color", "score"), [((9, 9, 9), 0), ((255, 0, 0), 14450)])
def test_extremes(color, score):
    """Gray scores 0, pure red 14450."""
    assert rgb_variance(np.full((5, 4, 3), color, np.uint8)) == score


@pytest.mark.parametrize("wrong", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8)])
def test_what_is_no_image_is_refused(wrong):
    """Floats and gray planes are refused."""
    with pytest.raises(InputError):
        rgb_variance(wrong)
