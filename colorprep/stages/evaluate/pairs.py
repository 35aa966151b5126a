"""Pictures and their originals, that can be read by index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ...color.lab import without_color
from ...errors import BadImage
from ...images.decoding import Pixels
from ...images.reach import check_readable
from ...images.reader import ImageReader
from ...images.resizing import resize


class Pair(NamedTuple):
    """A picture and its original, (H, W, 3) uint8."""

    prediction: Pixels
    original: Pixels

    @property
    def gray(self) -> Pixels:
        """The original without its colors."""
        return without_color(self.original)

    @property
    def least_side(self) -> int:
        """The shortest side of the two, in pixels."""
        sides: tuple[int, ...] = (*self.prediction.shape[:2], *self.original.shape[:2])
        return min(sides)

    def at(self, size: int | None) -> Pair:
        """Return both stretched to a size; None keeps their own.

        Raises
        ------
        BadImage
            If they are not of one size.
        """
        if size is not None:
            return Pair(resize(self.prediction, size), resize(self.original, size))
        height, width = self.original.shape[:2]
        if self.prediction.shape[:2] != (height, width):
            found = f"{self.prediction.shape[1]} x {self.prediction.shape[0]}"
            raise BadImage(
                "other-size",
                f"its picture is {found}, the original {width} x {height}; --size N stretches both",
            )
        return self


class Pairs(Protocol):
    """Pairs that can be read by index."""

    def __len__(self) -> int:
        """Return how many there are."""

    def check(self) -> None:
        """Check that both can be read in this process; see `colorprep.images.reach`."""

    def key(self, index: int) -> str:
        """Return the key of the original."""

    def read(self, index: int) -> Pair:
        """Return a pair.

        Raises
        ------
        BadImage
            If either cannot be read or made.
        """

    def likelihood(self, index: int, original: Pixels) -> dict[str, float]:
        """Return the method's negative log-likelihoods of an original's colors, if it has any."""


@dataclass(frozen=True)
class StoredPairs:
    """Pairs that are read: pictures of one source, their originals in another.

    Attributes
    ----------
    indices : ndarray of shape (n, 2), int64
        The indices of each original and its picture.
    """

    colorized: ImageReader
    originals: ImageReader
    indices: NDArray[np.int64]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.indices)

    def check(self) -> None:
        """Check that both can be read in this process; see `colorprep.images.reach`."""
        check_readable(self.originals.source)
        check_readable(self.colorized.source)

    def key(self, index: int) -> str:
        """Return the key of the original."""
        return self.originals.source.keys[int(self.indices[index, 0])]

    def read(self, index: int) -> Pair:
        """Return a pair; see `Pairs.read`."""
        original, picture = self.indices[index].tolist()
        pixels = self.originals.read(original).pixels
        try:
            return Pair(self.colorized.read(picture).pixels, pixels)
        except BadImage as error:
            key = self.colorized.source.keys[picture]
            raise BadImage(error.reason, f"its picture {key}: {error.detail}") from error

    def likelihood(self, index: int, original: Pixels) -> dict[str, float]:
        """Return nothing: a picture does not tell its method's probabilities."""
        return {}


@dataclass(frozen=True)
class ChosenPairs:
    """Some of the pairs of a method.

    Attributes
    ----------
    indices : sequence of int
        Of the chosen pairs among all.
    """

    pairs: Pairs
    indices: Sequence[int]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.indices)

    def check(self) -> None:
        """Check that both can be read in this process; see `colorprep.images.reach`."""
        self.pairs.check()

    def key(self, index: int) -> str:
        """Return the key of the original."""
        return self.pairs.key(self.indices[index])

    def read(self, index: int) -> Pair:
        """Return a pair; see `Pairs.read`."""
        return self.pairs.read(self.indices[index])

    def likelihood(self, index: int, original: Pixels) -> dict[str, float]:
        """Return what the method knows of an original; see `Pairs.likelihood`."""
        return self.pairs.likelihood(self.indices[index], original)
