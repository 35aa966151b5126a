"""Claims about figures in a page: themed, small, readable aloud, the same every time."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from colorprep import ab_lattice
from colorprep.balance.prior import Prior
from colorprep.balance.smoothing import hard_probs
from colorprep.report.figures.prior_map import draw_shares
from colorprep.report.figures.style import OWN_COLORS, SOFT, blank_figure, label, plain
from colorprep.report.figures.svg import THEME, inline_svg
from colorprep.report.gallery import GROUND, TEXT
from colorprep.report.page import render_page

PAGE_STYLE = re.compile(r"--([a-z]+): #[0-9a-f]{6}")


def small_figure():
    """A figure with text, a line, and a bin whose color happens to be that of text."""
    figure = blank_figure(2.0)
    axes = figure.subplots()
    plain(axes)
    label(axes, "x < y", "y")
    axes.plot([0, 1], [0, 1], color=SOFT)
    square = [[(0.2, 0.2), (0.4, 0.2), (0.4, 0.4)]]
    axes.add_collection(PolyCollection(square, facecolors=TEXT, gid=OWN_COLORS))
    return figure


def test_colors_are_those_of_the_page_but_for_bins():
    """Text and lines take the page's colors; a bin keeps its own, were it the color of text."""
    svg = inline_svg(small_figure(), "small", "Small", "A line.")
    assert svg.count(TEXT) == 1 and f"fill: {TEXT}" in svg
    assert not [color for color in (GROUND, SOFT) if color in svg]
    assert {"var(--text)", "var(--soft)", "var(--faint)"} <= set(re.findall(r"var\(--\w+\)", svg))
    assert f'id="{OWN_COLORS}"' not in svg


@pytest.mark.parametrize(("theme", "n"), [("auto", 2), ("light", 1), ("dark", 2)])
def test_every_variable_is_the_pages(theme, n):
    """The page's style sheet sets each variable that figures use, for light and for dark."""
    set_there = PAGE_STYLE.findall(render_page("A page", {}, [], theme=theme))
    for variable in THEME.values():
        assert set_there.count(variable.removeprefix("var(--").removesuffix(")")) == n


def test_text_is_text_in_the_font_of_the_page():
    """Labels can be searched and scaled, no font is named, nothing is styled beyond the figure."""
    svg = inline_svg(small_figure(), "small", "Small", "A line.")
    assert "x &lt; y</text>" in svg
    assert "font-family" not in svg and "<style" not in svg and "metadata" not in svg


def test_screen_readers_are_told():
    """A figure is one image with a title and a description."""
    root = ElementTree.fromstring(inline_svg(small_figure(), "small", "A & B", "Two."))
    assert root.get("role") == "img"
    ids = root.get("aria-labelledby").split()
    assert [(child.tag, child.get("id"), child.text) for child in root[:2]] == [
        ("title", ids[0], "A & B"),
        ("desc", ids[1], "Two."),
    ]


def test_ids_are_the_figures_own():
    """Two figures on a page share no id, and each reference finds its target."""
    found = []
    for name in ("one", "two"):
        svg = inline_svg(small_figure(), name, "Small", "A line.")
        ids = re.findall(r'\bid="([^"]+)"', svg)
        referred = re.findall(r'(?:url\(|href=")#([^")]+)', svg)
        assert referred and set(referred) <= set(ids) and len(ids) == len(set(ids))
        found += ids
    assert len(found) == len(set(found))


def test_the_same_figure_is_the_same_text():
    """Drawing again gives the same bytes."""
    first, second = (inline_svg(small_figure(), "small", "Small", "A line.") for _ in range(2))
    assert first == second


def test_maps_of_bins_are_small():
    """The map of the 313 bins takes less than 80 kB, that of thousands of bins not much more."""
    sizes = []
    for step in (10, 3):
        quantizer = ab_lattice(step)
        counts = np.ones(len(quantizer.centers), np.int64)
        prior = Prior(quantizer, counts, hard_probs(counts), np.zeros((256, 256), np.int64))
        sizes.append(len(inline_svg(draw_shares(prior), "map", "Map", "Bins.")))
    assert sizes[0] < 80_000 and sizes[1] < 400_000


@pytest.mark.parametrize("name", ["群", "\N{WOMAN}\N{ZERO WIDTH JOINER}"])
def test_letters_without_a_glyph_are_no_matter(name, recwarn):
    """Names in letters that the font of PNG files lacks are drawn without a warning."""
    figure = small_figure()
    figure.axes[0].set_title(name)
    assert name in inline_svg(figure, "small", "Small", "A line.")
    assert not recwarn.list
