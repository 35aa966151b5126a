"""Spectra: a distribution over bins as a bar, near-gray first, then the colors by hue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from ...balance.weights import gray_bins
from ...color.lab import Floats
from ...quantize.quantizer import Quantizer, centers_in_ab
from ..gallery import GROUND, TEXT
from ..numbers import percent
from .gamut import displayed
from .style import OWN_COLORS, SIZE, SOFT, blank_figure, label, plain

SECTORS = 36
FIRST_HUE = -10.0  # degrees; a bar's colors begin between magenta and red
ROW_HEIGHT = 0.36
LONGEST_NAME = 16


def draw_spectra(quantizer: Quantizer, rows: Sequence[tuple[str, Floats]], x: str) -> Figure:
    """Draw distributions over the same bins as bars below one another.

    Each bar begins with the near-gray bins, whose sum stands at its right end, followed by sectors
    of hue in the mean color of their bins.

    Parameters
    ----------
    quantizer : Quantizer
    rows : sequence of tuple of str and ndarray of shape (Q,), float64
        Names and distributions, each summing to 1.
    x : str
        Label of the axis: what a whole bar stands for.
    """
    figure = blank_figure(1.0 + ROW_HEIGHT * len(rows))
    plot_spectra(figure.subplots(), quantizer, rows, x)
    return figure


def plot_spectra(
    axes: Axes, quantizer: Quantizer, rows: Sequence[tuple[str, Floats]], x: str
) -> None:
    """Draw the bars of `draw_spectra` into axes."""
    plain(axes)
    for row, (_, probs) in enumerate(rows):
        shares, colors = spectrum(quantizer, probs)
        ends = np.cumsum(shares)
        boxes = [
            [(start, row - 0.4), (end, row - 0.4), (end, row + 0.4), (start, row + 0.4)]
            for start, end in zip(ends - shares, ends, strict=True)
        ]
        # Edges of the same color close the hairlines between neighbors.
        sectors = PolyCollection(boxes, facecolors=colors, edgecolors=colors, gid=OWN_COLORS)
        sectors.set_linewidth(0.3)
        axes.add_collection(sectors)
        # A gap, since in a gray print all hues look alike.
        axes.vlines(shares[0], row - 0.4, row + 0.4, GROUND, linewidth=2)
        axes.text(1.02, row, percent(shares[0]), color=TEXT, fontsize=SIZE, va="center")
    axes.text(1.02, -0.85, "near-gray", color=SOFT, fontsize=SIZE, va="center")
    axes.set(xlim=(0, 1.22), ylim=(len(rows) - 0.5, -1.2))
    axes.set_yticks(range(len(rows)), [_shortened(name) for name, _ in rows], parse_math=False)
    axes.tick_params(axis="y", length=0, labelcolor=TEXT)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25%", "50%", "75%", "100%"])
    axes.spines[:].set_visible(False)
    label(axes, x, "")


def spectrum(quantizer: Quantizer, probs: Floats) -> tuple[Floats, Floats]:
    """Return how much of a distribution is near gray, and how much in each sector of hue.

    Parameters
    ----------
    quantizer : Quantizer
    probs : ndarray of shape (Q,), float64, summing to 1

    Returns
    -------
    shares : ndarray of shape (37,), float64
        Near-gray first.
    colors : ndarray of shape (37, 3), float64 sRGB in [0, 1]
        Of the mean ab of each.

    Examples
    --------
    >>> from colorprep import ab_lattice
    >>> shares, colors = spectrum(ab_lattice(), np.full(313, 1 / 313))
    >>> shares.shape, colors.shape, round(float(shares[0]), 4)
    ((37,), (37, 3), 0.0288)
    """
    ab = centers_in_ab(quantizer.centers, quantizer.space)
    degrees = np.degrees(np.arctan2(ab[:, 1], ab[:, 0])) - FIRST_HUE
    sector = 1 + np.floor(degrees % 360.0 / (360.0 / SECTORS)).astype(np.int64) % SECTORS
    sector[gray_bins(quantizer.centers, quantizer.space)] = 0
    shares: Floats = np.bincount(sector, probs, SECTORS + 1).astype(np.float64)
    sums = [np.bincount(sector, probs * axis, SECTORS + 1) for axis in ab.T]
    means = np.column_stack(sums) / np.maximum(shares, 1e-300)[:, None]
    return shares, displayed(means)


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
