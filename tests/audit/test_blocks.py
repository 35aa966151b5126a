"""Claims about blocks: their means by definition, and the fit that plain arithmetic finds."""

import numpy as np
import pytest
from skimage.data import astronaut

from colorprep.audit.blocks import KNOTS, block_means, residuals

PHOTOGRAPH = astronaut()[:270, 50:211].copy()


@pytest.mark.parametrize("n", [1, 4, 16])
def test_means_by_their_definition(n):
    """Hats of luma, and BT.601's Cb and Cr, averaged over the pixels of each block."""
    luma = PHOTOGRAPH @ [77, 150, 29] >> 6  # quarters of a level
    hats = np.maximum(0, 64 - np.abs(luma[..., None] - 64 * np.arange(KNOTS))) / 64
    exact = PHOTOGRAPH @ [77 / 256, 150 / 256, 29 / 256]
    blue, red = (0.564 * (PHOTOGRAPH[..., 2] - exact), 0.713 * (PHOTOGRAPH[..., 0] - exact))
    pixels = np.concatenate([hats, blue[..., None], red[..., None]], axis=-1)
    rows, columns = (np.arange(side) * n // side for side in PHOTOGRAPH.shape[:2])
    block = (rows[:, None] * n + columns).ravel()
    expected = np.stack(
        [np.bincount(block, of_pixels) for of_pixels in pixels.reshape(-1, KNOTS + 2).T], axis=1
    )
    expected /= np.bincount(block)[:, None]
    found = np.concatenate(block_means(PHOTOGRAPH, n), axis=1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_the_fit_by_plain_arithmetic():
    """Four rounds of weighted least squares with Huber's weights, in numpy."""
    hats, color = block_means(PHOTOGRAPH, 16)
    second = np.diff(np.eye(KNOTS), 2, axis=0)
    penalty = len(hats) * (1e-3 * second.T @ second + 1e-11 * np.eye(KNOTS))
    weights = np.ones(len(hats))
    for _ in range(4):
        weighted = hats * weights[:, None]
        missed = color - hats @ np.linalg.solve(weighted.T @ hats + penalty, weighted.T @ color)
        distances = np.hypot(*missed.T)
        weights = 1.5 / np.maximum(distances, 1.5)
    np.testing.assert_allclose(residuals(hats, color), distances, rtol=0, atol=1e-9)
