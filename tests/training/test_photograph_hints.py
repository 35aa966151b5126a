"""Claims about hints of a photograph at the resolution of a network."""

import numpy as np
import pytest
import torch

from colorprep import InputError
from colorprep.color.hints import ColorHint
from colorprep.images.resizing import resize_to_nearest
from colorprep.training.data.hints import stretched
from colorprep.training.prediction import Conditions, photograph_batch


def test_a_hint_covers_what_the_nearest_pixels_of_its_square_are():
    """Stretched, a hint is its square resized to the nearest pixel, or one pixel at least."""
    draw = np.random.default_rng(0)
    for _ in range(200):
        height, width, side = draw.integers(1, 70, 3).tolist()
        x, y, radius = (int(draw.integers(0, most)) for most in (width, height, 12))
        hint = stretched(ColorHint(x, y, radius, 1.0, 2.0), (height, width), side)
        for middle, length, first, n in (
            (y, height, hint.top, hint.height),
            (x, width, hint.left, hint.width),
        ):
            inside = (abs(np.arange(length) - middle) <= radius).astype(np.uint8)
            covered = np.flatnonzero(resize_to_nearest(inside[None].repeat(2, 0), side)[0])
            # A square between the middles of two rows covers none of them, but has the nearest.
            expected = covered if len(covered) else [int((middle + 0.5) * side / length)]
            np.testing.assert_array_equal(np.arange(first, first + n), expected)


def test_hints_of_a_photograph_are_in_its_batch():
    """Later hints cover earlier ones; values are ab over 110, and a mask."""
    pixels = np.full((20, 40, 3), 128, np.uint8)
    hints = [ColorHint(10, 5, 4, 55.0, -11.0), ColorHint(10, 5, 0, 0.0, 22.0)]
    batch = photograph_batch(pixels, 20, conditions=Conditions(hints=hints))
    a, b, mask = batch["hints"][0]
    assert batch["hints"].shape == (1, 3, 20, 20) and batch["hints"].dtype == torch.float32
    assert mask[1:10, 3:7].all() and mask.sum() == 36
    assert (a[5, 5], b[5, 5]) == (0.0, np.float32(0.2)) and a[1, 3] == 0.5
    assert "hints" not in photograph_batch(pixels, 20)


@pytest.mark.parametrize(("x", "y"), [(-1, 0), (40, 0), (0, 20), (0, -3)])
def test_hints_outside_are_refused(x, y):
    """A hint whose middle is outside of the photograph is refused."""
    with pytest.raises(InputError, match="outside of the photograph, of 40 x 20 pixels"):
        stretched(ColorHint(x, y, 5, 0.0, 0.0), (20, 40), 20)
