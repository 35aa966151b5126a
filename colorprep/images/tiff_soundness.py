"""Whether the strips or tiles of a TIFF are all there and as they were written.

libtiff stops reading a strip once it has its pixels, before the checksum, and does not pass on
libjpeg's warnings.
"""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable
from typing import Any

from ..errors import BadImage
from .jpeg_soundness import flaw_of
from .tiff import JPEG, TiffTags

_INFLATERS: dict[int, Callable[[], Any]] = {
    8: zlib.decompressobj,
    32946: zlib.decompressobj,
    34925: lzma.LZMADecompressor,
}


def flaw_of_tiff(data: bytes, tags: TiffTags) -> BadImage | None:
    """Find out whether the pixels of a TIFF's first image are all there.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    BadImage or None
        None for a sound file; ``damaged`` if a strip or tile is missing, does not match its
        checksum (Deflate, LZMA), or is a damaged JPEG. Other compression methods have no checksum.
    """
    blocks = zip(tags.offsets, tags.counts, strict=False)
    for number, (offset, length) in enumerate(blocks, start=1):
        flaw = "it is missing"
        if offset:
            part = data[offset : offset + length]
            flaw = _flaw_of_part(part, tags.compression, tags.jpeg_tables)
        if flaw:
            where = f"strip or tile {number} of {len(tags.offsets)}"
            return BadImage("damaged", f"{where}: {flaw}")
    return None


def _flaw_of_part(part: bytes, compression: int, tables: bytes) -> str:
    """Describe what is wrong with a strip or tile; empty if sound."""
    if compression == JPEG:
        flaw = flaw_of(tables[:-2] + part[2:] if tables else part)
        return flaw.detail if flaw else ""
    if compression in _INFLATERS:
        try:
            _INFLATERS[compression]().decompress(part)
        except (zlib.error, lzma.LZMAError) as error:
            return f"its compressed data does not match its checksum ({error})"
    return ""
