"""Profiles: a table of the colors that occurred converts as LittleCMS does."""

from weakref import WeakSet

import numpy as np
import pytest
from awkward_images import srgb_of, wide_gamut_profile

from colorprep.images import profiles
from colorprep.images.profiles import TABLE_FROM, srgb_transform


@pytest.fixture
def transform(monkeypatch):
    """Return a transform that no other test has used."""
    monkeypatch.setattr(profiles, "_with_table", WeakSet())
    return srgb_transform.__wrapped__(wide_gamut_profile(), "RGB")


def converted(transform, pixels):
    """Return pixels as `convert` changes them in place."""
    pixels = pixels.copy()
    transform.convert(pixels)
    return pixels


def test_colors_are_converted_as_by_littlecms(transform):
    """New colors, known ones and a mixture of both."""
    channels = np.meshgrid(*3 * [np.arange(0, 256, 3)], indexing="ij")
    every = np.stack(channels, axis=-1).astype(np.uint8).reshape(86, -1, 3)
    expected = srgb_of(wide_gamut_profile(), every)
    for _ in range(TABLE_FROM - 1):
        converted(transform, every[:1])
    assert transform._known is None
    np.testing.assert_array_equal(converted(transform, every[::3]), expected[::3])
    np.testing.assert_array_equal(converted(transform, every), expected)
    assert np.count_nonzero(transform._known) == every.size // 3
    np.testing.assert_array_equal(converted(transform, every), expected)


def test_few_profiles_get_a_table(transform, monkeypatch):
    """Without a table, pixels are the same."""
    monkeypatch.setattr(profiles, "MAX_TABLES", 0)
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
    expected = srgb_of(wide_gamut_profile(), pixels)
    for _ in range(TABLE_FROM + 1):
        np.testing.assert_array_equal(converted(transform, pixels), expected)
    assert transform._known is None
