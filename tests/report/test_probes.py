"""Claims about the figure of linear probes: what is drawn is what was measured."""

import numpy as np

from colorprep.report.figures.probes import draw_probes

LAYERS = ["block1", "block2", "block3"]


def test_each_run_has_a_line_with_bars():
    """Near the places of the layers, with intervals; chance is a level line; all are named."""
    mean = np.array([0.2, 0.3, 0.25])
    runs = {"_first": np.stack([mean, mean - 0.1, mean + 0.05]), "x" * 40: np.stack([mean] * 3)}
    head, axes = draw_probes(LAYERS, runs, 0.1, "caption").axes
    names = [text.get_text() for text in head.get_legend().get_texts()]
    assert names == ["_first", "…" + "x" * 35, "always the largest class"]
    lines = [line for line in axes.lines if line.get_marker() == "o"]
    assert len(lines) == 2
    for line in lines:
        np.testing.assert_array_equal(line.get_ydata(), mean)
        assert np.abs(np.array(line.get_xdata()) - np.arange(3)).max() < 0.3
    (ends,) = axes.collections[0].get_segments()[:1]
    np.testing.assert_allclose(ends[:, 1], [0.1, 0.25])
    assert [label.get_text() for label in axes.get_xticklabels()] == LAYERS
    assert axes.get_ylim()[0] == 0 and axes.get_ylim()[1] > 0.35
