"""PNG chunks that Pillow ignores or fails on.

Chunks are those of the PNG specification, third edition (W3C, 2025).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from ..errors import BadImage

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_ORIENTED = (
    b"XML:com.adobe.xmp\0",
    b"Raw profile type exif\0",
)  # texts that may contain an orientation
_DEPTH_AT = 24  # of the bits per sample, within IHDR

# Pillow's limit for one compressed text or ICC profile is 1 MB; profiles of printers are larger.
PngImagePlugin.MAX_TEXT_CHUNK = 1 << 24


def without_texts(data: bytes) -> bytes:
    """Remove the text chunks of a PNG, as Pillow refuses files with too much text.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    bytes
        A file with the same pixels. Texts that may contain an orientation are kept.
    """
    kept: list[bytes] = []
    copied = 0
    for start, end, kind in _chunks(data):
        if kind in _TEXTS and not data.startswith(_ORIENTED, start + 8):
            kept.append(data[copied:start])
            copied = end
    return b"".join([*kept, data[copied:]]) if kept else data


def _chunks(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield the start, end and kind of each complete chunk."""
    start = len(SIGNATURE)
    while start + 12 <= len(data):
        end = start + 12 + int.from_bytes(data[start : start + 4], "big")
        if end > len(data):
            return
        yield start, end, data[start + 4 : start + 8]
        start = end


def bits_per_sample(data: bytes) -> int:
    """Return the depth of a PNG's samples, or of its palette indices: 1, 2, 4, 8 or 16."""
    return data[_DEPTH_AT]


def fix_transparent_color(image: Image.Image, data: bytes) -> None:
    """Convert the transparent color of a gray or RGB PNG to the depth of Pillow's image.

    Parameters
    ----------
    image : PIL.Image.Image
        As Pillow read it; its ``info`` is changed.
    data : bytes
        The whole file.

    Raises
    ------
    BadImage
        If a pixel may have a transparent 16-bit color: Pillow keeps only the upper bytes.
    """
    color = image.info.get("transparency")
    depth = bits_per_sample(data)
    if image.mode == "L" and isinstance(color, int) and depth < 8:
        image.info["transparency"] = (color & (1 << depth) - 1) * 255 // ((1 << depth) - 1)
    elif image.mode == "RGB" and isinstance(color, tuple) and depth == 16:
        if (np.asarray(image) == [value >> 8 for value in color]).all(axis=2).any():
            raise BadImage("unsupported", "16-bit RGB in a PNG with a transparent color (tRNS)")
        del image.info["transparency"]


def transparent_pixels(image: Image.Image) -> NDArray[np.bool_] | None:
    """Return which pixels of a 16-bit gray image have its transparent color; None without one."""
    color = image.info.get("transparency")
    return np.asarray(image) == color if isinstance(color, int) else None
