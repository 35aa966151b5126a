"""Reading the samples of a TIFF, of any depth up to 16 bits, chunky or planar.

`tiff` decides which kinds are read here. Pillow's libtiff decompresses strip by strip.
"""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from ..errors import BadImage
from .tiff import (
    CIELAB,
    CMYK,
    ICCLAB,
    PALETTE,
    PLANAR,
    PREMULTIPLIED,
    RGB,
    STRAIGHT,
    UNCOMPRESSED,
    WHITE_IS_ZERO,
    TiffTags,
)

Samples = NDArray[np.unsignedinteger[Any]]

_MODES = {RGB: "RGB", CMYK: "CMYK", CIELAB: "LAB", ICCLAB: "LAB"}
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def read_image(tags: TiffTags, data: bytes) -> Image.Image:
    """Read the first page of a TIFF.

    Parameters
    ----------
    tags : TiffTags
        Of a readable kind, see `tiff.check_readable_here`.
    data : bytes
        The whole file.

    Returns
    -------
    PIL.Image.Image
        8 bits per sample, not turned.

    Raises
    ------
    BadImage
        If the file is truncated or damaged.
    """
    samples = read_samples(tags, data)
    if tags.photometric == PALETTE:
        return Image.fromarray(_colors(samples[..., 0], tags))
    levels = eight_bits(samples, tags.bits)
    if tags.photometric == WHITE_IS_ZERO:
        levels[..., 0] = 255 - levels[..., 0]
    if tags.photometric == ICCLAB:  # its a and b have an offset of 128; Pillow's are signed bytes
        levels[..., 1:3] ^= 128
    suffix = {PREMULTIPLIED: "a", STRAIGHT: "A"}.get(tags.extra[0] if tags.extra else -1, "")
    mode = _MODES.get(tags.photometric, "L") + suffix
    kept = np.ascontiguousarray(levels[..., : tags.colors + len(suffix)])
    return Image.frombytes(mode, (tags.width, tags.height), kept.tobytes())


def eight_bits(samples: Samples, bits: int) -> NDArray[np.uint8]:
    """Convert samples of any depth to 8 bits.

    Parameters
    ----------
    samples : ndarray of unsigned integers
    bits : int
        Their depth, 1..16.

    Returns
    -------
    ndarray of uint8, of the same shape
        The upper 8 bits of deeper samples; shallower ones are scaled so that full scale is 255.

    Examples
    --------
    >>> eight_bits(np.array([0, 1, 15], np.uint8), bits=4)
    array([  0,  17, 255], dtype=uint8)
    """
    if bits >= 8:
        return (samples >> (bits - 8)).astype(np.uint8)
    full = (1 << bits) - 1
    levels = ((np.arange(full + 1) * 255 + full // 2) // full).astype(np.uint8)
    return levels[samples]


def read_samples(tags: TiffTags, data: bytes) -> Samples:
    """Read the stored samples of the first page.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    ndarray of shape (height, width, samples), uint8 or uint16

    Raises
    ------
    BadImage
        If the file is truncated or damaged.
    """
    planes = tags.samples if tags.planar == PLANAR else 1
    rows, columns = tags.block
    if rows <= 0 or columns <= 0:
        raise BadImage("corrupt", "the TIFF has strips or tiles of size 0")
    down, across = -(-tags.height // rows), -(-tags.width // columns)
    if min(len(tags.offsets), len(tags.counts)) < planes * down * across:
        raise BadImage("corrupt", "the TIFF lacks the offsets of some strips or tiles")
    shape = (planes, tags.height, tags.width, tags.samples // planes)
    samples: Samples = np.empty(shape, np.uint8 if tags.bits <= 8 else np.uint16)
    for index in range(planes * down * across):
        plane, rest = divmod(index, down * across)
        top, left = rest // across * rows, rest % across * columns
        area = samples[plane, top : top + rows, left : left + columns]
        stored_rows = rows if tags.tiled else area.shape[0]
        block = _block(tags, data, index, (stored_rows, columns, shape[3]))
        area[...] = block[: area.shape[0], : area.shape[1]]
    return samples[0] if planes == 1 else np.moveaxis(samples[..., 0], 0, -1)


def _block(tags: TiffTags, data: bytes, index: int, shape: tuple[int, int, int]) -> Samples:
    """Read a strip or a tile, whose shape is in rows, columns and samples."""
    row_bytes = -(-shape[1] * shape[2] * tags.bits // 8)
    start = tags.offsets[index]
    stored = data[start : start + tags.counts[index]]
    if len(stored) < tags.counts[index]:
        raise BadImage("truncated", "the TIFF ends before its pixels do")
    if tags.fill_order == 2:
        stored = stored.translate(_REVERSED)
    raw = stored
    if tags.compression != UNCOMPRESSED:
        raw = _unpacked(stored, tags.compression, shape[0], row_bytes)
    if len(raw) < shape[0] * row_bytes:
        raise BadImage("truncated", "the TIFF has too few bytes for its pixels")
    lines = np.frombuffer(raw, np.uint8, shape[0] * row_bytes).reshape(shape[0], row_bytes)
    samples = _numbers(lines, tags).reshape(shape[0], -1)[:, : shape[1] * shape[2]].reshape(shape)
    if tags.predictor == 2:
        samples = np.cumsum(samples, axis=1, dtype=samples.dtype)
    return samples


def _unpacked(stored: bytes, compression: int, rows: int, row_bytes: int) -> bytes:
    """Decompress bytes by giving them to libtiff as an 8-bit gray image."""
    numbers = {256: row_bytes, 257: rows, 258: 8, 259: compression, 262: 1, 277: 1, 278: rows}
    start = 8 + 2 + 12 * (len(numbers) + 2) + 4
    entries = sorted([*numbers.items(), (273, start), (279, len(stored))])
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    header = struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + directory + bytes(4)
    with TiffImagePlugin.TiffImageFile(io.BytesIO(header + stored)) as image:
        return image.tobytes()


def _numbers(lines: NDArray[np.uint8], tags: TiffTags) -> Samples:
    """Convert rows of bytes to rows of samples; odd depths are packed with the upper bits first."""
    if tags.bits == 8:
        return lines
    if tags.bits == 16:
        return lines.view(">u2" if tags.big_endian else "<u2").astype(np.uint16)
    bits = np.unpackbits(lines, axis=1)
    whole = bits.shape[1] // tags.bits * tags.bits
    places = (1 << np.arange(tags.bits)[::-1]).astype(np.uint16)
    numbers = bits[:, :whole].reshape(len(lines), -1, tags.bits) @ places
    return numbers.astype(np.uint8 if tags.bits <= 8 else np.uint16)


def _colors(indices: Samples, tags: TiffTags) -> NDArray[np.uint8]:
    """Look up colors in the palette, which is 8-bit if all its values are below 256."""
    size = 1 << tags.bits
    if len(tags.colormap) < 3 * size:
        raise BadImage("corrupt", "the TIFF palette is too short")
    table = np.array(tags.colormap[: 3 * size], np.uint16).reshape(3, size).T
    levels = table if table.max() < 256 else table >> 8
    return levels.astype(np.uint8)[indices]
