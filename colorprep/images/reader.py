"""Reading an image of a source: its bytes, the rules of decoding and the size, joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from ..engine import Batch
from ..errors import BadImage
from .decoding import IccRule, OrientationRule, Pixels, Scratch, decode
from .resizing import middle_square, resize
from .skip import Skip
from .source import Source

Fit: TypeAlias = Literal["stretch", "crop"]
T = TypeVar("T")


def each_image(
    source: Source, batch: Batch, read: Callable[[int], T]
) -> Iterator[tuple[int, T | Skip]]:
    """Read the images of a batch one by one, each in its own way.

    Parameters
    ----------
    source : Source
    batch : Batch
    read : callable
        Takes an index; may raise BadImage.

    Yields
    ------
    index : int
    found : object
        What `read` returned, or a Skip where the image cannot be used.
    """
    for index in batch.indices:
        if index in batch.quarantined:
            dead = "three workers died while reading it"
            yield index, Skip(source.keys[index], "kills-workers", dead)
            continue
        try:
            yield index, read(index)
        except BadImage as error:
            yield index, Skip(source.keys[index], error.reason, error.detail)


@dataclass(frozen=True)
class ImageReader:
    """Reads images of a source.

    Attributes
    ----------
    source : Source
    size : int or None
        Images are brought to size x size; None keeps them as they are.
    icc : {"convert", "ignore"}
    orientation : {"apply", "ignore"}
    fit : {"stretch", "crop"}
        Whether an image is stretched to that size, or cut to its middle square first.
    """

    source: Source
    size: int | None = None
    icc: IccRule = "convert"
    orientation: OrientationRule = "apply"
    fit: Fit = "stretch"

    def read(self, index: int, scratch: Scratch | None = None) -> tuple[Pixels, bool]:
        """Read one image.

        Parameters
        ----------
        index : int
        scratch : Scratch or None
            Where the pixels may lie; None takes fresh memory.

        Returns
        -------
        pixels : ndarray of shape (H, W, 3), uint8, read-only
        enlarged : bool
            Whether the stored image is smaller than `size` on a side.

        Raises
        ------
        BadImage
            With the reason, if it cannot be used.
        """
        pixels = decode(self.source.read(index), self.icc, self.orientation, scratch)
        enlarged = False
        if self.size is not None:
            enlarged = min(pixels.shape[:2]) < self.size
            pixels = resize(middle_square(pixels) if self.fit == "crop" else pixels, self.size)
        # All arrays alike, so that compiled loops need one version only.
        pixels.flags.writeable = False
        return pixels, enlarged

    def read_all(self, batch: Batch) -> Iterator[tuple[str, Pixels | Skip, bool]]:
        """Read images one by one.

        Parameters
        ----------
        batch : Batch

        Yields
        ------
        key : str
        pixels : ndarray of shape (H, W, 3), uint8, or Skip
            The reason in place of the pixels, where the image cannot be used. The pixels last
            until the next image is asked for.
        enlarged : bool
        """
        scratch = Scratch()
        for index, found in each_image(self.source, batch, lambda i: self.read(i, scratch)):
            if isinstance(found, Skip):
                yield found.key, found, False
            else:
                yield self.source.keys[index], *found
