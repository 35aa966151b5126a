"""Claims about a and b of 8-bit pixels: those of the plain conversion."""

import numpy as np

from colorprep.color.ab import ab_of_pixels
from colorprep.color.lab import rgb_to_lab


def test_ab_of_pixels_is_that_of_rgb_to_lab():
    """Within 1e-9 for every 1,000th color, grays, and all colors that are nearly black."""
    some = np.arange(0, 1 << 24, 1000)
    gray = np.arange(256) * 0x010101
    dark = (np.indices((32, 32, 32)).reshape(3, -1) << [[16], [8], [0]]).sum(axis=0)
    colors = np.concatenate([some, gray, dark])
    rgb = np.stack([colors >> 16, colors >> 8 & 255, colors & 255], axis=-1)[None].astype(np.uint8)
    expected = np.moveaxis(rgb_to_lab(rgb)[..., 1:], -1, 0)
    np.testing.assert_allclose(ab_of_pixels(rgb), expected, rtol=0, atol=1e-9)
