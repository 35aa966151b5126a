"""Claims about the tables, over all 2^24 colors."""

import numpy as np
import pytest
from scipy.spatial import cKDTree
from skimage import color

from colorprep import ab529, ab_lattice, bin_table, color_index, fit_kmeans, soft_table
from colorprep.color.hue_chroma import rgb_to_hue_chroma_lightness
from colorprep.color.lab import rgb_to_lab
from colorprep.quantize.hue_chroma_bins import hue_chroma_bins
from colorprep.quantize.kernels import look_up
from colorprep.quantize.labeling import lightness_of
from colorprep.quantize.mixture import fit_mixture, hue_chroma_grid
from colorprep.quantize.tables import (
    ab_cells,
    cell_bins,
    cell_middles,
    hsl_lightness,
    hue_chroma_cells,
    occupied_ab_cells,
)

PART = 1 << 20


@pytest.fixture(scope="module")
def all_ab(all_colors):
    """Ab of every color by scikit-image, (2^24, 2) float64."""
    ab = np.empty((len(all_colors), 2))
    for start in range(0, len(all_colors), PART):
        part = slice(start, start + PART)
        ab[part] = color.rgb2lab(all_colors[part])[:, 1:]
    return ab


def some_counts(table):
    """Every color counted once, as a histogram of cells."""
    return np.bincount(table, minlength=65536).reshape(256, 256)


QUANTIZERS = {
    "ab313": ab_lattice,
    "ab529": ab529,
    "ab:5": lambda: ab_lattice(5),
    "kmeans": lambda: fit_kmeans(some_counts(ab_cells()), 64),
    "gmm": lambda: fit_mixture(some_counts(hue_chroma_cells()), 8),
    "gmm, linear hue": lambda: fit_mixture(some_counts(hue_chroma_cells()), 8, linear_hue=True),
    "hc-grid": lambda: hue_chroma_grid(64),
    "hc-1d": lambda: hue_chroma_bins(12),
}


@pytest.fixture(scope="module", params=QUANTIZERS)
def quantizer(request):
    """A quantizer of each kind in turn."""
    return QUANTIZERS[request.param]()


def test_ab_cells(all_ab):
    """A color's cell holds its ab; 22,691 cells occur."""
    expected = np.floor(all_ab).astype(np.int64) + 128
    np.testing.assert_array_equal(ab_cells(), expected[:, 0] << 8 | expected[:, 1])
    assert len(occupied_ab_cells()) == 22_691


@pytest.mark.slow
def test_labels_of_all_colors_are_exact(all_ab):
    """The label of every color is its float64 nearest neighbor among the published bins."""
    quantizer = ab_lattice()
    _, nearest = cKDTree(quantizer.centers).query(all_ab, workers=-1)
    np.testing.assert_array_equal(bin_table(quantizer), nearest)


@pytest.mark.parametrize("name", ["ab529", "ab:5", "ab:4", "kmeans"])
def test_labels_of_other_bins_are_exact(name, all_ab):
    """The same holds for every 17th color among other lattices and fitted bins."""
    quantizer = ab_lattice(4) if name == "ab:4" else QUANTIZERS[name]()
    _, nearest = cKDTree(quantizer.centers).query(all_ab[::17], workers=-1)
    np.testing.assert_array_equal(bin_table(quantizer)[::17], nearest)


def test_labels_equal_encoding(quantizer, some_colors):
    """The table gives what encoding each color gives, for every kind of quantizer."""
    if quantizer.space == "ab":
        colors = rgb_to_lab(some_colors)[:, 1:]
    else:
        colors = rgb_to_hue_chroma_lightness(some_colors)[:, :2]
    labels = bin_table(quantizer)[color_index(some_colors)]
    np.testing.assert_array_equal(labels, quantizer.encode(colors))


def test_cells_decide_where_they_can(quantizer):
    """Even lattices have a bin for each cell that agrees with every color's; others have none."""
    by_cell = cell_bins(quantizer)
    if quantizer.name in ("ab313", "ab529"):
        np.testing.assert_array_equal(by_cell[ab_cells()], bin_table(quantizer))
    else:
        assert by_cell is None


def test_unreachable_bins():
    """52 of the 313 bins are no color's label."""
    assert len(np.unique(bin_table(ab_lattice()))) == 261


def test_hue_chroma_cells(all_colors):
    """Cells and lightness levels of hue and chroma follow their definition."""
    part = all_colors[::97]
    hue, chroma, lightness = rgb_to_hue_chroma_lightness(part).T
    row = np.floor(256 * hue).astype(int) % 256
    column = np.minimum(np.floor(256 * chroma), 255).astype(int)
    np.testing.assert_array_equal(hue_chroma_cells()[::97], row << 8 | column)
    exact = (part.max(axis=1).astype(int) + part.min(axis=1)) * 256 // 510
    np.testing.assert_array_equal(hsl_lightness()[::97], np.minimum(exact, 255))
    assert np.abs(exact - 256 * lightness).max() <= 1


def test_lightness_levels(all_colors):
    """The small tables give round(2.55 L) of every color."""
    for start in range(0, len(all_colors), PART):
        part = all_colors[start : start + PART].reshape(1024, 1024, 3)
        expected = np.rint(rgb_to_lab(part)[..., 0] * 255 / 100)
        np.testing.assert_array_equal(lightness_of(part), expected)


@pytest.mark.parametrize("stride", [1, 3, 4])
def test_look_up(stride):
    """Looking up takes rows and columns 0, S, 2S, ..."""
    pixels = np.random.default_rng(0).integers(0, 256, (17, 23, 3)).astype(np.uint8)
    table = np.random.default_rng(1).integers(0, 65536, 1 << 24).astype(np.uint16)
    twin = table[color_index(pixels)][::stride, ::stride]
    out = np.empty(twin.shape, np.uint16)
    look_up(pixels, table, stride, out)
    np.testing.assert_array_equal(out, twin)


def test_soft_table_is_the_encoding_of_middles(quantizer):
    """Each row sums to 1 and is the soft label of its cell's middle."""
    table = soft_table(quantizer)
    assert table.weights.shape[0] == 65536 and table.weights.shape[1] <= 32
    np.testing.assert_allclose(table.weights.sum(axis=1), 1, atol=1e-12)
    rows = np.arange(0, 65536, 999)
    soft = quantizer.encode_soft(cell_middles(quantizer.space)[rows])
    n_bins = len(quantizer.centers)
    dense = np.zeros((len(rows), n_bins))
    np.put_along_axis(dense, table.bins[rows].astype(int), table.weights[rows], axis=1)
    assert np.abs(dense - soft.dense(n_bins)).max() < 0.01
