"""Tables of all 8-bit colors and all cells.

There are 2^24 8-bit colors. `ab_cells` and `hue_chroma_cells` hold the cell of each and `bin_table`
its bin, exactly as computed in float64. A soft label depends on the cell only: `soft_table` holds
all 65,536 of them.

Cells: ab cell = floor(a)+128 << 8 | floor(b)+128; hue-chroma cell = floor(256 h) mod 256 << 8 |
min(floor(256 C), 255). Tables are read-only and shared; the tables of cells are built once per
process: those of ab in less than a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from threading import RLock
from typing import Any, NamedTuple, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..color.color_index import N_COLORS
from ..color.lab import (
    LAB_EPSILON,
    LAB_OFFSET,
    LAB_SLOPE,
    SRGB_TO_XYZ,
    WHITE_D65,
    Floats,
    linear_levels,
)
from . import mixture
from .ab import AbQuantizer
from .cell_kernels import fill_ab_cells, mark_cells
from .hue_chroma_bins import HueChromaBins
from .kernels import (
    candidate_centers,
    fill_edge_bins,
    fill_hsl_lightness,
    fill_hue_chroma_cells,
    fill_likeliest_components,
    fill_nearest_bins,
    lightness_levels,
)
from .quantizer import Quantizer, Space
from .soft_encoding import SoftEncoding

N_CELLS = 1 << 16
SOFT_ENTRIES = 32

P = ParamSpec("P")
T = TypeVar("T")

_building = RLock()


def built_once(build: Callable[P, T]) -> Callable[P, T]:
    """Keep the table that was built last; no two threads build one at the same time."""
    kept = lru_cache(maxsize=1)(build)

    @wraps(build)
    def get(*args: P.args, **kwargs: P.kwargs) -> T:
        with _building:
            return kept(*args, **kwargs)  # type: ignore[arg-type]

    return get


class LightnessTables(NamedTuple):
    """Tables for finding the lightness level round(2.55 L) of a color.

    Attributes
    ----------
    luminance : ndarray of shape (3, 256), float64
        The contribution of each channel's value to the luminance.
    guess : ndarray of shape (4098,), uint8
        The level at the lower end of each of 4,096 equal intervals of luminance.
    thresholds : ndarray of shape (257,), float64
        The least luminance of each level; infinite above the last.
    """

    luminance: Floats
    guess: NDArray[np.uint8]
    thresholds: Floats


@built_once
def ab_cells() -> NDArray[np.uint16]:
    """Return every color's ab cell, (2^24,) uint16."""
    table = np.empty(N_COLORS, np.uint16)
    linear = linear_levels()
    shares = (SRGB_TO_XYZ / WHITE_D65[:, None])[..., None] * linear
    fill_ab_cells(linear, np.tile(shares, 2).astype(np.float32), table)
    return _locked(table)


@built_once
def hue_chroma_cells() -> NDArray[np.uint16]:
    """Return every color's hue-chroma cell, (2^24,) uint16."""
    table = np.empty(N_COLORS, np.uint16)
    fill_hue_chroma_cells(table)
    return _locked(table)


def color_cells(space: Space) -> NDArray[np.uint16]:
    """Return every color's cell of a space, (2^24,) uint16."""
    return ab_cells() if space == "ab" else hue_chroma_cells()


@built_once
def hsl_lightness() -> NDArray[np.uint8]:
    """Return every color's HSL lightness level, min(floor(256 L), 255), (2^24,) uint8."""
    table = np.empty(N_COLORS, np.uint8)
    fill_hsl_lightness(table)
    return _locked(table)


@built_once
def lightness_tables() -> LightnessTables:
    """Return the small tables from which the kernels find round(2.55 L)."""
    luminance = SRGB_TO_XYZ[1][:, None] * linear_levels()
    # Bisect each threshold down to two neighboring floats.
    levels = np.arange(1, 256)
    low, high = np.zeros(255), np.full(255, 1.1)
    for _ in range(80):
        middle = (low + high) / 2
        reached = _lightness_level(middle) >= levels
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    thresholds = np.concatenate([[0.0], high, [np.inf]])
    edges = np.arange(4098) / 4096
    guess = np.searchsorted(thresholds[1:-1], edges, side="right").astype(np.uint8)
    return LightnessTables(luminance, guess, thresholds)


@built_once
def lab_lightness() -> NDArray[np.uint8]:
    """Return every color's lightness as labels store it, round(2.55 L), (2^24,) uint8."""
    table = np.empty((256, 256, 256), np.uint8)
    to_blue, green = np.indices((256, 256))
    for to_red in range(256):
        rgb = np.stack([to_red + green, green, to_blue + green], axis=-1).astype(np.uint8)
        lightness_levels(rgb, *lightness_tables(), table[to_red])
    return _locked(table.reshape(-1))


@built_once
def occupied_ab_cells() -> NDArray[np.int64]:
    """Return the ab cells that contain an 8-bit color, ascending; 22,691 of 65,536."""
    seen = np.zeros(N_CELLS, np.bool_)
    mark_cells(ab_cells(), seen)
    return np.flatnonzero(seen)


@built_once
def bin_table(quantizer: Quantizer) -> NDArray[np.uint16]:
    """Return every 8-bit color's bin.

    Returns
    -------
    ndarray of shape (2^24,), uint16, read-only
        Indexed by `color_index`; exactly the result of encoding each color in float64.

    Examples
    --------
    >>> from colorprep import ab_lattice, color_index
    >>> tomato = np.array([255, 99, 71], np.uint8)
    >>> int(bin_table(ab_lattice())[color_index(tomato)])
    241
    """
    table = np.empty(N_COLORS, np.uint16)
    if isinstance(quantizer, AbQuantizer):
        _fill_ab_bins(quantizer, table)
    elif isinstance(quantizer, HueChromaBins):
        fill_edge_bins(quantizer.hue_edges, quantizer.chroma_edges, table)
    elif isinstance(quantizer, mixture.HueChromaMixture):
        fill_likeliest_components(quantizer.gaussians, not quantizer.linear_hue, table)
    else:
        raise TypeError(f"no table is known for {type(quantizer).__name__}")
    return _locked(table)


@built_once
def cell_bins(quantizer: Quantizer) -> NDArray[np.uint16] | None:
    """Return every ab cell's bin, if each cell that occurs lies inside one bin.

    Returns
    -------
    ndarray of shape (65536,), uint16, or None
        65535 for cells without a color; None if several bins share a cell, so that bins must be
        counted by color. The bins of lattices of even step have borders at integers, and share
        no cell.
    """
    if not isinstance(quantizer, AbQuantizer):
        return None
    starts, candidates = _candidates(quantizer)
    if len(candidates) > len(occupied_ab_cells()):
        return None
    bins = np.full(N_CELLS, 65535, np.uint16)
    bins[occupied_ab_cells()] = candidates
    return _locked(bins)


@built_once
def soft_table(quantizer: Quantizer) -> SoftEncoding:
    """Return every cell's soft label, the soft-encoding of its middle.

    Returns
    -------
    SoftEncoding
        Of shape (65536, k), read-only. Distributions over more than 32 bins keep their 32 largest
        entries, normalized again.

    Examples
    --------
    >>> from colorprep import ab_lattice
    >>> soft = soft_table(ab_lattice())
    >>> soft.weights.shape, int(soft.bins[128 << 8 | 128, 0])  # the cell of gray
    ((65536, 10), 120)
    """
    soft = quantizer.encode_soft(cell_middles(quantizer.space))
    if soft.weights.shape[1] <= SOFT_ENTRIES:
        return SoftEncoding(_locked(soft.bins), _locked(soft.weights))
    kept = np.argsort(-soft.weights, axis=1, kind="stable")[:, :SOFT_ENTRIES]
    weights = np.take_along_axis(soft.weights, kept, axis=1)
    bins = np.take_along_axis(soft.bins, kept, axis=1)
    weights /= weights.sum(axis=1, keepdims=True)
    return SoftEncoding(_locked(bins), _locked(weights))


def cell_middles(space: Space) -> Floats:
    """Return the middle of every cell of a space, in order, (65536, 2) float64."""
    if space == "hue-chroma":
        return mixture.hue_chroma_middles()
    cells = np.arange(N_CELLS)
    return np.column_stack([cells >> 8, cells & 255]) - 127.5


def _fill_ab_bins(quantizer: AbQuantizer, table: NDArray[np.uint16]) -> None:
    starts, candidates = _candidates(quantizer)
    row_of_cell = np.zeros(N_CELLS, np.int64)
    row_of_cell[occupied_ab_cells()] = np.arange(len(occupied_ab_cells()))
    linear, cells = linear_levels(), ab_cells()
    fill_nearest_bins(linear, cells, row_of_cell, starts, candidates, quantizer.centers, table)


def _candidates(quantizer: AbQuantizer) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the start of each occupied cell's candidates, and all cells' candidates in a row.

    The candidates of a cell are the centers that are nearest to some point in it.
    """
    cells = occupied_ab_cells()
    low = np.column_stack([cells >> 8, cells & 255]) - 128.0
    starts = np.empty(len(cells) + 1, np.int64)
    capacity = 4 * len(cells)
    while True:
        candidates = np.empty(capacity, np.int64)
        total = candidate_centers(quantizer.centers, low, starts, candidates)
        if total <= capacity:
            return starts, candidates[:total]
        capacity = total


def _lightness_level(luminance: Floats) -> Floats:
    f = np.where(luminance > LAB_EPSILON, np.cbrt(luminance), LAB_SLOPE * luminance + LAB_OFFSET)
    return np.rint((116.0 * f - 16.0) * 2.55)


def _locked(table: NDArray[Any]) -> NDArray[Any]:
    table.flags.writeable = False
    return table
