"""Claims about maps of priors: shades are shares, colors are the bins' own, gray is not hidden."""

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgba
from matplotlib.path import Path

from colorprep import ab_lattice, hue_chroma_bins, hue_chroma_grid
from colorprep.balance.prior import Prior
from colorprep.balance.smoothing import hard_probs
from colorprep.balance.weights import gray_bins
from colorprep.report.figures.bin_plane import BinPlane
from colorprep.report.figures.gamut import bin_colors
from colorprep.report.figures.prior_map import draw_prior, draw_shares
from colorprep.report.figures.style import OWN_COLORS
from colorprep.report.gallery import TEXT

CELLS = np.zeros((256, 256), np.int64)


def prior_of(quantizer, counts, probs=None):
    """A prior of these counts of bins; one that is not smoothed for None."""
    counts = np.asarray(counts)
    return Prior(quantizer, counts, hard_probs(counts) if probs is None else probs, CELLS)


@pytest.mark.parametrize(
    "quantizer", [ab_lattice(), hue_chroma_grid(25), hue_chroma_bins(6)], ids=lambda q: q.name
)
def test_every_bin_is_drawn(quantizer):
    """Each bin has its own color, and the bars show how much is near-gray."""
    n_bins = len(quantizer.centers)
    counts = np.random.default_rng(0).integers(1, 9, n_bins)
    prior = prior_of(quantizer, counts, np.full(n_bins, 1 / n_bins))
    above, scale, below = draw_shares(prior).axes
    (own,) = (drawn for drawn in above.collections if drawn.get_gid() == OWN_COLORS)
    np.testing.assert_allclose(own.get_facecolors()[:, :3], bin_colors(quantizer))
    assert above.get_title(loc="left").startswith("Smoothed:")
    assert [tick.get_text() for tick in below.get_yticklabels()] == ["smoothed", "counted"]
    bars = [drawn for drawn in below.collections if drawn.get_gid() == OWN_COLORS]
    lengths = [bar.get_paths()[0].get_extents().width for bar in bars]
    gray = gray_bins(quantizer.centers, quantizer.space)
    assert lengths == pytest.approx([gray.mean(), counts[gray].sum() / counts.sum()])


def test_shades_are_logarithms_of_shares():
    """Ten times the share is five shades more, as on the scale; no share is an empty frame."""
    counts = [900_000, 90_000, 9_000, 0]
    above, scale, _ = draw_shares(prior_of(hue_chroma_bins(2), counts)).axes
    assert above.get_title(loc="left").startswith("Counted:")
    empty, *frames = (patch.get_facecolor() for patch in above.patches)
    assert empty == to_rgba("none")
    shades = [to_rgba(color) for color in scale.collections[0].get_facecolors()]
    assert [shades.index(frame) for frame in frames] == [15, 20, 25]
    assert {to_hex(shade) for shade in shades} == {TEXT}
    names = dict(zip(scale.get_xticks(), scale.get_xticklabels(), strict=True))
    assert [names[shade].get_text() for shade in (15, 20, 25)] == ["1%", "10%", "100%"]


def test_no_cell_covers_another():
    """However close bins are, no place is in two cells, and each bin is in its own."""
    random = np.random.default_rng(0)
    positions = random.normal(0, 0.3, (40, 2)) ** 3
    positions[1] = positions[0] + [1e-4, 0]
    cells = [Path(outline) for outline in BinPlane(positions, "x", "y").cells]
    assert all(cell.contains_point(place) for cell, place in zip(cells, positions, strict=True))
    places = random.choice(positions, 1000) + random.normal(0, 0.01, (1000, 2))
    inside = sum(cell.contains_points(places).astype(int) for cell in cells)
    assert set(inside) == {0, 1}


def test_the_weights_stand_beside_the_prior():
    """The picture of a prior with its weights shows what gray is of the pixels and of the loss."""
    quantizer = ab_lattice()
    gray = gray_bins(quantizer.centers, "ab")
    counts = np.where(gray, 100, 1)
    bars = draw_prior(prior_of(quantizer, counts), 1.0 / counts).axes[-1]
    shown = [text.get_text() for text in bars.texts]
    assert shown == [f"{hard_probs(counts)[gray].sum():.1%}", f"{gray.mean():.2%}", "near-gray"]
