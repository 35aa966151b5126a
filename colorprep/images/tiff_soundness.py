"""Whether the strips or tiles of a TIFF are all there and as they were written.

libtiff stops reading a strip where it has its pixels, before the checksum, and keeps to itself what
libjpeg warns of.
"""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from PIL import Image

from ..errors import BadImage
from .jpeg_soundness import flaw_of

_COMPRESSION, _JPEG_TABLES = 259, 347
_PLACES = ((273, 279), (324, 325))  # offsets and lengths of strips, of tiles
_JPEG = 7
_INFLATERS: dict[int, Callable[[], Any]] = {
    8: zlib.decompressobj,
    32946: zlib.decompressobj,
    34925: lzma.LZMADecompressor,
}


def flaw_of_tiff(data: bytes, image: Image.Image) -> BadImage | None:
    """Find out whether the pixels of a TIFF's first image are all there.

    Parameters
    ----------
    data : bytes
        The file.
    image : PIL.TiffImagePlugin.TiffImageFile
        What Pillow opened.

    Returns
    -------
    BadImage or None
        None for a sound file; ``damaged`` where a strip or tile is missing, is not what its
        checksum says (Deflate, LZMA), or is a damaged JPEG. Others hold nothing to check by.
    """
    tags: Any = getattr(image, "tag_v2", {})
    for offset_tag, length_tag in _PLACES:
        offsets: Sequence[int] = tags.get(offset_tag, ())
        lengths: Sequence[int] = tags.get(length_tag, ())
        for number, (offset, length) in enumerate(zip(offsets, lengths, strict=False), start=1):
            flaw = "it is missing"
            if offset:
                part = data[offset : offset + length]
                flaw = _flaw_of_part(part, tags.get(_COMPRESSION, 1), tags.get(_JPEG_TABLES, b""))
            if flaw:
                return BadImage("damaged", f"strip or tile {number} of {len(offsets)}: {flaw}")
    return None


def _flaw_of_part(part: bytes, compression: int, tables: bytes) -> str:
    """Tell what is wrong with a strip or tile; empty for nothing."""
    if compression == _JPEG:
        flaw = flaw_of(tables[:-2] + part[2:] if tables else part)
        return flaw.detail if flaw else ""
    if compression in _INFLATERS:
        try:
            _INFLATERS[compression]().decompress(part)
        except (zlib.error, lzma.LZMAError) as error:
            return f"its compressed data is not what was written ({error})"
    return ""
