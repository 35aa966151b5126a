"""Reading an image of a source: its bytes, the rules of decoding and the size, joined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..engine import Batch
from ..errors import BadImage
from .decoding import IccRule, OrientationRule, Pixels, Scratch, decode
from .resizing import middle_square, resize
from .skip import Skip
from .source import Source

Fit: TypeAlias = Literal["stretch", "crop"]


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
        for index in batch.indices:
            key = self.source.keys[index]
            if index in batch.quarantined:
                yield key, Skip(key, "kills-workers", "three workers died while reading it"), False
                continue
            try:
                yield key, *self.read(index, scratch)
            except BadImage as error:
                yield key, Skip(key, error.reason, error.detail), False
