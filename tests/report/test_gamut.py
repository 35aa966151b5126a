"""Claims about maps of bins: they are drawn for every kind of bins, in the bins' own colors."""

import numpy as np
import pytest
from PIL import Image

from colorprep import ab_lattice, hue_chroma_bins, hue_chroma_grid, rebalancing_weights, rgb_to_lab
from colorprep.report.gallery import GROUND
from colorprep.report.gamut import bin_colors, draw_differences, draw_prior, draw_shares


@pytest.mark.parametrize(
    "quantizer", [ab_lattice(), hue_chroma_grid(25), hue_chroma_bins(6)], ids=lambda q: q.name
)
def test_priors_are_drawn(quantizer, tmp_path):
    """A prior and its weights become a picture that shows colors on a dark ground."""
    probs = np.random.default_rng(0).dirichlet(np.ones(len(quantizer.centers)))
    figure = draw_prior(quantizer, probs, rebalancing_weights(probs).weights)
    figure.savefig(tmp_path / "prior.png")
    pixels = np.asarray(Image.open(tmp_path / "prior.png").convert("RGB")).astype(int)
    assert np.ptp(pixels, axis=2).max() > 150
    ground = tuple(int(GROUND[i : i + 2], 16) for i in (1, 3, 5))
    assert tuple(pixels[0, 0]) == ground


def test_bins_have_their_own_colors():
    """Bins that sRGB can show are drawn in a color of just their ab."""
    quantizer = ab_lattice()
    colors = bin_colors(quantizer)
    assert colors.min() >= 0 and colors.max() <= 1
    ab = rgb_to_lab(colors)[:, 1:]
    missed = np.linalg.norm(ab - quantizer.centers, axis=1)
    assert (missed < 2).sum() >= 220 and missed[120] < 0.1


def areas_of(figure):
    """The areas of the squares in colors of bins, in order."""
    drawn = figure.axes[0].collections
    boxes = [path.get_extents() for one in drawn if one.get_gid() for path in one.get_paths()]
    return np.array([box.width * box.height for box in boxes])


def test_areas_are_logarithms_of_shares():
    """Squares of shares ten times apart differ by the same area."""
    quantizer = hue_chroma_bins(2)
    areas = areas_of(draw_shares(quantizer, np.array([0.889, 0.1, 0.01, 0.001])))
    steps = areas[:-1] - areas[1:]
    assert steps[1] == pytest.approx(steps[2])
    assert areas[1] - areas[3] == pytest.approx(2 / 7 * areas[0] / (1 + np.log10(0.889) / 7))


def test_differences_are_full_or_hollow():
    """A bin with less has a hole in its square, one with more has none, an equal one no square."""
    figure = draw_differences(hue_chroma_bins(2), np.array([0.2, -0.2, 0.0, 0.05]))
    assert len(areas_of(figure)) == 3
    grounds = [one for one in figure.axes[0].collections if not one.get_gid()]
    hole = grounds[0].get_paths()
    assert len(hole) == 1
    assert areas_of(figure)[0] / areas_of(figure)[2] == pytest.approx(2)


def test_equal_priors_are_drawn_too():
    """Where nothing differs the map is empty."""
    assert len(areas_of(draw_differences(ab_lattice(), np.zeros(313)))) == 0
