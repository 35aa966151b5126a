"""Counting the colors of images in one pass.

Pixels are counted by cell if the bins follow from the cell, else by color; see
`colorprep.balance.histogram`. Counts of images, groups and workers add up exactly.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...balance.bootstrap import poisson_weights, replicate_counts
from ...balance.histogram import (
    N_CELLS,
    ColorCounter,
    SparseCounts,
    add_counts,
    count_bins,
    count_cells,
    gather,
    gather_by_level,
)
from ...balance.image_sample import ImageSample
from ...balance.lightness import level_table
from ...balance.tallies import Tallies
from ...color.color_index import N_COLORS
from ...engine import Chunk
from ...images.decoding import Pixels
from ...images.digests import DigestingSource, image_hash
from ...images.reach import ReadingTask
from ...images.reader import ImageReader, Rescaled
from ...images.skip import Skip
from ...quantize.quantizer import Quantizer, Space
from ...quantize.tables import (
    ab_cells,
    bin_table,
    cell_bins,
    color_cells,
    hsl_lightness,
    lab_lightness,
)
from ..passes import Passes

MAX_CHUNK = 256  # images whose colors are counted before the 2^24 counters are swept


@dataclass
class Outcome:
    """How many images were counted, and which were skipped.

    Attributes
    ----------
    rescaled : Rescaled
        Counts the images that could be used.
    images : ImageSample
        Of those that could be used.
    """

    rescaled: Rescaled = field(default_factory=Rescaled)
    skipped: list[Skip] = field(default_factory=list)
    images: ImageSample = field(default_factory=ImageSample)

    @property
    def n_images(self) -> int:
        """How many images could be used."""
        return self.rescaled.n_images

    def add(self, other: Outcome) -> None:
        """Add the outcome of other images."""
        self.rescaled.add(other.rescaled)
        self.skipped += other.skipped
        self.images += other.images


class Resampling(NamedTuple):
    """A bootstrap over the images.

    Attributes
    ----------
    quantizer : Quantizer
        Whose bins are counted.
    """

    quantizer: Quantizer
    n_replicates: int


class CountedChunk(NamedTuple):
    """The colors of a chunk of images.

    Attributes
    ----------
    histogram : ndarray of shape (65536,), int64, or SparseCounts
        Pixels by ab cell, or by color.
    replicates : ndarray of shape (R, Q), int64, or None
        Pixels by bin in each replicate of the bootstrap.
    """

    histogram: NDArray[np.int64] | SparseCounts
    outcome: Outcome
    replicates: NDArray[np.int64] | None

    @property
    def skipped(self) -> list[Skip]:
        """Images that cannot be used."""
        return self.outcome.skipped


class CountedImages(NamedTuple):
    """The colors of a group of images, to which more can be added.

    Attributes
    ----------
    histogram : ndarray of shape (65536,) or (2^24,), int64
        Pixels by ab cell, or by color.
    replicates : ndarray of shape (R, Q), int64, or None
        Pixels by bin in each replicate of the bootstrap.
    """

    histogram: NDArray[np.int64]
    outcome: Outcome
    replicates: NDArray[np.int64] | None = None

    def add(self, part: CountedChunk) -> None:
        """Add the colors of other images, in place."""
        add_counts(self.histogram, part.histogram)
        self.outcome.add(part.outcome)
        if self.replicates is not None and part.replicates is not None:
            add_counts(self.replicates, part.replicates)


@dataclass(frozen=True)
class ColorCounting:
    """How the colors of images are counted.

    Attributes
    ----------
    by_color : bool
        Count by color instead of by ab cell.
    resampling : Resampling or None
        Also count the replicates of this bootstrap.
    """

    reader: ImageReader
    by_color: bool
    resampling: Resampling | None = None

    def task(self) -> Callable[[Chunk], CountedChunk]:
        """Return a task that counts a chunk of images; it pickles."""
        kind = _CountColors if self.by_color else _CountCells
        return kind(self.reader, self.resampling)

    def nothing(self) -> CountedImages:
        """Return the counts of no images."""
        replicates = None
        if self.resampling is not None:
            shape = self.resampling.n_replicates, len(self.resampling.quantizer.centers)
            replicates = np.zeros(shape, np.int64)
        n_kinds = N_COLORS if self.by_color else N_CELLS
        return CountedImages(np.zeros(n_kinds, np.int64), Outcome(), replicates)


def count_groups(
    counting: ColorCounting,
    groups: Mapping[str, Sequence[int]],
    passes: Passes,
    keep: Callable[[str, CountedImages], object] = lambda name, counted: None,
) -> CountedImages:
    """Count the colors of groups of images in one pass.

    Parameters
    ----------
    groups : mapping of str to sequence of int
        The indices of each group's images.
    keep : callable
        Receives the name and the counts of each group as soon as it is done, in order.

    Returns
    -------
    CountedImages
        Of all groups; the skipped images include those of the source.
    """
    total = counting.nothing()
    total.outcome.skipped += counting.reader.source.skipped
    size = None
    if counting.by_color:
        size = _chunk_size(sum(map(len, groups.values())), passes.engine.workers)
    with passes.each_group(
        counting.task(), groups.values(), "counting colors", size
    ) as results_of_groups:
        for name, results in zip(groups, results_of_groups, strict=True):
            counted = counting.nothing()
            for part in results:
                counted.add(part)
                total.add(part)  # not all of a group at once, which is dense
            keep(name, counted)
    total.outcome.skipped.sort()
    return total


class CellCounts(NamedTuple):
    """The counts that a prior stores.

    Attributes
    ----------
    cells : ndarray of shape (256, 256), int64
        Pixels by cell of the quantizer's space.
    lightness : ndarray of shape (256,), int64, or None
        Pixels by HSL lightness level, for hue-chroma quantizers.
    """

    cells: NDArray[np.int64]
    lightness: NDArray[np.int64] | None


def cell_counts(histogram: NDArray[np.int64], space: Space) -> CellCounts:
    """Sum a histogram by cell of a space and by lightness level.

    Parameters
    ----------
    histogram : ndarray of shape (65536,) or (2^24,), int64
        By ab cell (then `space` must be ``"ab"``) or by color.
    space : {"ab", "hue-chroma"}
    """
    if len(histogram) == N_CELLS:
        return CellCounts(histogram.reshape(256, 256), None)
    cells = gather(histogram, color_cells(space), N_CELLS).reshape(256, 256)
    lightness = None if space == "ab" else gather(histogram, hsl_lightness(), 256)
    return CellCounts(cells, lightness)


class BinCounter:
    """Turns histograms into exact counts of a quantizer's bins.

    Parameters
    ----------
    n_levels : int
        Levels of lightness to count bins in, which needs histograms by color; 0 for none.
    """

    def __init__(self, quantizer: Quantizer, n_levels: int = 0) -> None:
        self.quantizer = quantizer
        self._n_levels = n_levels
        self._cell_bins = None if n_levels else cell_bins(quantizer)
        self.by_color = self._cell_bins is None
        self._color_bins = bin_table(quantizer) if self._cell_bins is None else None

    def count(self, histogram: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the pixels in each bin.

        Parameters
        ----------
        histogram : ndarray of shape (65536,) or (2^24,), int64
            By ab cell, or by color if `by_color` is set.

        Returns
        -------
        ndarray of shape (Q,), int64
        """
        table = self._cell_bins if self._color_bins is None else self._color_bins
        assert table is not None
        return gather(histogram, table, len(self.quantizer.centers))

    def tallies(self, counted: CountedImages) -> Tallies:
        """Return all counts that a prior of these images stores."""
        bins = self.count(counted.histogram)
        cells, lightness = cell_counts(counted.histogram, self.quantizer.space)
        levels = self._by_level(counted.histogram) if self._n_levels else (None, None)
        return Tallies(bins, cells, lightness, counted.replicates, *levels)

    def _by_level(
        self, histogram: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the pixels in each bin, and in each cell, of every level of lightness."""
        index = np.flatnonzero(histogram)
        colors = SparseCounts(index.astype(np.uint32), histogram[index])
        levels, quantizer = level_table(self._n_levels)[lab_lightness()[index]], self.quantizer
        bins, cells = (
            gather_by_level(colors, levels, table, self._n_levels, n)
            for table, n in (
                (bin_table(quantizer), len(quantizer.centers)),
                (color_cells(quantizer.space), N_CELLS),
            )
        )
        return bins, cells.reshape(-1, 256, 256)


class _CountCells(ReadingTask):
    """Counts a chunk of images by ab cell."""

    def __init__(self, reader: ImageReader, resampling: Resampling | None) -> None:
        self.reader = reader
        self._resampling = resampling

    def __call__(self, chunk: Chunk) -> CountedChunk:
        readable = _Readable(self.reader, chunk, self._resampling)
        counts = count_cells(readable, ab_cells())
        return CountedChunk(counts, readable.outcome(), readable.replicates())


class _CountColors(ReadingTask):
    """Counts a chunk of images by color; each thread reuses counters of its own."""

    def __init__(self, reader: ImageReader, resampling: Resampling | None) -> None:
        self.reader = reader
        self._resampling = resampling
        self._counters = threading.local()

    def __reduce__(self) -> tuple[type[_CountColors], tuple[ImageReader, Resampling | None]]:
        """Pickle without the counters."""
        return type(self), (self.reader, self._resampling)

    def __call__(self, chunk: Chunk) -> CountedChunk:
        if not hasattr(self._counters, "colors"):
            self._counters.colors = ColorCounter()
        readable = _Readable(self.reader, chunk, self._resampling)
        counts = self._counters.colors.count(readable)
        return CountedChunk(counts, readable.outcome(), readable.replicates())


class _Readable:
    """Iterates over the pixels of a chunk's images, and keeps their outcome."""

    def __init__(self, reader: ImageReader, chunk: Chunk, resampling: Resampling | None) -> None:
        self._source = DigestingSource(reader.source)
        self._images = replace(reader, source=self._source).read_all(chunk)
        self._resampling = resampling
        self._keys: list[str] = []
        self._hashes: list[int] = []
        self._bin_counts: list[NDArray[np.int64]] = []
        self._skipped: list[Skip] = []
        self._rescaled = Rescaled()

    def __iter__(self) -> Iterator[Pixels]:
        for image in self._images:
            if isinstance(image, Skip):
                self._skipped.append(image)
                continue
            self._rescaled.count(image)
            self._keys.append(image.key)
            self._hashes.append(image_hash(image.key, self._source.digests[image.index]))
            if self._resampling is not None:
                quantizer = self._resampling.quantizer
                bins = count_bins(image.pixels, bin_table(quantizer), len(quantizer.centers))
                self._bin_counts.append(bins)
            yield image.pixels

    def outcome(self) -> Outcome:
        """Return how many images were counted, once all are iterated over."""
        sample = ImageSample.of(np.array(self._hashes, np.uint64))
        return Outcome(self._rescaled, self._skipped, sample)

    def replicates(self) -> NDArray[np.int64] | None:
        """Return what the images add to each replicate, once all are iterated over."""
        if self._resampling is None or not self._keys:
            return None
        n_replicates = self._resampling.n_replicates
        weights = np.stack([poisson_weights(key, n_replicates) for key in self._keys])
        return replicate_counts(weights, np.stack(self._bin_counts))


def _chunk_size(n_images: int, workers: int) -> int:
    """Return a size that spreads the cost of sweeping, and keeps every worker busy."""
    return max(1, min(MAX_CHUNK, n_images // (4 * workers)))
