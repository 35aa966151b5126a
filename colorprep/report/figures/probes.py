"""The figure of linear probes: accuracies over the layers, one line a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ...color.lab import Floats
from .style import SERIES, SOFT, headed_axes, label, percent_axis, put_legend, shortened

CHANCE = "always the largest class"
SPREAD = 0.2  # of the lines to both sides of a layer, so that their intervals do not overlap


def draw_probes(
    layers: Sequence[str], accuracies: Mapping[str, Floats], chance: float, caption: str
) -> Figure:
    """Draw accuracies over the layers, with intervals as bars, and chance as a dashed line.

    Parameters
    ----------
    layers : sequence of str
    accuracies : mapping of str to ndarray of shape (3, layers)
        By the names of the networks: accuracies from 0 to 1, and the ends of their intervals. At
        most as many as there are colors in `SERIES`.
    chance : float
        From 0 to 1.
    caption : str
        A line above the legend.
    """
    figure, head, axes = headed_axes(1 + len(accuracies) + 1)
    axes.yaxis.set_major_formatter(percent_axis())
    shifts = np.linspace(-SPREAD, SPREAD, len(accuracies)) if len(accuracies) > 1 else [0.0]
    lines = [
        (shortened(name), _plot(axes, of_run, color, shift))
        for (name, of_run), color, shift in zip(accuracies.items(), SERIES, shifts, strict=False)
    ]
    guessed = axes.axhline(chance, color=SOFT, linewidth=1.4, linestyle="--")
    axes.set_xticks(range(len(layers)), layers)
    axes.set_xlim(-0.5, len(layers) - 0.5)
    highest = max(chance, *(float(of_run[2].max()) for of_run in accuracies.values()))
    axes.set_ylim(0, min(1.0, 1.08 * highest))
    label(axes, "layer", "accuracy")
    put_legend(head, [*lines, (CHANCE, guessed)], caption)
    return figure


def _plot(axes: Axes, accuracies: Floats, color: str, shift: float) -> Line2D:
    """Plot a network's accuracies with their intervals."""
    mean, low, high = accuracies
    places = np.arange(len(mean)) + shift
    # Rounding may put an end on the wrong side of its accuracy.
    reach = np.maximum(0.0, (mean - low, high - mean))
    shared: dict[str, Any] = {"color": color, "clip_on": False}  # at 100%, dots are half outside
    axes.errorbar(places, mean, reach, fmt="none", capsize=3, **shared)
    (line,) = axes.plot(places, mean, linewidth=1.8, marker="o", markersize=5, **shared)
    return line
