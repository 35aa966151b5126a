"""Segment masks: for each image, a PNG that gives the class of every pixel.

A mask holds a class index at each pixel, as palette indices, as in the masks of PASCAL VOC, or as
gray levels; 255 is **void**: no class is known there. It has the size of its image as stored, and
is turned, cropped and stretched with it.

A source of masked images returns **pairs**: the bytes of an image, those of its mask, and the
length of the latter. So the digest, the size and the time of change of a pair say whether either
file has changed.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import BadImage, InputError
from .decoding import Decoded
from .orientation import turned
from .pairing import stem_of
from .png import SIGNATURE, bits_per_sample
from .png_soundness import flaw_of_png
from .skip import Skip
from .source import Source

VOID = 255
VOC_CLASSES = 21  # with the background, which is class 0

Indices = NDArray[np.uint8]

_LENGTH = struct.Struct("<Q")
_TRANSPOSED = frozenset({5, 6, 7, 8})  # orientations that exchange rows and columns


@dataclass(frozen=True)
class MaskedSource:
    """A source of images with their masks, which it returns as pairs.

    Attributes
    ----------
    images, masks : Source
    places : ndarray of shape (n,), int64
        The index of each image's mask; -1 for an image without one.
    """

    images: Source
    masks: Source
    places: NDArray[np.int64]

    @property
    def name(self) -> str:
        """The name of the source of images."""
        return self.images.name

    @property
    def shown(self) -> str:
        """Where the images are, and their masks."""
        return f"{self.images.shown} with masks of {self.masks.shown}"

    @property
    def keys(self) -> Sequence[str]:
        """The keys of all images, in order."""
        return self.images.keys

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """The number of bytes of each image and its mask together."""
        return self.images.sizes + self._of_masks(self.masks.sizes)

    @cached_property
    def stamps(self) -> NDArray[np.int64]:
        """A number that changes with an image's file and its mask's; 0 if unknown for either."""
        images, masks = self.images.stamps, self._of_masks(self.masks.stamps)
        return np.where((images == 0) | (masks == 0), 0, 31 * images + masks)

    @property
    def skipped(self) -> Sequence[Skip]:
        """Files that cannot be used as images."""
        return self.images.skipped

    @property
    def passed_over(self) -> Mapping[str, int]:
        """The number of files that are not images, by kind."""
        return self.images.passed_over

    def read(self, index: int) -> bytes:
        """Return the bytes of an image and its mask as a pair, see `split_pair`.

        Raises
        ------
        BadImage
            If either is missing or cannot be read.
        """
        place = int(self.places[index])
        if place < 0:
            raise BadImage(
                "no-mask",
                f"{self.masks.name} holds no {_names_of_mask(self.keys[index])}; add it, or give a "
                "--list of the images that have a mask",
            )
        image = self.images.read(index)
        try:
            mask = self.masks.read(place)
        except BadImage as error:
            key = self.masks.keys[place]
            raise BadImage(
                "no-mask", f"its mask {key} cannot be read ({error.reason}: {error.detail})"
            ) from error
        return b"".join((image, mask, _LENGTH.pack(len(mask))))

    def _of_masks(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.where(self.places < 0, 0, values[self.places])


def with_masks(images: Source, masks: Source) -> MaskedSource:
    """Find the mask of each image.

    Parameters
    ----------
    masks : Source
        The mask of ``a/b.jpg`` is ``a/b.png`` there, else ``b.png``.

    Raises
    ------
    InputError
        If no image has a mask, or two images have the same one.
    """
    known = {
        stem_of(key): place for place, key in enumerate(masks.keys) if key.lower().endswith(".png")
    }
    places = np.full(len(images.keys), -1, np.int64)
    taken: dict[int, str] = {}
    for index, key in enumerate(images.keys):
        place = next((known[stem] for stem in _stems(key) if stem in known), None)
        if place is None:
            continue
        if place in taken:
            raise InputError(
                f"{masks.keys[place]} of {masks.name} would be the mask of both {taken[place]} and "
                f"{key}; give masks the folders of their images, or choose images with --list"
            )
        taken[place] = key
        places[index] = place
    if not taken:
        first = images.keys[0]
        raise InputError(
            f"no image of {images.name} has a mask in {masks.name}: that of {first} would be "
            f"{_names_of_mask(first)} there; give the folder of the masks with --segments"
        )
    return MaskedSource(images, masks, places)


def split_pair(pair: bytes) -> tuple[bytes, bytes]:
    """Return the bytes of an image, and those of its mask.

    Examples
    --------
    >>> split_pair(b"image" + b"mask" + (4).to_bytes(8, "little"))
    (b'image', b'mask')
    """
    end = len(pair) - _LENGTH.size
    start = end - _LENGTH.unpack_from(pair, end)[0]
    return pair[:start], pair[start:end]


@dataclass(frozen=True)
class MaskDecoder:
    """Decodes the masks of a source.

    Attributes
    ----------
    n_classes : int
        Indices from here on are refused, apart from `VOID`.
    """

    source: MaskedSource
    n_classes: int = VOC_CLASSES

    def decode(self, index: int, data: bytes, decoded: Decoded) -> Indices:
        """Decode the mask of an image, turned like the image.

        Parameters
        ----------
        index : int
            Of the image.
        data : bytes
            The whole PNG file, of palette indices or of gray levels of up to 8 bits.
        decoded : Decoded
            The image.

        Returns
        -------
        ndarray of shape (H, W), uint8
            As the image.

        Raises
        ------
        BadImage
            As ``bad-mask``, if it is no such file, has another size, or an index that is no class.
        """
        height, width = decoded.pixels.shape[:2]
        stored = (width, height) if decoded.orientation in _TRANSPOSED else (height, width)
        try:
            indices = _indices(data, stored)
            _check_classes(indices, self.n_classes)
        except _WrongMask as error:
            key = self.source.masks.keys[int(self.source.places[index])]
            raise BadImage("bad-mask", f"its mask {key} {error}") from error
        return turned(indices, decoded.orientation)


class _WrongMask(Exception):
    """What is wrong with a mask, as the rest of a sentence that begins with its name."""


def _indices(data: bytes, shape: tuple[int, int]) -> Indices:
    """Return the indices in a mask of a given shape."""
    if not data.startswith(SIGNATURE):
        raise _WrongMask("is not a PNG; save the class of each pixel in one")
    try:
        image = Image.open(io.BytesIO(data), formats=("PNG",))
        _check_kind(image, shape)
        image.load()
    except _WrongMask:
        raise
    except Exception as error:  # as when decoding images: Pillow raises nearly anything
        raise _WrongMask(f"is damaged ({error}); replace it") from error
    flaw = flaw_of_png(data, image)
    if flaw is not None:
        raise _WrongMask(f"is damaged ({flaw.detail}); replace it")
    if image.mode == "P":
        return np.asarray(image, np.uint8)
    # Pillow scales gray of fewer than 8 bits to 0..255.
    greatest = (1 << bits_per_sample(data)) - 1
    return np.asarray(image.convert("L"), np.uint8) // np.uint8(255 // greatest)


def _check_kind(image: Image.Image, shape: tuple[int, int]) -> None:
    height, width = shape
    if image.size != (width, height):
        raise _WrongMask(
            f"is {image.width} x {image.height} pixels, but the image as stored is {width} x "
            f"{height}; give one of the same size"
        )
    if image.mode not in ("P", "L", "1"):
        raise _WrongMask(
            f"has pixels of mode {image.mode}, not class indices; save it as a PNG with a palette, "
            "or in 8-bit gray"
        )


def _check_classes(indices: Indices, n_classes: int) -> None:
    wrong = indices[(indices >= n_classes) & (indices != VOID)]
    if wrong.size:
        raise _WrongMask(
            f"holds index {wrong.max()}, but classes are 0 to {n_classes - 1}, and {VOID} is void; "
            "give their number with --segment-classes"
        )


def _stems(key: str) -> tuple[str, str]:
    """Return a key without its ending, with and without its folders."""
    stem = stem_of(key)
    return stem, stem.rpartition("/")[2]


def _names_of_mask(key: str) -> str:
    """Return the names that the mask of an image may have, for messages."""
    return " or ".join(dict.fromkeys(f"{stem}.png" for stem in _stems(key)))
