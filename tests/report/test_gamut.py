"""Claims about maps of bins: they are drawn for every kind of bins, in the bins' own colors."""

import numpy as np
import pytest

from colorprep import ab_lattice, hue_chroma_bins, rgb_to_lab
from colorprep.report.figures.gamut import bin_colors, draw_differences, draw_weights


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


def test_keys_have_round_numbers():
    """The key to the sizes of squares has no number like 3.47."""
    figure = draw_weights(hue_chroma_bins(2), np.array([3.47, 1.0, 0.5, 0.1]))
    assert [text.get_text() for text in figure.axes[0].texts] == ["2", "1", "0.5", "0.2"]


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
