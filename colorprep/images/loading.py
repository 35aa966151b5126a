"""Loading image files of all formats but plain JPEG, by Pillow or by what reads them right."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from . import netpbm, optional_formats, png, tiff, tiff_samples
from .formats import format_of
from .orientation import orientation_in_xmp, orientation_of, valid

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF")
CheckSize = Callable[[int, int], None]


class Loaded(NamedTuple):
    """An image file whose pixels were loaded.

    Attributes
    ----------
    image : PIL.Image.Image
        Of any mode, with its ICC profile in ``info``.
    orientation : int
        As EXIF counts, 1..8.
    turned : bool
        Whether the image was turned upright already.
    hidden : ndarray of shape (H, W), bool, or None
        Pixels that are transparent though the image does not say so.
    """

    image: Image.Image
    orientation: int = 1
    turned: bool = False
    hidden: NDArray[np.bool_] | None = None


def load(data: bytes, check_size: CheckSize) -> Loaded:
    """Load an image file.

    Parameters
    ----------
    data : bytes
        The whole file.
    check_size : callable
        Takes width and height, and raises BadImage before the memory for too many pixels is used.

    Returns
    -------
    Loaded

    Raises
    ------
    BadImage
        If its kind of pixel is not supported.
    Exception
        Nearly anything, where Pillow stumbles over a damaged file.
    """
    loader = _LOADERS.get(format_of(data) or "", _load)
    return loader(data, check_size)


def _load(data: bytes, check_size: CheckSize) -> Loaded:
    image = _opened(data, check_size)
    image.load()
    return Loaded(image, orientation_of(image.getexif))


def _opened(data: bytes, check_size: CheckSize) -> ImageFile.ImageFile:
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    check_size(*image.size)
    return image


def _load_png(data: bytes, check_size: CheckSize) -> Loaded:
    image = _opened(png.without_texts(data), check_size)
    image.load()
    png.fix_transparent_color(image, data)
    hidden = png.transparent_pixels(image) if image.mode.startswith("I") else None
    return Loaded(image, orientation_of(image.getexif), hidden=hidden)


def _load_gif(data: bytes, check_size: CheckSize) -> Loaded:
    """Load the first frame; where it leaves the canvas free, the picture is transparent."""
    image = _opened(data, check_size)
    left, top, right, bottom = image.tile[0].extents or (0, 0, *image.size)
    image.load()
    hidden = np.ones(image.size[::-1], np.bool_)
    hidden[top:bottom, left:right] = False
    return Loaded(image, orientation_of(image.getexif), hidden=hidden if hidden.any() else None)


def _load_tiff(data: bytes, check_size: CheckSize) -> Loaded:
    tags = tiff.read_tags(data)
    check_size(tags.width, tags.height)
    tiff.check_supported(tags)
    if tiff.is_read_by_pillow(tags):
        return _load_turned(data, check_size)
    tiff.check_readable_here(tags)
    image = tiff_samples.read_image(tags, data)
    image.info["icc_profile"] = tags.profile
    said = tags.orientation
    return Loaded(image, orientation_in_xmp(tags.xmp) if said is None else valid(said))


def _load_turned(data: bytes, check_size: CheckSize) -> Loaded:
    image = _opened(data, check_size)
    orientation = orientation_of(image.getexif)  # first, since Pillow forgets it as it turns
    image.load()
    return Loaded(image, orientation, turned=True)


def _load_netpbm(data: bytes, check_size: CheckSize) -> Loaded:
    header = netpbm.read_header(data)
    if header is None:
        return _load(data, check_size)
    check_size(header.width, header.height)
    return Loaded(netpbm.read_pixels(header, data))


def _load_heic(data: bytes, check_size: CheckSize) -> Loaded:
    image, orientation = optional_formats.open_heic(data)
    check_size(*image.size)
    image.load()
    return Loaded(image, orientation, turned=True)


def _load_jxl(data: bytes, check_size: CheckSize) -> Loaded:
    width, height, _ = optional_formats.jxl_header(data)
    check_size(width, height)
    image, orientation, turned = optional_formats.open_jxl(data)
    image.load()
    return Loaded(image, orientation, turned)


_LOADERS = {
    "PNG": _load_png,
    "GIF": _load_gif,
    "TIFF": _load_tiff,
    "PPM": _load_netpbm,
    "HEIC": _load_heic,
    "JXL": _load_jxl,
}
