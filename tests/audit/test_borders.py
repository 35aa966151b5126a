"""Claims about borders: what share of an image bars of one color cover."""

import numpy as np
import pytest
from skimage.data import astronaut

from colorprep.audit.borders import border_fraction

PHOTOGRAPH = astronaut()[100:200, 100:260].copy()


def framed(top, bottom, left, right, color=(0, 0, 0)):
    """A photograph of 100 x 160 within bars."""
    sides = ((top, bottom), (left, right))
    return np.stack(
        [np.pad(PHOTOGRAPH[..., c], sides, constant_values=color[c]) for c in range(3)], axis=-1
    )


def test_a_photograph_has_no_border():
    """Where the edges are picture, the share is 0."""
    assert border_fraction(PHOTOGRAPH) == 0.0


@pytest.mark.parametrize("bars", [(20, 20, 0, 0), (0, 0, 7, 3), (5, 6, 7, 8), (30, 0, 0, 0)])
@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255), (200, 30, 90)])
def test_bars_are_measured(bars, color):
    """The share is that of the bars' area, whatever their color and sides."""
    image = framed(*bars, color)
    expected = 1 - 100 * 160 / (image.shape[0] * image.shape[1])
    assert border_fraction(image) == pytest.approx(expected)


def test_noise_of_compression_is_border_still():
    """A bar whose levels are off by up to 3 is a bar."""
    image = framed(10, 10, 10, 10, (120, 120, 120)).astype(np.int16)
    noise = np.random.default_rng(0).integers(-3, 4, image.shape)
    noise[10:-10, 10:-10] = 0
    expected = 1 - 100 * 160 / (120 * 180)
    assert border_fraction((image + noise).astype(np.uint8)) == pytest.approx(expected)


def test_two_bars_may_differ_in_color():
    """Each side has a color of its own."""
    image = framed(10, 10, 0, 0)
    image[-10:] = 255
    assert border_fraction(image) == pytest.approx(1 - 100 / 120)


def test_one_color_is_all_border():
    """An image of one color has nothing inside."""
    assert border_fraction(np.full((9, 5, 3), 7, np.uint8)) == 1.0
