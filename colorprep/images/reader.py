"""Reading an image by its key: the source, the rules of decoding and the size, joined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..errors import BadImage
from .decoding import IccRule, OrientationRule, Pixels, Scratch, decode
from .resizing import resize
from .skip import Skip
from .source import Source


@dataclass(frozen=True)
class ImageReader:
    """Reads images of a source.

    Attributes
    ----------
    source : Source
    size : int or None
        Images are stretched to size x size; None keeps them as they are.
    icc : {"convert", "ignore"}
    orientation : {"apply", "ignore"}
    """

    source: Source
    size: int | None = None
    icc: IccRule = "convert"
    orientation: OrientationRule = "apply"

    def read(self, key: str, scratch: Scratch | None = None) -> tuple[Pixels, bool]:
        """Read one image.

        Parameters
        ----------
        key : str
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
        pixels = decode(self.source.read(key), self.icc, self.orientation, scratch)
        enlarged = False
        if self.size is not None:
            enlarged = min(pixels.shape[:2]) < self.size
            pixels = resize(pixels, self.size)
        # All arrays alike, so that compiled loops need one version only.
        pixels.flags.writeable = False
        return pixels, enlarged

    def read_all(self, keys: Sequence[str]) -> Iterator[tuple[str, Pixels | Skip, bool]]:
        """Read images one by one.

        Parameters
        ----------
        keys : sequence of str

        Yields
        ------
        key : str
        pixels : ndarray of shape (H, W, 3), uint8, or Skip
            The reason in place of the pixels, where the image cannot be used. The pixels last
            until the next image is asked for.
        enlarged : bool
        """
        scratch = Scratch()
        for key in keys:
            try:
                yield key, *self.read(key, scratch)
            except BadImage as error:
                yield key, Skip(key, error.reason, error.detail), False
