"""One pass over images that counts their colors.

Pixels are counted by cell where that says everything, else by color; `colorprep.balance.histogram`
says which and why. Counts of images, of groups of images and of workers add up exactly.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..balance.histogram import (
    N_CELLS,
    N_COLORS,
    ColorCounter,
    SparseCounts,
    add_counts,
    count_cells,
    gather,
)
from ..engine import BATCH_IMAGES, Batch, available_workers, batches_of, run_batches
from ..images.decoding import Pixels
from ..images.reader import ImageReader
from ..images.skip import Skip
from ..progress import Reporter
from ..quantize.quantizer import Quantizer, Space
from ..quantize.tables import ab_cells, bin_table, cell_bins, color_cells, hsl_lightness
from .images import ImageParams, check_strict

MAX_BATCH = 256  # images whose colors are counted before the 2^24 counters are swept


@dataclass
class Outcome:
    """What became of some images.

    Attributes
    ----------
    n_images, n_enlarged : int
        How many could be used; how many of those are smaller than they were counted.
    skipped : list of Skip
    """

    n_images: int = 0
    n_enlarged: int = 0
    skipped: list[Skip] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """Add what became of other images."""
        self.n_images += other.n_images
        self.n_enlarged += other.n_enlarged
        self.skipped += other.skipped


class Tally(NamedTuple):
    """What was counted of some images.

    Attributes
    ----------
    histogram : ndarray of shape (65536,) or (2^24,), int64
        Pixels by ab cell or by color.
    outcome : Outcome
    """

    histogram: NDArray[np.int64]
    outcome: Outcome


class Counted(NamedTuple):
    """What a prior needs to know of a group's pixels.

    Attributes
    ----------
    cells : ndarray of shape (256, 256), int64
        By cell of the quantizer's space.
    lightness : ndarray of shape (256,), int64, or None
        By HSL lightness level, for hue-chroma quantizers.
    """

    cells: NDArray[np.int64]
    lightness: NDArray[np.int64] | None


_Counted: TypeAlias = tuple[NDArray[np.int64] | SparseCounts, Outcome]


def tally_groups(
    reader: ImageReader,
    groups: Mapping[str, Sequence[str]],
    by_color: bool,
    params: ImageParams,
    reporter: Reporter,
) -> Iterator[tuple[str, Tally]]:
    """Count the pixels of groups of images in one pass.

    Parameters
    ----------
    reader : ImageReader
    groups : mapping of str to sequence of str
        The keys of each group, none of them empty.
    by_color : bool
        Count by color instead of by ab cell.
    params : ImageParams
    reporter : Reporter

    Yields
    ------
    name : str
    tally : Tally
        As soon as its group is done, in the order of the groups.
    """
    n_images = sum(map(len, groups.values()))
    size = _batch_size(n_images, params.workers) if by_color else BATCH_IMAGES
    batches = chain.from_iterable(batches_of(keys, size) for keys in groups.values())
    with (
        closing(run_batches(_counting(reader, by_color), batches, params.workers)) as results,
        reporter.track(n_images, "images", "counting colors") as advance,
    ):
        for name, keys in groups.items():
            total = empty_tally(by_color)
            for counts, outcome in islice(results, -(-len(keys) // size)):
                check_strict(outcome.skipped, params)
                add_counts(total.histogram, counts)
                advance(outcome.n_images + len(outcome.skipped))
                total.outcome.add(outcome)
            yield name, total


def empty_tally(by_color: bool) -> Tally:
    """Return a tally of nothing, by color or by ab cell."""
    return Tally(np.zeros(N_COLORS if by_color else N_CELLS, np.int64), Outcome())


def add_tally(total: Tally, part: Tally) -> None:
    """Add what was counted of other images, in place."""
    add_counts(total.histogram, part.histogram)
    total.outcome.add(part.outcome)


def counted(histogram: NDArray[np.int64], space: Space) -> Counted:
    """Return the cells and lightness levels that a histogram amounts to.

    Parameters
    ----------
    histogram : ndarray of shape (65536,) or (2^24,), int64
        By ab cell (then `space` must be ``"ab"``) or by color.
    space : {"ab", "hue-chroma"}

    Returns
    -------
    Counted
    """
    if len(histogram) == N_CELLS:
        return Counted(histogram.reshape(256, 256), None)
    cells = gather(histogram, color_cells(space), N_CELLS).reshape(256, 256)
    lightness = None if space == "ab" else gather(histogram, hsl_lightness(), 256)
    return Counted(cells, lightness)


class BinCounter:
    """Turns histograms into exact counts of a quantizer's bins.

    Parameters
    ----------
    quantizer : Quantizer
    """

    def __init__(self, quantizer: Quantizer) -> None:
        self.quantizer = quantizer
        self._cell_bins = cell_bins(quantizer)
        self.by_color = self._cell_bins is None
        self._color_bins = bin_table(quantizer) if self._cell_bins is None else None

    def count(self, histogram: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the pixels in each bin.

        Parameters
        ----------
        histogram : ndarray of shape (65536,) or (2^24,), int64
            By ab cell, or by color where `by_color` is set.

        Returns
        -------
        ndarray of shape (Q,), int64
        """
        table = self._cell_bins if self._color_bins is None else self._color_bins
        assert table is not None
        return gather(histogram, table, len(self.quantizer.centers))


def _counting(reader: ImageReader, by_color: bool) -> Callable[[Batch], _Counted]:
    """Return what counts one batch of images."""
    counters = threading.local()
    cell_table = None if by_color else ab_cells()

    def count(keys: Batch) -> _Counted:
        outcome = Outcome()
        images = _readable(reader, keys, outcome)
        if cell_table is not None:
            return count_cells(images, cell_table), outcome
        if not hasattr(counters, "colors"):
            counters.colors = ColorCounter()
        return counters.colors.count(images), outcome

    return count


def _readable(reader: ImageReader, keys: Batch, outcome: Outcome) -> Iterator[Pixels]:
    """Give the pixels of a batch's images, noting what became of each."""
    for _, pixels, enlarged in reader.read_all(keys):
        if isinstance(pixels, Skip):
            outcome.skipped.append(pixels)
        else:
            outcome.n_images += 1
            outcome.n_enlarged += enlarged
            yield pixels


def _batch_size(n_images: int, workers: int | None) -> int:
    """Large enough to spread the cost of sweeping, small enough to keep every worker busy."""
    return max(1, min(MAX_BATCH, n_images // (4 * (workers or available_workers()))))
