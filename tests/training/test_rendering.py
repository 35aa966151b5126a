"""Claims about pictures made from lightness and colors."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import map_coordinates

from colorprep import ab_lattice, decode, rgb_to_lab
from colorprep.images.sample import sample_crops
from colorprep.quantize.mixture import hue_chroma_grid
from colorprep.rendering import (
    BAND_PIXELS,
    Enlarged,
    LabelGrid,
    colorize,
    recolor,
    render,
)

QUANTIZERS = [ab_lattice(), hue_chroma_grid(64)]


def wild_colors(quantizer, shape, seed=0):
    """Random colors, most of which are outside of sRGB at some lightness."""
    wild = np.random.default_rng(seed).uniform(-110, 110, (*shape, 2))
    return wild if quantizer.space == "ab" else np.abs(wild) / 110


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((16, 16), (40, 70)),  # a photograph
        ((64, 64), (375, 64)),  # already of its width
        ((16, 16), (16, 90)),  # already of its height
        ((64, 64), (24, 36)),  # smaller than the colors
        ((64, 64), (10, 900)),  # lower, and wider: columns first
        ((64, 64), (1, 1)),
        ((1, 1), (5, 7)),
    ],
)
def test_enlarging_equals_pillow(shape, size):
    """Any band of rows equals Pillow's bilinear interpolation in float32, to the bit."""
    colors = np.random.default_rng(0).normal(0, 40, (*shape, 2))
    planes = [Image.fromarray(colors[..., i].astype(np.float32)) for i in range(2)]
    resized = [plane.resize(size[::-1], Image.Resampling.BILINEAR) for plane in planes]
    expected = np.stack(resized, axis=-1)
    enlarged = Enlarged(colors, size, None)
    np.testing.assert_array_equal(enlarged[:], expected)
    for start in range(0, size[0], 7):
        band = slice(start, min(start + 7, size[0]))
        np.testing.assert_array_equal(enlarged[band], expected[band])


@pytest.mark.parametrize(
    ("size", "stride", "shape"),
    [(32, 4, (32, 32)), (30, 4, (75, 64)), (33, 2, (140, 33)), (32, 4, (7, 90)), (16, 1, (40, 16))],
)
def test_labels_are_placed_where_they_were_sampled(size, stride, shape):
    """Label (i, j) is the color of the middle of pixel (stride i, stride j)."""
    side = -(-size // stride)
    colors = np.random.default_rng(0).normal(0, 40, (side, side, 2))
    enlarged = Enlarged(colors, shape, LabelGrid(size, stride))[:]
    places = [((np.arange(n) + 0.5) * size / n - 0.5) / stride for n in shape]
    if min(shape) >= side:  # smaller pictures have means
        grid = np.meshgrid(*places, indexing="ij")
        expected = [map_coordinates(colors[..., i], grid, order=1, mode="nearest") for i in (0, 1)]
        np.testing.assert_allclose(enlarged, np.stack(expected, axis=-1), atol=1e-4)
    ramp = np.broadcast_to(np.arange(side)[:, None], (side, side))
    rows = Enlarged(np.stack([ramp, ramp.T], axis=-1), shape, LabelGrid(size, stride))[:]
    inside = (places[0] >= 1) & (places[0] <= side - 2)
    np.testing.assert_allclose(rows[inside, 0, 0], places[0][inside], atol=0.1)


def test_true_labels_give_unshifted_colors():
    """Colored by its own labels, a photograph fits best without a shift."""
    for crop in sample_crops(6, 256):
        pixels = np.asarray(crop.image)
        ab = rgb_to_lab(pixels)[..., 1:]
        picture = recolor(pixels, ab[::4, ::4], ab_lattice(), LabelGrid(256, 4))
        back = rgb_to_lab(picture)[..., 1:]
        inner = (slice(8, -8), slice(8, -8))
        errors = {
            (down, right): np.abs(np.roll(back, (down, right), (0, 1)) - ab)[inner].mean()
            for down in (-1, 0, 1)
            for right in (-1, 0, 1)
        }
        assert min(errors, key=errors.__getitem__) == (0, 0)


def test_colors_of_the_right_size_are_unchanged():
    """They are neither interpolated nor rounded."""
    colors = np.random.default_rng(0).normal(0, 40, (9, 12, 2))
    np.testing.assert_array_equal(Enlarged(colors, (9, 12), None)[:], colors)


@pytest.mark.parametrize("quantizer", QUANTIZERS, ids=lambda q: q.name)
@pytest.mark.parametrize("shape", [(61, 97), (97, 20), (3, 400), (500, 1), (1, 1)])
def test_bands_leave_no_seams(quantizer, shape):
    """Bands of any height give the same picture as one piece, to the bit."""
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    colors = wild_colors(quantizer, (16, 16))
    grid = LabelGrid(64, 4)
    whole = colorize(rgb_to_lab(pixels)[..., 0], colors, quantizer, grid)
    for band_pixels in (1, 5 * shape[1], 17 * shape[1], BAND_PIXELS):
        banded = recolor(pixels, colors, quantizer, grid, band_pixels)
        np.testing.assert_array_equal(banded, whole)


@pytest.mark.parametrize("quantizer", QUANTIZERS, ids=lambda q: q.name)
def test_memory_does_not_grow_with_the_photograph(quantizer):
    """In addition to photograph and picture, only bands take memory."""
    colors, peaks = wild_colors(quantizer, (16, 16)), []
    for height in (256, 1024):
        pixels = np.full((height, 1024, 3), 127, np.uint8)
        tracemalloc.start()
        picture = recolor(pixels, colors, quantizer, None)
        peaks.append(tracemalloc.get_traced_memory()[1] - picture.nbytes)
        tracemalloc.stop()
    assert peaks[1] < 1.05 * peaks[0] < 400 * BAND_PIXELS


@pytest.mark.parametrize("quantizer", QUANTIZERS, ids=lambda q: q.name)
def test_pictures_keep_their_lightness(quantizer):
    """For any colors, lightness is kept to 0.3, about the rounding error of 8 bits."""
    generator = np.random.default_rng(0)
    shape = (200, 300)
    light, dark = (generator.integers(low, low + 32, (*shape, 3)) for low in (224, 0))
    pixels = np.concatenate([light, dark, generator.integers(0, 256, (*shape, 3))])
    pixels = pixels.astype(np.uint8)
    lightness = rgb_to_lab(pixels)[..., 0]
    picture = recolor(pixels, wild_colors(quantizer, pixels.shape[:2]), quantizer, None)
    assert np.abs(rgb_to_lab(picture)[..., 0] - lightness).max() < 0.3
    assert np.ptp(picture, axis=2).max() > 50


def test_rendering_restores_the_photograph(photographs):
    """Lightness and ab of a photograph give the photograph."""
    pixels = decode(next(photographs.rglob("*.jpg")).read_bytes())
    lab = rgb_to_lab(pixels)
    np.testing.assert_array_equal(render(lab[..., 0], lab[..., 1:], None), pixels)
    np.testing.assert_array_equal(recolor(pixels, lab[..., 1:], ab_lattice(), None), pixels)
