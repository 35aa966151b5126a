"""Claims about the section on levels of lightness."""

import numpy as np

from colorprep import ab_lattice
from colorprep.balance.comparison import compare_priors
from colorprep.balance.lightness import LightnessLevel
from colorprep.balance.prior import Prior
from colorprep.report.sections.lightness import MOST_LEVELS, lightness_section


def prior_of(counts):
    """A prior of levels with these counts of bins, (N, 313)."""
    cells, whole = np.zeros((256, 256), np.int64), counts.sum(axis=0)
    levels = (LightnessLevel(each, each / max(1, each.sum()), cells) for each in counts)
    return Prior(ab_lattice(), whole, whole / whole.sum(), cells, levels=tuple(levels))


def test_levels_are_compared_and_empty_ones_named():
    """Each level has its pixels and, if there are any, its divergence from the whole."""
    counts = np.random.default_rng(0).integers(0, 9, (4, 313))
    counts[2] = 0
    prior = prior_of(counts)
    section = lightness_section(prior)
    levels = section.facts["levels"]
    assert [level["n_pixels"] for level in levels] == counts.sum(axis=1).tolist()
    for number in (0, 1, 3):
        apart = compare_priors(counts[number], prior.probs)
        assert levels[number]["jensen_shannon"] == apart.jensen_shannon
    assert levels[2]["jensen_shannon"] is None
    maps, _, table, note = section.blocks
    assert [axes.get_title() for axes in maps.figure.axes[:-1]] == [
        "L 0–24.9",
        "L 24.9–50",
        "L 75.1–100",
    ]
    assert len(table.rows) == 3
    assert note.text.startswith("No pixel is in L 50–75.1:")


def test_of_many_levels_some_are_shown():
    """Of 100 levels, 12 evenly spaced ones are drawn, and the page says so."""
    section = lightness_section(prior_of(np.ones((100, 313), np.int64)))
    maps, _, table, note = section.blocks
    titles = [axes.get_title() for axes in maps.figure.axes[:-1]]  # the last is the scale
    assert len(titles) == len(table.rows) == MOST_LEVELS == 12
    assert titles[0].startswith("L 0–") and titles[-1].endswith("–100")
    assert note.text.startswith("88 levels")
