"""Reading images of a source: getting the bytes, decoding and resizing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from ..engine import Chunk
from ..errors import BadImage
from .decoding import (
    DamageRule,
    IccRule,
    OrientationRule,
    Pixels,
    Scratch,
    decode,
    possible_reduction,
)
from .resizing import middle_square, resize
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
    """

    index: int
    key: str
    pixels: Pixels
    enlarged: bool
    reduced: bool


@dataclass(frozen=True)
class ImageReader:
    """Reads images of a source.

    Attributes
    ----------
    size : int or None
        Images are resized to size x size; None keeps their size.
    fit : {"stretch", "crop"}
        Whether an image is stretched to that size, or cropped to its middle square first.
    reduced : bool
        Whether large JPEG files are decoded smaller, see `possible_reduction`.
    damaged : {"skip", "keep"}
        Whether damaged files that still decode are skipped or read.
    """

    source: Source
    size: int | None = None
    icc: IccRule = "convert"
    orientation: OrientationRule = "apply"
    fit: Fit = "stretch"
    reduced: bool = False
    damaged: DamageRule = "skip"

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
        """Return an image by its index and its bytes; see `read`."""
        reduction = possible_reduction(data) if self.reduced else 1
        pixels = decode(data, self.icc, self.orientation, scratch, reduction, self.damaged)
        enlarged = False
        if self.size is not None:
            enlarged = min(pixels.shape[:2]) * reduction < self.size
            pixels = resize(middle_square(pixels) if self.fit == "crop" else pixels, self.size)
        # Numba compiles another version for writable arrays.
        pixels.flags.writeable = False
        return ReadImage(index, self.source.keys[index], pixels, enlarged, reduction > 1)

    def read_all(self, chunk: Chunk) -> Iterator[ReadImage | Skip]:
        """Read images one by one.

        Yields
        ------
        ReadImage or Skip
            In order of the chunk. The pixels are valid until the next image is requested.
        """
        scratch = Scratch()
        for _, found in each_image(self.source, chunk, lambda index: self.read(index, scratch)):
            yield found
