"""Claims about charts: what they show is what they are given."""

import numpy as np
from PIL import Image

from colorprep import ab_lattice
from colorprep.quantize.round_trip import RoundTrip
from colorprep.report.figures.charts import (
    MOST_POINTS,
    Stratum,
    draw_errors,
    draw_hard_and_smoothed,
    draw_intervals,
    draw_ranking,
    draw_scores,
)


def test_rankings_are_drawn(tmp_path):
    """Photographs stand at the ranks that are shown, with their names; strata have their colors."""
    thumbnails = [np.full((20, 30, 3), value, np.uint8) for value in (10, 200)]
    names = ["$a$.jpg", "n01440764/ILSVRC2012_val_00000293.JPEG"]
    strata = [
        Stratum(name, (red, 0.5, 0.5), np.array(positions))
        for name, red, positions in (("near gray", 0.5, [1]), ("0–30°", 1.0, [0, 2]))
    ]
    figure = draw_ranking(np.array([5.0, 3.0, 1.0]), [1, 3], thumbnails, names, "rgbvar", strata)
    figure.savefig(tmp_path / "rank.png")
    assert Image.open(tmp_path / "rank.png").width == 840
    curve, head, *photographs = figure.axes
    gray, red = curve.collections[:2]
    np.testing.assert_array_equal(gray.get_offsets(), [[2, 3]])
    np.testing.assert_array_equal(red.get_offsets(), [[1, 5], [3, 1]])
    assert tuple(red.get_facecolor()[0]) == (1.0, 0.5, 0.5, 1.0)
    assert [text.get_text() for text in head.get_legend().get_texts()] == ["near gray", "0–30°"]
    shown = [photograph.get_xlabel() for photograph in photographs]
    assert shown[0] == names[0] and len(shown[1]) < 40 and "…" in shown[1]


def test_a_million_scores_are_few_points():
    """A curve of many scores keeps its ends and its shape, in a few hundred points."""
    scores = np.linspace(9000.0, 0.0, 1_000_000) ** 2
    curve = draw_scores(scores, [1]).axes[0].lines[0]
    ranks, drawn = curve.get_xdata(), curve.get_ydata()
    assert len(ranks) == MOST_POINTS and (ranks[0], ranks[-1]) == (1, 1_000_000)
    np.testing.assert_array_equal(drawn, scores[ranks - 1])


def test_hard_shares_stand_beside_the_smoothed_ones():
    """Bins are in order of the smoothed share; empty ones have a tick instead of a dot."""
    quantizer = ab_lattice()
    smoothed = np.random.default_rng(0).dirichlet(np.ones(313))
    hard = np.where(np.arange(313) < 300, smoothed, 0.0)
    axes = draw_hard_and_smoothed(quantizer, hard, smoothed).axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), np.sort(smoothed)[::-1])
    dots, ticks = axes.collections
    assert len(dots.get_offsets()) == 300 and len(ticks.get_segments()) == 13


def test_intervals_from_zero_are_drawn_on_a_log_axis():
    """An interval that begins at 0 begins at the bottom of the axis."""
    shares = np.zeros(313)
    shares[:3] = 0.9, 0.09, 0.01
    axes = draw_intervals(ab_lattice(), shares, 0 * shares, 1.1 * shares).axes[0]
    starts = [segment[0, 1] for segment in axes.collections[0].get_segments()]
    assert len(starts) == 3 and set(starts) == {axes.get_ylim()[0]} and starts[0] > 0


def test_errors_are_drawn_by_their_quantiles():
    """Each curve gives, for an error, the share of the pixels below it; perfect ones included."""
    errors = RoundTrip(*(factor * np.linspace(0, 1, 1001) for factor in (6.0, 0.0, 2.0)))
    axes = draw_errors(errors).axes[0]
    for line, top in zip(axes.lines, (6.0, 0.0, 2.0), strict=True):
        np.testing.assert_allclose(line.get_xdata(), top * line.get_ydata(), atol=1e-9)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(RoundTrip._fields)
