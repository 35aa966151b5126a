"""Photographs on a page: thumbnails with their names, and sheets of photographs made small."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..page import PhotographSheet, Picture

QUALITY = 82
# A sheet has the first of these widths at which it is no larger; even noise is at the last one.
SHEET_WIDTHS, SHEET_BYTES = (1000, 800, 640, 480, 320, 240), 150_000


def thumbnail(name: str, text: str, pixels: NDArray[np.uint8]) -> Picture:
    """Return pixels of shape (H, W, 3) as a picture with a caption, at their own size."""
    return small_picture(name, text, Image.fromarray(pixels))


def small_picture(name: str, text: str, image: Image.Image) -> Picture:
    """Return an image as a picture with a caption, at its own size."""
    return Picture(name, text, _as_jpeg(image), image.size)


def small_sheet(
    title: str, sheet: Image.Image, description: str, wide: bool = False
) -> PhotographSheet:
    """Return a sheet of photographs for a page, in bounded size."""
    for width in SHEET_WIDTHS:
        small = sheet.convert("RGB")
        small.thumbnail((width, 2 * width), Image.Resampling.LANCZOS)
        jpeg = _as_jpeg(small)
        if len(jpeg) <= SHEET_BYTES:
            break
    return PhotographSheet(title, jpeg, small.size, description, wide)


def _as_jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY, optimize=True)
    return stream.getvalue()
