"""Claims about luma: BT.601's weights, exact for gray."""

import numpy as np

from colorprep.color.luma import LUMA_MAX, luma


def test_luma_is_that_of_bt601(some_colors):
    """It is within half a level of the exact weights, and exact for grays and the ends."""
    exact = some_colors @ np.array([0.299, 0.587, 0.114])
    assert np.abs(luma(some_colors) / 256 - exact).max() < 0.6
    grays = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    np.testing.assert_array_equal(luma(grays), 256 * np.arange(256))
    assert luma(grays[-1]) == LUMA_MAX
