"""ICC profiles: converting pixels of other color spaces to sRGB.

A fifth of ImageNet's files have a profile, most of them that of sRGB. A profile that changes none
of a set of colors by more than one level counts as sRGB and costs nothing; any other is applied by
LittleCMS with perceptual intent, as browsers do. A profile that cannot be read, or is for another
kind of pixel, is ignored, again as in browsers.

LittleCMS needs 20 ns for a pixel, and most photographs with a profile share a few of them. Each of
these gets a table of the colors that it has converted, which fills up as they occur.
"""

from __future__ import annotations

import io
from functools import cache, lru_cache
from threading import Lock
from typing import Any
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from ..color.color_index import N_COLORS, index_of
from ..compiling import compiled

TABLE_FROM = 4  # images of a profile; with fewer, LittleCMS is as fast
MAX_TABLES = 4  # of 64 MiB in a process

_SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}


class Transform:
    """Converts pixels from the color space of a profile to sRGB; threads may share it.

    Parameters
    ----------
    by_profile : PIL.ImageCms.ImageCmsTransform
        What LittleCMS does, which is the same for every pixel of a color.
    """

    def __init__(self, by_profile: ImageCms.ImageCmsTransform) -> None:
        self._by_profile = by_profile
        self._n_images = 0
        self._known: NDArray[np.uint32] | None = None

    def apply(self, image: Image.Image) -> Image.Image:
        """Return an image of the profile's mode, converted to RGB."""
        if image.mode != "RGB":
            return self._by_profile.apply(image)
        pixels = np.array(image)
        self.convert(pixels)
        return Image.fromarray(pixels)

    def convert(self, pixels: NDArray[np.uint8]) -> None:
        """Convert pixels (H, W, 3) of an RGB profile, C-contiguous, in place."""
        self._n_images += 1
        if self._known is None and self._n_images >= TABLE_FROM:
            self._make_table()
        flat = pixels.reshape(-1, 3)
        if self._known is None:
            flat[:] = self._converted(flat)
            return
        places, colors = np.empty(len(flat), np.uint32), np.empty_like(flat)
        n_new = _convert_known(flat, self._known, places, colors)
        if n_new:
            new = colors[:n_new]
            _learn(places[:n_new], new, self._converted(new), flat, self._known)

    def _make_table(self) -> None:
        with _making_table:
            if self._known is None and len(_with_table) < MAX_TABLES:
                _with_table.add(self)
                self._known = np.zeros(N_COLORS, np.uint32)

    def _converted(self, colors: NDArray[np.uint8]) -> NDArray[np.uint8]:
        line = Image.fromarray(colors[None])
        converted: NDArray[np.uint8] = np.asarray(self._by_profile.apply(line))[0]
        return converted


_making_table = Lock()
_with_table: WeakSet[Transform] = WeakSet()


@lru_cache(maxsize=64)
def srgb_transform(profile: bytes, mode: str) -> Transform | None:
    """Return the transform from an ICC profile to sRGB.

    Parameters
    ----------
    profile : bytes
        Empty if there is no profile.
    mode : str
        Pillow's mode of the image: RGB, L or CMYK.

    Returns
    -------
    Transform or None
        None if there is nothing to convert: the profile is empty, is that of sRGB, cannot be read,
        or is for another kind of pixel.
    """
    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space != _SPACES.get(mode):
            return None
        by_profile = ImageCms.ImageCmsTransform(source, _srgb(), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    if mode == "RGB" and _largest_move(by_profile) <= 1:
        return None
    return Transform(by_profile)


@lru_cache(maxsize=64)
def profile_name(profile: bytes) -> str:
    """Return the name of an ICC profile.

    Parameters
    ----------
    profile : bytes
        Empty if there is no profile.

    Returns
    -------
    str
        One line; empty for no profile and for that of sRGB; ``unreadable`` or ``unnamed``.
    """
    if not profile:
        return ""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        is_rgb = source.profile.xcolor_space == _SPACES["RGB"]
        if is_rgb and srgb_transform(profile, "RGB") is None:
            return ""
        return " ".join(ImageCms.getProfileDescription(source).split()) or "unnamed"
    except (ImageCms.PyCMSError, OSError, ValueError):
        return "unreadable"


def _largest_move(by_profile: ImageCms.ImageCmsTransform) -> int:
    levels = np.linspace(0, 255, 18).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    probe = np.ascontiguousarray(cube.reshape(18, -1, 3))
    moved = np.asarray(by_profile.apply(Image.fromarray(probe)))
    return int(np.abs(moved.astype(np.int16) - probe).max())


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@compiled
def _convert_known(pixels: Any, known: Any, places: Any, colors: Any) -> int:
    """Convert the pixels of known colors in place, list the others, and return their number.

    `known` (2^24,) uint32 has 1 << 24 | red << 16 | green << 8 | blue, and 0 for unknown colors.
    Threads write it without a lock, since all of them write the same.
    """
    n_new = 0
    for i in range(pixels.shape[0]):
        found = known[index_of(pixels[i, 0], pixels[i, 1], pixels[i, 2])]
        if found == 0:
            places[n_new] = i
            for channel in range(3):
                colors[n_new, channel] = pixels[i, channel]
            n_new += 1
        else:
            pixels[i, 0], pixels[i, 1] = found >> 16 & 255, found >> 8 & 255
            pixels[i, 2] = found & 255
    return n_new


@compiled
def _learn(places: Any, colors: Any, converted: Any, pixels: Any, known: Any) -> None:
    for i in range(places.shape[0]):
        for channel in range(3):
            pixels[places[i], channel] = converted[i, channel]
        red, green, blue = np.uint32(converted[i, 0]), np.uint32(converted[i, 1]), converted[i, 2]
        color = index_of(colors[i, 0], colors[i, 1], colors[i, 2])
        known[color] = np.uint32(1 << 24) | red << np.uint32(16) | green << np.uint32(8) | blue
