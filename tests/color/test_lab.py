"""Claims about sRGB and Lab, against scikit-image."""

import numpy as np
import pytest
from skimage import color

from colorprep import InputError, lab_to_rgb, reduce_to_gamut, rgb_to_lab


def test_lab_equals_skimage(some_colors):
    """Lab of 8-bit colors equals scikit-image's."""
    np.testing.assert_allclose(rgb_to_lab(some_colors), color.rgb2lab(some_colors), atol=1e-10)


def test_lab_of_floats_equals_lab_of_bytes(some_colors):
    """Floats in [0, 1] and the bytes they stand for give the same Lab."""
    np.testing.assert_array_equal(rgb_to_lab(some_colors / 255.0), rgb_to_lab(some_colors))


def test_rgb_equals_skimage(some_colors):
    """The conversion back equals scikit-image's."""
    lab = color.rgb2lab(some_colors)
    np.testing.assert_allclose(lab_to_rgb(lab), color.lab2rgb(lab), atol=1e-6)


def test_round_trip(some_colors):
    """Every color comes back from Lab."""
    back = np.rint(255 * lab_to_rgb(rgb_to_lab(some_colors)))
    np.testing.assert_array_equal(back, some_colors)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_of_bytes_are_refused(dtype):
    """Floats in 0..255, which ruined a published prior, are rejected with the range."""
    with pytest.raises(InputError, match=r"\[0, 1\].*0 to 255"):
        rgb_to_lab(np.array([[0, 128, 255]], dtype))


@pytest.mark.parametrize(
    "wrong",
    [
        np.array([[-0.1, 0, 0]]),
        np.array([[np.nan, 0, 0]]),
        np.array([[1, 2, 3]]),
        np.zeros((4, 4)),
        np.float64(3),
    ],
)
def test_non_srgb_is_rejected(wrong):
    """Negative, NaN and wide integer values, and wrong shapes, are rejected."""
    with pytest.raises(InputError):
        rgb_to_lab(wrong)


def test_reducing_leaves_displayable_colors(some_colors):
    """Colors that sRGB can show are not changed."""
    lab = rgb_to_lab(some_colors)
    np.testing.assert_array_equal(reduce_to_gamut(lab), lab)


def test_reducing_keeps_lightness_and_hue():
    """Colors that sRGB cannot show keep lightness and hue, and become displayable."""
    generator = np.random.default_rng(1)
    lab = np.column_stack(
        [generator.uniform(0, 100, 5000), generator.uniform(-110, 110, (5000, 2))]
    )
    reduced = reduce_to_gamut(lab)
    shown = rgb_to_lab(np.rint(255 * lab_to_rgb(reduced)).astype(np.uint8))
    assert np.abs(shown[:, 0] - lab[:, 0]).max() < 1.0
    cross = lab[:, 1] * reduced[:, 2] - lab[:, 2] * reduced[:, 1]
    np.testing.assert_allclose(cross, 0, atol=1e-9)
    assert (np.hypot(*reduced[:, 1:].T) <= np.hypot(*lab[:, 1:].T) + 1e-9).all()
