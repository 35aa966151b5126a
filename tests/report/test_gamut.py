"""Claims about pictures: they are drawn for every kind of bins, in the bins' own colors."""

import numpy as np
import pytest
from PIL import Image

from colorprep import ab_lattice, hue_chroma_bins, hue_chroma_grid, rebalancing_weights, rgb_to_lab
from colorprep.report.charts import draw_ranking
from colorprep.report.gallery import GROUND, gallery
from colorprep.report.gamut import bin_colors, draw_prior


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


def test_rankings_are_drawn(tmp_path):
    """A ranking becomes a picture with photographs at the ranks that are shown."""
    thumbnails = [np.full((20, 30, 3), value, np.uint8) for value in (10, 200)]
    draw_ranking([5.0, 3.0, 1.0], [1, 3], thumbnails).savefig(tmp_path / "rank.png")
    assert Image.open(tmp_path / "rank.png").width == 840


def test_galleries_keep_the_aspect():
    """Photographs are fitted into squares, side by side."""
    wide, tall = np.full((10, 40, 3), 255, np.uint8), np.full((40, 10, 3), 255, np.uint8)
    picture = np.asarray(gallery([[wide, tall]], ["wide", "tall"], tile=80))
    white = (picture == 255).all(axis=2)
    assert white[:, : picture.shape[1] // 2].any(axis=0).sum() >= 80
    assert white[40:, picture.shape[1] // 2 :].any(axis=0).sum() == 20
