"""Claims about counting."""

import numpy as np
import pytest

from colorprep.balance import histogram
from colorprep.balance.histogram import N_COLORS, ColorCounter, add_counts, count_cells, gather
from colorprep.quantize.tables import ab_cells


@pytest.fixture
def images():
    """Small images, one with an odd number of pixels, one of a single pixel."""
    generator = np.random.default_rng(0)
    shapes = [(9, 7), (16, 16), (1, 1), (3, 50)]
    return [generator.integers(0, 256, (*shape, 3)).astype(np.uint8) for shape in shapes]


def color_index(images):
    """Every pixel's color index, in plain numpy."""
    pixels = np.concatenate([image.reshape(-1, 3) for image in images]).astype(np.int64)
    red, green, blue = pixels.T
    return (red - green) % 256 * 65536 + (blue - green) % 256 * 256 + green


def test_counting_by_cell_equals_numpy(images):
    """The two-lane loop counts every pixel once, as numpy does."""
    twin = np.bincount(ab_cells()[color_index(images)], minlength=65536)
    np.testing.assert_array_equal(count_cells(images, ab_cells()), twin)


def test_counting_by_color_equals_numpy(images):
    """Counts by color are numpy's, and the counter is clean for the next batch."""
    counter = ColorCounter()
    for _ in range(2):
        colors, counts = counter.count(images)
        expected, expected_counts = np.unique(color_index(images), return_counts=True)
        np.testing.assert_array_equal(colors, expected)
        np.testing.assert_array_equal(counts, expected_counts)


def test_counts_by_color_suffice(images):
    """Counts by cell follow from counts by color, and parts add up to the whole."""
    total = np.zeros(N_COLORS, np.int64)
    counter = ColorCounter()
    add_counts(total, counter.count(images[:2]))
    add_counts(total, counter.count(images[2:]))
    by_cell = gather(total, ab_cells(), 65536)
    np.testing.assert_array_equal(by_cell, count_cells(images, ab_cells()))
    halves = count_cells(images[:1], ab_cells()) + count_cells(images[1:], ab_cells())
    np.testing.assert_array_equal(halves, by_cell)


def test_a_batch_that_could_overflow_is_refused(images, monkeypatch):
    """Counters never wrap around silently."""
    monkeypatch.setattr(histogram, "COUNTER_LIMIT", 300)
    with pytest.raises(OverflowError, match="smaller"):
        ColorCounter().count(images)
