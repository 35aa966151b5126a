"""Whether the pixels of a PNG are all there and as they were written.

Pillow does not verify the checksums of the chunks that contain pixels. It also accepts data that
ends early if the stream is terminated properly; the missing rows are zero then.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from ..errors import BadImage

_SIGNATURE_LENGTH = 8
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by color type
# Adam7: the first row and column of each pass, and the steps down and across.
_PASSES = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)


def flaw_of_png(data: bytes, image: Image.Image) -> BadImage | None:
    """Find out whether the pixels of a PNG are all there.

    Parameters
    ----------
    data : bytes
        The file.
    image : PIL.Image.Image
        As Pillow loaded it.

    Returns
    -------
    BadImage or None
        None for a sound file; ``damaged`` if its data end early or do not match the checksums. A
        wrong checksum of a chunk alone is harmless: the checksum of the pixels decides.
    """
    chunks = list(_chunks(data))
    altered = any(not computed.startswith(stored) for _, stored, computed in chunks)
    if not altered and not _ends_in_zeros(image):
        return None
    n_bytes = _n_bytes(data)
    inflater = zlib.decompressobj()
    try:
        found = len(inflater.decompress(b"".join(part for part, *_ in chunks), n_bytes + 1))
    except zlib.error as error:
        return BadImage("damaged", f"its compressed data does not match its checksum ({error})")
    if altered and not inflater.eof:
        return BadImage("damaged", "its compressed data does not match its checksum")
    if found < n_bytes:
        return BadImage("damaged", f"its data ends after {found:,} of {n_bytes:,} bytes")
    return None


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield the chunks that contain pixels, with their stored and computed checksums."""
    at = _SIGNATURE_LENGTH
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        end = at + 8 + length
        if kind == b"IDAT":
            computed = zlib.crc32(memoryview(data)[at + 4 : end]).to_bytes(4)
            yield data[at + 8 : end], data[end : end + 4], computed
        elif kind == b"IEND":
            return
        at = end + 4


def _ends_in_zeros(image: Image.Image) -> bool:
    """Return whether one of the last two rows is all zero; Adam7 stores either one last."""
    rows = np.asarray(image.crop((0, max(image.height - 2, 0), image.width, image.height)))
    return not all(row.any() for row in rows)


def _n_bytes(data: bytes) -> int:
    """Return how many bytes the rows of a PNG take, each with the number of its filter."""
    width, height = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    depth, color, interlaced = data[24], data[25], data[28]
    bits = depth * _CHANNELS.get(color, 0)
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    total = 0
    for top, left, down, across in passes:
        rows, columns = -(-(height - top) // down), -(-(width - left) // across)
        if rows > 0 and columns > 0:
            total += rows * (1 + -(-columns * bits // 8))
    return total
