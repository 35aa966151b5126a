"""The findings of an audit: reasons that drop an image, and notes that do not."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from heapq import merge

import numpy as np
from numpy.typing import NDArray

from ...audit import candidates, duplicates, fingerprints, tones
from ...images.skip import Skip
from ...images.source import Source
from .duplicates import Duplicates
from .inspection import VIEW_SIZE, Records

# Reasons that drop an image, in the order in which they are listed.
REASONS = {
    "corrupt": "cannot be read, or is damaged",
    "gray": "has next to no color",
    "toned": "its color follows from its lightness: sepia, cyanotype, a filter",
    "duplicate": "another image of the same picture stays",
    "tiny": "its shorter side is under 32 pixels",
}
NOTES = {
    "leak": "the same picture is in training and in validation",
    "exact-double": "another image has the same pixels",
    "near-double": "another image shows the same picture",
    "icc": "has a color profile other than sRGB",
    "cmyk": "is of inks",
    "border": "bars of one color along the edges cover 2% or more",
    "extreme-shape": "is over three times as long as wide",
    "damaged": "part of its pixels is lost; it is read because of --damaged keep",
}
TINY_SIDE = 32
BORDER_SHARE = 0.02
EXTREME_ASPECT = 3.0

RULES = {
    "gray": {
        "quantile": tones.GRAY_QUANTILE,
        "max_chroma": tones.GRAY_CHROMA,
        "at": fingerprints.SIDE,
    },
    "toned": {
        "quantile": tones.TONED_QUANTILE,
        "noise": tones.NOISE,
        "noise_of_side": tones.NOISE_OF_SIDE,
        "noise_of_chroma": tones.NOISE_OF_CHROMA,
        "max_mean_chroma": tones.STRONGEST_TONING,
        "min_side": tones.TONED_MIN_SIDE,
    },
    "zhang_mask_gray": {
        "max_ab": tones.PUBLISHED_AB,
        "stride": tones.PUBLISHED_STRIDE,
        "at": VIEW_SIZE,
    },
    "ab_range_gray": {"below_range": tones.PUBLISHED_AB, "at": VIEW_SIZE},
    "duplicate": {
        "max_bits": candidates.MAX_DISTANCE,
        "max_cut": duplicates.MAX_CUT,
        "min_correlation": duplicates.MIN_CORRELATION,
        "min_detail_correlation": duplicates.MIN_DETAIL_CORRELATION,
        "min_detail": duplicates.MIN_DETAIL,
        "stays": "not damaged, then not gray, toned, tiny or in shades of one ink, then the most "
        "pixels, the fewest of icc, cmyk, border and coarser color, the highest rgbvar, the first "
        "key",
    },
    "tiny": {"min_side": TINY_SIDE},
    "border": {"min_share": BORDER_SHARE},
    "extreme-shape": {"max_aspect": EXTREME_ASPECT},
}

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Row:
    """The findings on one image.

    Attributes
    ----------
    index : int or None
        In the source; None for a file that is not among its images, such as a missing listed one.
    skip : Skip or None
        Why it cannot be read.
    """

    key: str
    index: int | None
    reasons: list[str]
    notes: list[str]
    skip: Skip | None


@dataclass(frozen=True)
class Findings:
    """The findings on all images of a source.

    Attributes
    ----------
    records : ndarray of shape (n,), RECORD
    skipped : dict of int to Skip
        Images of the source that cannot be read, by index.
    sets : list of list of int
        Duplicates; the first of each set is the one that stays.
    set_numbers : ndarray of shape (n,), int64
        The set of each image, counted from 1; 0 for images without duplicates.
    leaks : list of int
        Numbers of the sets that are in training and in validation.
    reasons, notes : dict of str to ndarray of shape (n,), bool
        By name. An allowed reason is a note.
    """

    source: Source
    records: Records
    skipped: Mapping[int, Skip]
    sets: list[list[int]]
    set_numbers: NDArray[np.int64]
    leaks: list[int]
    reasons: Mapping[str, Flags]
    notes: Mapping[str, Flags]

    def rows(self) -> Iterator[Row]:
        """Return the findings on each image, in order of the keys."""
        reasons = ["corrupt"] if "corrupt" in self.reasons else []
        notes = ["corrupt"] if "corrupt" in self.notes else []
        outside = [Row(skip.key, None, reasons, notes, skip) for skip in self.source.skipped]
        return merge(self._rows_inside(), outside, key=lambda row: row.key)

    def _rows_inside(self) -> Iterator[Row]:
        for index, key in enumerate(self.source.keys):
            reasons = [name for name, flags in self.reasons.items() if flags[index]]
            notes = [name for name, flags in self.notes.items() if flags[index]]
            yield Row(key, index, reasons, notes, self.skipped.get(index))


def conclude(
    source: Source,
    records: Records,
    skipped: Mapping[int, Skip],
    found: Duplicates,
    validation: Flags,
    allowed: Collection[str],
) -> Findings:
    """Derive the findings from the records of a source.

    Parameters
    ----------
    records : ndarray of shape (n,), RECORD
    validation : ndarray of shape (n,), bool
        Which images are for validation.
    allowed : collection of str
        Reasons that drop no image.
    """
    read = records["read"]
    short = np.minimum(records["height"], records["width"])
    long = np.maximum(records["height"], records["width"])
    flags = {
        "corrupt": ~read,
        "gray": records["gray"],
        "toned": records["toned"],
        "tiny": read & (short < TINY_SIDE),
    }
    flawed = flags["gray"] | flags["toned"] | flags["tiny"]
    rank = _rank_of_duplicates(records, flawed)
    sets = [sorted(members, key=lambda one: (*rank[one], one)) for members in found.sets]
    set_numbers = np.zeros(len(records), np.int64)
    for number, members in enumerate(sets, start=1):
        set_numbers[members] = number
    leaks = [
        number
        for number, members in enumerate(sets, start=1)
        if 0 < np.count_nonzero(validation[members]) < len(members)
    ]
    exact = _flags(found.exact, len(records))
    notes = {
        "leak": np.isin(set_numbers, leaks),
        "exact-double": exact,
        "near-double": (set_numbers > 0) & ~exact,
        "icc": records["profile"] != b"",
        "cmyk": records["cmyk"],
        "border": records["border"] >= BORDER_SHARE,
        "extreme-shape": read & (long > EXTREME_ASPECT * short),
        "damaged": records["damaged"],
    }
    others = [one for members in sets for one in members[1:]]
    flags["duplicate"] = _flags(others, len(records))
    reasons = {name: flags[name] for name in REASONS if name not in allowed}
    notes = {name: flags[name] for name in REASONS if name in allowed} | notes
    return Findings(source, records, skipped, sets, set_numbers, leaks, reasons, notes)


def _rank_of_duplicates(records: Records, flawed: Flags) -> list[tuple[float, ...]]:
    """Return sort keys for images; the lowest of a set of duplicates stays.

    A copy in shades of one ink counts as toned, however strong its color is. If one file stores
    color more coarsely than lightness, this holds for all copies of its pixels.
    """
    one_ink = records["tone_residual"] <= records["tone_limit"]
    coarser = ~np.isin(records["subsampling"], (b"", b"4:4:4"))
    _, which = np.unique(records["digest"], return_inverse=True)
    drawbacks = (
        (np.bincount(which, coarser)[which] > 0).astype(np.int64)
        + (records["profile"] != b"")
        + records["cmyk"]
        + (records["border"] >= BORDER_SHARE)
    )
    n_pixels = records["height"].astype(np.int64) * records["width"]
    columns = (records["damaged"], flawed | one_ink, -n_pixels, drawbacks, -records["rgbvar"])
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _flags(indices: Collection[int], n_images: int) -> Flags:
    flags = np.zeros(n_images, bool)
    flags[list(indices)] = True
    return flags
