"""Claims about how colorful an image is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage import color, data

from colorprep import InputError, color_scores, rgb_variance


def hasler_suesstrunk(rg, yb):
    """The published formula on two planes."""
    spread, middle = np.hypot(rg.std(), yb.std()), np.hypot(rg.mean(), yb.mean())
    return spread + 0.3 * middle


@pytest.mark.parametrize(
    ("name", "score"),
    [("astronaut", 1041.7), ("coffee", 2407.5), ("chelsea", 717.5), ("rocket", 353.6)],
)
def test_reference_values(name, score):
    """The scores of scikit-image's photographs at native size are the known ones."""
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


def images():
    """Any small image."""
    sides = array_shapes(min_dims=2, max_dims=2, max_side=40)
    return sides.flatmap(lambda shape: arrays(np.uint8, (*shape, 3), elements=st.integers(0, 255)))


@given(images())
def test_all_scores_equal_independent_computations(pixels):
    """Variance and colorfulness are numpy's, saturation and chroma are scikit-image's."""
    scores = color_scores(pixels)
    red, green, blue = np.moveaxis(pixels.astype(np.float64), -1, 0)
    rg, yb = red - green, (red + green) / 2 - blue
    hsv = color.rgb2hsv(pixels)
    expected = (
        pixels.astype(np.float64).var(axis=2).mean(),
        hsv[..., 1].mean(),
        (hsv[..., 1] * hsv[..., 2]).mean(),
        hasler_suesstrunk(rg, yb),
        hasler_suesstrunk(abs(rg), abs(yb)),
    )
    np.testing.assert_allclose(scores, expected, rtol=1e-9, atol=1e-9)


def test_the_two_colorfulnesses_differ():
    """On an image of two hues the variant with absolute values is far smaller, as published."""
    two = np.zeros((10, 10, 3), np.uint8)
    two[:5], two[5:] = (200, 40, 40), (40, 200, 40)
    scores = color_scores(two)
    assert scores.colorfulness > 2 * scores.colorfulness_abs


def test_large_images_do_not_overflow():
    """Sums of many millions of pixels stay exact."""
    pixels = np.broadcast_to(np.array([255, 0, 0], np.uint8), (4000, 5000, 3))
    scores = color_scores(pixels)
    assert scores.rgbvar == 14450 and scores.saturation == 1 and scores.chroma == 1


@pytest.mark.parametrize("wrong", [np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8)])
def test_non_images_are_rejected(wrong):
    """Floats and gray planes are rejected."""
    with pytest.raises(InputError):
        rgb_variance(wrong)
