"""The color prior: how often each bin of a quantizer occurs in a set of images."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats
from ..errors import InputError
from ..quantize.ab import AbQuantizer
from ..quantize.quantizer import Quantizer
from .counted import Counted, CountedSum, check_contained, check_counted_alike
from .image_sample import ImageSample
from .lightness import LightnessLevel
from .smoothing import hard_probs, lattice_probs, soft_probs
from .tallies import Tallies

Smoothing: TypeAlias = Literal["soft", "lattice", "none"]


@dataclass(frozen=True, eq=False)
class Prior:
    """A quantizer with the counts and probabilities of its bins.

    Attributes
    ----------
    counts : ndarray of shape (Q,), int64
        Pixels per bin.
    probs : ndarray of shape (Q,), float64
        Smoothed, summing to 1.
    cells : ndarray of shape (256, 256), int64
        Pixels per cell of the quantizer's space: row a + 128, column b + 128 (rounded down), or
        row 256 h, column 256 C.
    lightness_counts : ndarray of shape (256,), int64, or None
        Pixels per HSL lightness level, for hue-chroma quantizers.
    meta : dict
        Provenance: which images, and how they were counted; serializable as JSON.
    bootstrap : ndarray of shape (R, Q), int64, or None
        Pixels per bin in each replicate, see `colorprep.balance.bootstrap`.
    levels : tuple of LightnessLevel
        The same for each level of lightness, from dark to light, see `colorprep.balance.lightness`;
        empty if they were not counted.
    images : ImageSample or None
        Which images were counted; None if unknown.

    Notes
    -----
    ``a + b`` is the prior of the images of both, ``sum([a, b, c])`` of those of all, ``a - b`` that
    of the images of `a` without those of `b`. Counts are exact, and smoothed anew; see
    `colorprep.balance.counted`.

    Examples
    --------
    A prior of two images, without files; `colorprep prior` counts folders.

    >>> from colorprep import ab_lattice
    >>> from colorprep.balance.histogram import count_bins, count_cells
    >>> from colorprep.quantize.tables import ab_cells, bin_table
    >>> images, bins = [np.full((4, 4, 3), value, np.uint8) for value in (9, 200)], ab_lattice()
    >>> counts = sum(count_bins(image, bin_table(bins), 313) for image in images)
    >>> cells = count_cells(images, ab_cells()).reshape(256, 256)
    >>> prior = Prior(bins, counts, smoothed_probs(bins, counts, cells, "soft"), cells)
    >>> prior.n_pixels, int(prior.probs.argmax())
    (32, 120)
    """

    quantizer: Quantizer
    counts: NDArray[np.int64]
    probs: Floats
    cells: NDArray[np.int64]
    lightness_counts: NDArray[np.int64] | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    bootstrap: NDArray[np.int64] | None = None
    levels: tuple[LightnessLevel, ...] = ()
    images: ImageSample | None = None

    def __repr__(self) -> str:
        n_images = self.meta.get("n_images")
        facts = [self.quantizer.name, f"{len(self.probs)} bins"]
        facts += [] if n_images is None else [f"{n_images:,} images"]
        facts += [f"{self.n_pixels:,} pixels", f"{entropy_bits(self.probs):.2f} bits"]
        return f"Prior({', '.join(facts)})"

    @property
    def n_pixels(self) -> int:
        """Number of counted pixels."""
        return int(self.counts.sum())

    @cached_property
    def digest(self) -> str:
        """A digest of the bins, counts and probabilities; 32 hexadecimal digits."""
        digest = hashlib.sha256(self.quantizer.fingerprint.encode())
        digest.update(np.ascontiguousarray(self.counts, "<i8").tobytes())
        digest.update(np.ascontiguousarray(self.probs, "<f8").tobytes())
        return digest.hexdigest()[:32]

    @classmethod
    def smoothed(cls, counted: Counted, smoothing: Smoothing) -> Self:
        """Make a prior from counts, smoothed as a whole and in each level of lightness.

        Raises
        ------
        InputError
            If nothing was counted, or the smoothing does not fit the quantizer.
        """
        quantizer, tallies, meta, images = counted
        probs = smoothed_probs(quantizer, tallies.bins, tallies.cells, smoothing)
        levels = tuple(
            LightnessLevel(
                bins,
                smoothed_probs(quantizer, bins, cells, smoothing) if bins.any() else 0.0 * probs,
                cells,
            )
            for bins, cells in tallies.levels()
        )
        return cls(
            *(quantizer, tallies.bins, probs, tallies.cells, tallies.lightness),
            *({**meta, "smoothing": smoothing}, tallies.replicates, levels, images),
        )

    @property
    def counted(self) -> Counted:
        """The prior before smoothing."""
        level_bins = level_cells = None
        if self.levels:
            level_bins = np.stack([level.counts for level in self.levels])
            level_cells = np.stack([level.cells for level in self.levels])
        counts = self.counts, self.cells, self.lightness_counts, self.bootstrap
        tallies = Tallies(*counts, level_bins, level_cells)
        return Counted(self.quantizer, tallies, self.meta, self.images)

    def __add__(self, other: object) -> Self:
        """Return the prior of the images of both.

        Raises
        ------
        InputError
            If they were counted in different ways, or count an image both.
        """
        if not isinstance(other, Prior):
            return NotImplemented
        total = CountedSum()
        total.add("the first prior", self.counted)
        both = total.add("the second one", other.counted)
        return self.smoothed(both, self.smoothing)

    def __radd__(self, other: object) -> Self:
        """Return the prior itself for 0, with which ``sum`` begins."""
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __sub__(self, other: object) -> Self:
        """Return the prior of the images that the other one does not count.

        Raises
        ------
        InputError
            If they were counted in different ways, or the other one counts images that this one
            does not count, or all of its pixels.
        """
        if not isinstance(other, Prior):
            return NotImplemented
        one, two = self.counted, other.counted
        check_counted_alike("the first prior", one, "the second one", two)
        check_contained(one, two)
        return self.smoothed(one.minus(two), self.smoothing)

    @property
    def smoothing(self) -> Smoothing:
        """How the counts were smoothed."""
        smoothing: Smoothing = self.meta.get("smoothing", "soft")
        return smoothing


def entropy_bits(probs: Floats) -> float:
    """Return the entropy of a distribution in bits; 2 to its power is the effective number of bins.

    Parameters
    ----------
    probs : ndarray of shape (Q,), float64, summing to 1

    Examples
    --------
    >>> entropy_bits(np.array([0.5, 0.25, 0.25, 0.0]))
    1.5
    """
    held = probs[probs > 0]
    return -float((held * np.log2(held)).sum())


def smoothed_probs(
    quantizer: Quantizer,
    counts: NDArray[np.int64],
    cells: NDArray[np.int64],
    smoothing: Smoothing,
) -> Floats:
    """Return the probabilities of the bins under a given smoothing.

    Parameters
    ----------
    counts : ndarray of shape (Q,), int64
        Pixels per bin.
    cells : ndarray of shape (256, 256), int64
        Pixels per cell of the quantizer's space.
    smoothing : {"soft", "lattice", "none"}
        See `colorprep.balance.smoothing`; ``lattice`` needs an ab lattice.

    Returns
    -------
    ndarray of shape (Q,), float64, summing to 1

    Raises
    ------
    InputError
        If nothing was counted, or the smoothing is unknown or does not fit the quantizer.
    """
    if smoothing == "none":
        return hard_probs(counts)
    if smoothing == "soft":
        return soft_probs(quantizer, cells)
    if smoothing != "lattice":
        raise InputError(f"smoothing must be soft, lattice or none, got {smoothing!r}")
    if not isinstance(quantizer, AbQuantizer) or quantizer.step is None:
        raise InputError(f"lattice smoothing needs an ab lattice; {quantizer.name} is not one")
    probs = lattice_probs(hard_probs(counts), quantizer.centers, quantizer.step)
    normalized: Floats = probs / probs.sum()
    return normalized
