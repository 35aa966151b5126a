"""Where bins are drawn: the plane that suits a quantizer, and the cell of each bin in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from scipy.spatial import cKDTree

from ...color.hue_chroma import to_chroma_plane
from ...color.lab import Floats
from ...quantize.quantizer import Quantizer
from .style import label, plain

TURNS = (0.0, 0.25, 0.5, 0.75, 1.0)
FILLED = 0.92  # of the distance between neighbors; the rest is a gap
LARGEST_CELL = 0.15  # of the distance of the outermost bin from the origin
TYPICAL = 0.9  # the quantile of distances between neighbors that squares fit into


@dataclass(frozen=True, eq=False)
class BinPlane:
    """Where bins are drawn.

    Attributes
    ----------
    positions : ndarray of shape (Q, 2), float64
    x, y : str
        Labels of the axes.
    """

    positions: Floats
    x: str
    y: str

    @cached_property
    def side(self) -> float:
        """Side of squares that hardly cover each other."""
        nearest = float(np.median(_nearest_distances(self.positions)))
        return min(FILLED * nearest, 0.1 * float(np.abs(self.positions).max()))

    @cached_property
    def cells(self) -> list[Floats]:
        """The outline of each bin's cell, closed, (n, 2) each.

        A cell is the part of a square that is nearer to the bin than to those whose squares it
        meets, so that no cell covers another one. On a lattice all cells are squares.
        """
        nearest = float(np.quantile(_nearest_distances(self.positions), TYPICAL))
        side = min(FILLED * nearest, LARGEST_CELL * float(np.abs(self.positions).max()))
        square = 0.5 * side * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
        outlines = list(self.positions[:, None] + square)
        near = cKDTree(self.positions).query_ball_point(self.positions, side, p=np.inf)
        for bin_, others in enumerate(near):
            if len(others) > 1:
                place = self.positions[bin_]
                part = _nearest_part(square[:-1], self.positions[others] - place)
                outlines[bin_] = place + np.vstack([part, part[:1]])
        return outlines


def plane_of(quantizer: Quantizer) -> BinPlane:
    """Return the plane that suits the bins: ab, hue by chroma for grids, or else a disk."""
    centers = quantizer.centers
    if quantizer.space == "ab":
        return BinPlane(centers, "a: green to red (CIELAB)", "b: blue to yellow (CIELAB)")
    n_hues, n_chromas = (len(np.unique(column)) for column in centers.T)
    if n_hues * n_chromas == len(centers) and min(n_hues, n_chromas) > 1:
        return BinPlane(centers, "hue", "chroma")
    return BinPlane(to_chroma_plane(centers), "chroma × cos(hue)", "chroma × sin(hue)")


def set_plane(axes: Axes, plane: BinPlane, low: Floats, high: Floats, below: float = 0.0) -> None:
    """Let axes show a plane from a lower left corner to an upper right one, with room below."""
    plain(axes)
    axes.set_yticks([tick for tick in MaxNLocator(5).tick_values(low[1], high[1]) if tick > low[1]])
    axes.xaxis.set_major_locator(FixedLocator(TURNS) if plane.x == "hue" else MaxNLocator(5))
    if plane.x == "hue":
        axes.xaxis.set_major_formatter(FuncFormatter(lambda turn, _: f"{360 * turn:.0f}°"))
    axes.set(xlim=(low[0], high[0]), ylim=(low[1] - below, high[1]), aspect="equal")
    axes.spines[:].set_visible(False)
    label(axes, plane.x, plane.y)


def _nearest_part(outline: Floats, others: Floats) -> Floats:
    """Return the part of a convex outline around the origin that is nearer to it than to others.

    Parameters
    ----------
    outline : ndarray of shape (n, 2), float64
    others : ndarray of shape (m, 2), float64
        Those at the origin take nothing.
    """
    distances = np.hypot(*others.T)
    for i in np.argsort(distances, kind="stable"):
        if 0.5 * FILLED * distances[i] > np.hypot(*outline.T).max():
            break
        outline = _cut(outline, others[i])
    return outline


def _cut(outline: Floats, other: Floats) -> Floats:
    """Cut a convex outline between the origin and another place, a little before the middle."""
    beyond = outline @ other - 0.5 * FILLED * (other @ other)
    kept: list[Floats] = []
    for start, end, here, there in zip(
        np.roll(outline, 1, axis=0), outline, np.roll(beyond, 1), beyond, strict=True
    ):
        if (here > 0) != (there > 0):
            kept.append(start + (end - start) * here / (here - there))
        if there <= 0:
            kept.append(end)
    return np.array(kept)


def _nearest_distances(positions: Floats) -> Floats:
    """Return the distance of each place to the nearest other one."""
    distinct = np.unique(np.round(positions, 9), axis=0)
    distances: Floats = cKDTree(distinct).query(distinct, k=2)[0][:, 1]
    return distances
