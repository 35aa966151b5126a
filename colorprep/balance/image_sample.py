"""Which images were counted, in 32 KiB, so that none of them is counted twice.

Each image has a hash of 64 bits, see `colorprep.images.digests.image_hash`. A sample keeps the
hashes up to a limit, which is halved whenever more than 4096 are below it, and the sum of all. So
the sample of a set of images is the sum of those of its parts, however it is split; and up to the
lower of two limits, two samples have the hashes in common of the images that are in both sets.

References
----------
Flajolet 1990, On adaptive sampling.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

MOST_HASHES = 4096
LARGEST = 2**64 - 1

Hashes = NDArray[np.uint64]


def _no_hashes() -> Hashes:
    return np.empty(0, np.uint64)


@dataclass(frozen=True, eq=False)
class ImageSample:
    """A sample of a set of images; samples can be added and subtracted.

    Attributes
    ----------
    hashes : ndarray of shape (n,), uint64, ascending
        All hashes up to `limit`, at most 4096.
    limit : int
        One less than a power of two.
    total : int
        The sum of the hashes of all images modulo 2^64, which tells sets from each other.

    Examples
    --------
    >>> cats, dogs = (ImageSample.of(np.array(hashes, np.uint64)) for hashes in ([7, 9], [5]))
    >>> both = cats + dogs
    >>> both.hashes.tolist(), both.total
    ([5, 7, 9], 21)
    >>> both.in_common(cats).tolist(), (both - dogs).total == cats.total
    ([7, 9], True)
    """

    hashes: Hashes = field(default_factory=_no_hashes)
    limit: int = LARGEST
    total: int = 0

    @classmethod
    def of(cls, hashes: Hashes) -> ImageSample:
        """Return the sample of some images, whose hashes may be in any order."""
        return _thinned(np.sort(hashes), LARGEST, int(hashes.sum(dtype=np.uint64)))

    @property
    def is_whole(self) -> bool:
        """Whether every image is in the sample."""
        return self.limit == LARGEST

    def __add__(self, other: ImageSample) -> ImageSample:
        """Return the sample of all images of two sets without an image in common."""
        limit = min(self.limit, other.limit)
        hashes = np.union1d(_up_to(limit, self.hashes), _up_to(limit, other.hashes))
        return _thinned(hashes, limit, self.total + other.total)

    def __sub__(self, other: ImageSample) -> ImageSample:
        """Return the sample of this set without those of its images that are in the other one."""
        hashes = np.setdiff1d(self.hashes, other.hashes, assume_unique=True)
        return ImageSample(hashes, self.limit, _wrapped(self.total - other.total))

    def in_common(self, other: ImageSample) -> Hashes:
        """Return those hashes, below both limits, that are in both sets."""
        mine, others = _up_to(other.limit, self.hashes), _up_to(self.limit, other.hashes)
        return np.intersect1d(mine, others, assume_unique=True)

    def beyond(self, other: ImageSample) -> Hashes:
        """Return those hashes, below both limits, that the other set lacks."""
        return np.setdiff1d(_up_to(other.limit, self.hashes), other.hashes, assume_unique=True)


def _wrapped(total: int) -> int:
    return total % 2**64


def _up_to(limit: int, hashes: Hashes) -> Hashes:
    return hashes[: np.searchsorted(hashes, np.uint64(limit), side="right")]


def _thinned(hashes: Hashes, limit: int, total: int) -> ImageSample:
    while len(hashes) > MOST_HASHES:
        limit //= 2
        hashes = _up_to(limit, hashes)
    return ImageSample(hashes, limit, _wrapped(total))
