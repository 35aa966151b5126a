"""Loading image files of all formats but plain JPEG: by Pillow, or another reader where it errs."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from ..errors import BadImage
from . import netpbm, optional_formats, png, tiff, tiff_samples
from .code_points import check_code_points
from .formats import HEAD_BYTES, format_of
from .orientation import orientation_in_xmp, orientation_of, valid
from .webp import first_frame

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
        Whether the image has already been turned upright.
    hidden : ndarray of shape (H, W), bool, or None
        Pixels that are transparent although the image has no alpha.
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
        Takes width and height; raises BadImage before memory for too many pixels is allocated.

    Raises
    ------
    BadImage
        If its kind of pixel is not supported.
    Exception
        Nearly any, if Pillow fails on a damaged file.
    """
    loader = _LOADERS.get(format_of(data[:HEAD_BYTES]) or "", _load)
    return loader(data, check_size)


def open_image(data: bytes) -> Image.Image:
    """Open an image file that Pillow or one of its plugins reads, without loading its pixels.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    PIL.Image.Image
        JPEG XL comes with its pixels, as its plugin loads them at once.
    """
    form = format_of(data[:HEAD_BYTES])
    if form == "HEIC":
        return optional_formats.open_heic(data)[0]
    if form == "JXL":
        return optional_formats.open_jxl(data)[0]
    return Image.open(
        io.BytesIO(png.without_texts(data) if form == "PNG" else data), formats=FORMATS
    )


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
    check_code_points(data, "icc_profile" in image.info)
    image.load()
    png.fix_transparent_color(image, data)
    hidden = png.transparent_pixels(image) if image.mode.startswith("I") else None
    return Loaded(image, orientation_of(image.getexif), hidden=hidden)


def _load_gif(data: bytes, check_size: CheckSize) -> Loaded:
    """Load the first frame; the part of the canvas that it does not cover is transparent."""
    image = _opened(data, check_size)
    frame = image.tile[0].extents
    image.load()
    return Loaded(image, orientation_of(image.getexif), hidden=_outside(frame, image.size))


def _load_webp(data: bytes, check_size: CheckSize) -> Loaded:
    image = _opened(data, check_size)
    image.load()
    hidden = _outside(first_frame(data), image.size)
    return Loaded(image, orientation_of(image.getexif), hidden=hidden)


def _outside(
    frame: tuple[int, int, int, int] | None, size: tuple[int, int]
) -> NDArray[np.bool_] | None:
    """Return which pixels of a canvas a frame does not cover; None if it covers all."""
    if frame is None or frame == (0, 0, *size):
        return None
    left, top, right, bottom = frame
    hidden = np.ones(size[::-1], np.bool_)
    hidden[top:bottom, left:right] = False
    return hidden


def _load_avif(data: bytes, check_size: CheckSize) -> Loaded:
    image = _opened(data, check_size)
    check_code_points(data, "icc_profile" in image.info)
    image.load()
    return Loaded(image, orientation_of(image.getexif))


def _load_tiff(data: bytes, check_size: CheckSize) -> Loaded:
    tags = tiff.read_tags(data)
    check_size(tags.width, tags.height)
    tiff.check_supported(tags)
    if tiff.is_read_by_pillow(tags):
        return _load_turned(data, check_size)
    tiff.check_readable_here(tags)
    image = tiff_samples.read_image(tags, data)
    image.info["icc_profile"] = tags.profile
    stored = tags.orientation
    return Loaded(image, orientation_in_xmp(tags.xmp) if stored is None else valid(stored))


def _load_turned(data: bytes, check_size: CheckSize) -> Loaded:
    image = _opened(data, check_size)
    orientation = orientation_of(image.getexif)  # first: loading a TIFF turns it and removes this
    image.load()
    return Loaded(image, orientation, turned=True)


def _load_netpbm(data: bytes, check_size: CheckSize) -> Loaded:
    if data.startswith((b"PF", b"Pf")):
        raise BadImage("unsupported", "floating-point pixels (PFM), which have no agreed range")
    header = netpbm.read_header(data)
    if header is None:
        return _load(data, check_size)
    check_size(header.width, header.height)
    return Loaded(netpbm.read_pixels(header, data))


def _load_heic(data: bytes, check_size: CheckSize) -> Loaded:
    image, orientation = optional_formats.open_heic(data)
    check_size(*image.size)
    check_code_points(data, "icc_profile" in image.info)
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
    "WEBP": _load_webp,
    "AVIF": _load_avif,
    "PPM": _load_netpbm,
    "HEIC": _load_heic,
    "JXL": _load_jxl,
}
