"""Reading images of a source: getting the bytes, decoding and resizing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..engine import Chunk
from ..errors import BadImage
from .decoding import (
    DamageRule,
    IccRule,
    OrientationRule,
    Pixels,
    Scratch,
    decode_oriented,
    possible_reduction,
)
from .neighbors import joined
from .resizing import middle_square, resize, resize_to_nearest
from .segments import MaskDecoder, split_pair
from .skip import Skip, quarantined
from .source import Source

Fit: TypeAlias = Literal["stretch", "crop"]
T = TypeVar("T")


def each_image(
    source: Source, chunk: Chunk, read: Callable[[int], T]
) -> Iterator[tuple[int, T | Skip]]:
    """Read the images of a chunk one by one, by a given function.

    Parameters
    ----------
    read : callable
        Takes an index; may raise BadImage.

    Yields
    ------
    index : int
    found : object
        What `read` returned, or a Skip if the image cannot be used.
    """
    for index in chunk.indices:
        if index in chunk.quarantined:
            yield index, quarantined(source.keys[index])
            continue
        try:
            yield index, read(index)
        except BadImage as error:
            yield index, Skip(source.keys[index], error.reason, error.detail)


@dataclass(frozen=True, slots=True)
class ReadImage:
    """An image that was read.

    Attributes
    ----------
    index : int
        Within the source.
    pixels : ndarray of shape (H, W, 3), uint8, read-only
    enlarged : bool
        Whether a side of the stored image is shorter than the requested size.
    reduced : bool
        Whether it was decoded from only a part of its coefficients.
    segments : ndarray of shape (H, W), uint8, or None
        Its mask, see `colorprep.images.segments`; None if masks are not read.
    """

    index: int
    key: str
    pixels: Pixels
    enlarged: bool
    reduced: bool
    segments: NDArray[np.uint8] | None = None


@dataclass
class Rescaled:
    """How many of the images that were read were enlarged, and decoded at reduced size."""

    n_images: int = 0
    n_enlarged: int = 0
    n_reduced: int = 0

    def count(self, image: ReadImage) -> None:
        """Count an image."""
        self.add(Rescaled(1, image.enlarged, image.reduced))

    def add(self, other: Rescaled) -> None:
        """Add the counts of other images."""
        self.n_images += other.n_images
        self.n_enlarged += other.n_enlarged
        self.n_reduced += other.n_reduced


@dataclass(frozen=True)
class ImageReader:
    """Reads images of a source.

    Attributes
    ----------
    size : int or None
        Images are resized to size x size; None keeps their size.
    fit : {"stretch", "crop"}
        Whether an image is stretched to that size, or cropped to its middle square first.
    least_side : int or None
        Large JPEG files are decoded smaller as long as so many pixels are left on their shorter
        side, see `possible_reduction`; None decodes all files whole.
    damaged : {"skip", "keep"}
        Whether damaged files that still decode are skipped or read.
    masks : MaskDecoder or None
        For a source of pairs, which are never reduced; None for one of images.
    """

    source: Source
    size: int | None = None
    icc: IccRule = "convert"
    orientation: OrientationRule = "apply"
    fit: Fit = "stretch"
    least_side: int | None = None
    damaged: DamageRule = "skip"
    masks: MaskDecoder | None = None

    def read(self, index: int, scratch: Scratch | None = None) -> ReadImage:
        """Read one image.

        Parameters
        ----------
        scratch : Scratch or None
            Memory that the pixels may use; None allocates it.

        Raises
        ------
        BadImage
            With the reason, if it cannot be used.
        """
        return self.decoded(index, self.source.read(index), scratch)

    def decoded(self, index: int, data: bytes, scratch: Scratch | None = None) -> ReadImage:
        """Return an image by its index and its bytes, or its pair; see `read`."""
        data, mask = (data, b"") if self.masks is None else split_pair(data)
        reduction = 1 if self.least_side is None else possible_reduction(data, self.least_side)
        found = decode_oriented(data, self.icc, self.orientation, scratch, reduction, self.damaged)
        segments = None if self.masks is None else self.masks.decode(index, mask, found)
        pixels, enlarged = found.pixels, False
        if self.size is not None:
            enlarged = min(pixels.shape[:2]) * reduction < self.size
            pixels = resize(self._cut(pixels), self.size, scratch)
            if segments is not None:
                segments = resize_to_nearest(self._cut(segments), self.size)
        # Numba compiles another version for writable arrays.
        pixels.flags.writeable = False
        return ReadImage(index, self.source.keys[index], pixels, enlarged, reduction > 1, segments)

    def _cut(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return middle_square(picture) if self.fit == "crop" else picture

    def read_all(self, chunk: Chunk) -> Iterator[ReadImage | Skip]:
        """Read images one by one.

        Yields
        ------
        ReadImage or Skip
            In order of the chunk. The pixels are valid until the next image is requested.
        """
        scratch = Scratch()
        reader = replace(self, source=joined(self.source, chunk.indices))
        for _, found in each_image(self.source, chunk, lambda index: reader.read(index, scratch)):
            yield found
