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
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...balance.bootstrap import poisson_weights, replicate_counts
from ...balance.histogram import (
    N_CELLS,
    N_COLORS,
    ColorCounter,
    SparseCounts,
    add_counts,
    count_bins,
    count_cells,
    gather,
)
from ...engine import Batch, Engine, batches_of
from ...images.decoding import Pixels
from ...images.reader import ImageReader
from ...images.skip import Skip
from ...progress import Reporter
from ...quantize.quantizer import Quantizer, Space
from ...quantize.tables import ab_cells, bin_table, cell_bins, color_cells, hsl_lightness
from ..source import ImageParams, check_strict

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
    replicates : ndarray of shape (R, Q), int64, or None
        Pixels by bin in each replicate of a bootstrap, where one is asked for.
    """

    histogram: NDArray[np.int64]
    outcome: Outcome
    replicates: NDArray[np.int64] | None = None


class Resampling(NamedTuple):
    """A bootstrap that is asked for.

    Attributes
    ----------
    quantizer : Quantizer
        Whose bins are counted.
    n_replicates : int
    """

    quantizer: Quantizer
    n_replicates: int


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


class CountedBatch(NamedTuple):
    """What was counted of a batch of images.

    Attributes
    ----------
    counts : ndarray of shape (65536,), int64, or SparseCounts
    outcome : Outcome
    replicates : ndarray of shape (R, Q), int64, or None
    """

    counts: NDArray[np.int64] | SparseCounts
    outcome: Outcome
    replicates: NDArray[np.int64] | None


def tally_groups(
    engine: Engine,
    reader: ImageReader,
    groups: Mapping[str, Sequence[int]],
    by_color: bool,
    params: ImageParams,
    reporter: Reporter,
    resampling: Resampling | None = None,
) -> Iterator[tuple[str, Tally]]:
    """Count the pixels of groups of images in one pass.

    Parameters
    ----------
    engine : Engine
    reader : ImageReader
    groups : mapping of str to sequence of int
        The indices of each group's images, none of them empty.
    by_color : bool
        Count by color instead of by ab cell.
    params : ImageParams
    reporter : Reporter
    resampling : Resampling or None

    Yields
    ------
    name : str
    tally : Tally
        As soon as its group is done, in the order of the groups.
    """
    n_images = sum(map(len, groups.values()))
    size = _batch_size(n_images, engine.workers) if by_color else engine.batch_images
    batches = chain.from_iterable(batches_of(indices, size) for indices in groups.values())
    with (
        closing(engine.run(counting_task(reader, by_color, resampling), batches)) as results,
        reporter.track(n_images, "images", "counting colors") as advance,
    ):
        for name, indices in groups.items():
            total = empty_tally(by_color, resampling)
            for part in islice(results, -(-len(indices) // size)):
                check_strict(part.outcome.skipped, params)
                advance(part.outcome.n_images + len(part.outcome.skipped))
                _add(total, part.counts, part.outcome, part.replicates)
            yield name, total


def empty_tally(by_color: bool, resampling: Resampling | None = None) -> Tally:
    """Return a tally of nothing, by color or by ab cell."""
    replicates = None
    if resampling is not None:
        shape = resampling.n_replicates, len(resampling.quantizer.centers)
        replicates = np.zeros(shape, np.int64)
    return Tally(np.zeros(N_COLORS if by_color else N_CELLS, np.int64), Outcome(), replicates)


def add_tally(total: Tally, part: Tally) -> None:
    """Add what was counted of other images, in place."""
    _add(total, part.histogram, part.outcome, part.replicates)


def _add(
    total: Tally,
    counts: NDArray[np.int64] | SparseCounts,
    outcome: Outcome,
    replicates: NDArray[np.int64] | None,
) -> None:
    add_counts(total.histogram, counts)
    total.outcome.add(outcome)
    if total.replicates is not None and replicates is not None:
        add_counts(total.replicates, replicates)


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


def counting_task(
    reader: ImageReader, by_color: bool, resampling: Resampling | None = None
) -> Callable[[Batch], CountedBatch]:
    """Return what counts one batch of images; it can be sent to other processes."""
    return _CountColors(reader, resampling) if by_color else _CountCells(reader, resampling)


class _CountCells:
    """Counts a batch of images by ab cell."""

    def __init__(self, reader: ImageReader, resampling: Resampling | None) -> None:
        self._reader = reader
        self._resampling = resampling

    def __call__(self, batch: Batch) -> CountedBatch:
        readable = _Readable(self._reader, batch, self._resampling)
        counts = count_cells(readable, ab_cells())
        return CountedBatch(counts, readable.outcome, readable.replicates())


class _CountColors:
    """Counts a batch of images by color; each thread has its own counters, used again and again."""

    def __init__(self, reader: ImageReader, resampling: Resampling | None) -> None:
        self._reader = reader
        self._resampling = resampling
        self._counters = threading.local()

    def __reduce__(self) -> tuple[type[_CountColors], tuple[ImageReader, Resampling | None]]:
        """Leave the counters behind on the way to another process."""
        return type(self), (self._reader, self._resampling)

    def __call__(self, batch: Batch) -> CountedBatch:
        if not hasattr(self._counters, "colors"):
            self._counters.colors = ColorCounter()
        readable = _Readable(self._reader, batch, self._resampling)
        counts = self._counters.colors.count(readable)
        return CountedBatch(counts, readable.outcome, readable.replicates())


class _Readable:
    """The pixels of a batch's images, one after another; notes what became of each."""

    def __init__(self, reader: ImageReader, batch: Batch, resampling: Resampling | None) -> None:
        self._images = reader.read_all(batch)
        self._resampling = resampling
        self._keys: list[str] = []
        self._bin_counts: list[NDArray[np.int64]] = []
        self.outcome = Outcome()

    def __iter__(self) -> Iterator[Pixels]:
        for image in self._images:
            if isinstance(image, Skip):
                self.outcome.skipped.append(image)
                continue
            self.outcome.n_images += 1
            self.outcome.n_enlarged += image.enlarged
            if self._resampling is not None:
                quantizer = self._resampling.quantizer
                bins = count_bins(image.pixels, bin_table(quantizer), len(quantizer.centers))
                self._bin_counts.append(bins)
                self._keys.append(image.key)
            yield image.pixels

    def replicates(self) -> NDArray[np.int64] | None:
        """Return what the images add to each replicate, once all of them were given."""
        if self._resampling is None or not self._keys:
            return None
        n_replicates = self._resampling.n_replicates
        weights = np.stack([poisson_weights(key, n_replicates) for key in self._keys])
        return replicate_counts(weights, np.stack(self._bin_counts))


def _batch_size(n_images: int, workers: int) -> int:
    """Large enough to spread the cost of sweeping, small enough to keep every worker busy."""
    return max(1, min(MAX_BATCH, n_images // (4 * workers)))
