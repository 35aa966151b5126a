"""Claims about hue, chroma and lightness, against scikit-image's HSV."""

import numpy as np
import pytest
from skimage import color

from colorprep import InputError, hue_chroma_lightness_to_rgb, rgb_to_hue_chroma_lightness
from colorprep.color.hue_chroma import from_chroma_plane, to_chroma_plane


def test_definition_by_hsv(some_colors):
    """H, C = V S and L = V - C / 2 are those of HSV."""
    hsv = color.rgb2hsv(some_colors[None])[0]
    hcl = rgb_to_hue_chroma_lightness(some_colors)
    np.testing.assert_allclose(hcl[:, 0], hsv[:, 0] % 1.0, atol=1e-12)
    np.testing.assert_allclose(hcl[:, 1], hsv[:, 1] * hsv[:, 2], atol=1e-12)
    np.testing.assert_allclose(hcl[:, 2], hsv[:, 2] - hcl[:, 1] / 2, atol=1e-12)


def test_round_trip(some_colors):
    """Every color comes back, black and the grays included."""
    back = hue_chroma_lightness_to_rgb(rgb_to_hue_chroma_lightness(some_colors))
    np.testing.assert_allclose(back, some_colors / 255.0, atol=1e-14)


def test_black_is_safe():
    """Hue and chroma at black and white give black and white, without a warning."""
    with np.errstate(all="raise"):
        hcl = np.array([[0.3, 0.5, 0.0], [0.9, 1.0, 1.0]])
        np.testing.assert_array_equal(hue_chroma_lightness_to_rgb(hcl), [[0, 0, 0], [1, 1, 1]])


def test_bicone(some_colors):
    """Chroma never exceeds 1 - |2L - 1|; a larger one is reduced, keeping hue and lightness."""
    hcl = rgb_to_hue_chroma_lightness(some_colors)
    assert (hcl[:, 1] <= 1 - np.abs(2 * hcl[:, 2] - 1) + 1e-12).all()
    wild = np.column_stack([hcl[:, 0], np.ones(len(hcl)), hcl[:, 2]])
    again = rgb_to_hue_chroma_lightness(hue_chroma_lightness_to_rgb(wild))
    np.testing.assert_allclose(again[:, 2], hcl[:, 2], atol=1e-12)


def test_plane_is_a_circle(some_colors):
    """Hues 0.99 and 0.01 are neighbors in the plane, and converting back is exact."""
    near, far = to_chroma_plane(np.array([[0.99, 1], [0.51, 1]]))
    red = to_chroma_plane(np.array([0.01, 1]))
    assert np.linalg.norm(near - red) < 0.13 < np.linalg.norm(far - red)
    hcl = rgb_to_hue_chroma_lightness(some_colors)
    back = from_chroma_plane(to_chroma_plane(hcl[:, :2]))
    apart = np.abs(back[:, 0] - hcl[:, 0])
    assert np.minimum(apart, 1 - apart).max() < 1e-12
    np.testing.assert_allclose(back[:, 1], hcl[:, 1], atol=1e-12)


def test_floats_of_bytes_are_refused():
    """Floats in 0..255 are rejected."""
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        rgb_to_hue_chroma_lightness(np.array([0.0, 128.0, 255.0]))
