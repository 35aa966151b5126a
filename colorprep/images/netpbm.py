"""Netpbm files of over 256 levels, which Pillow does not read exactly, and PAM, which it does not.

The formats are those of Netpbm's manual pages pgm(5), ppm(5) and pam(5).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import BadImage
from .formats import PNM_SPACE

_HEADER = re.compile(rb"P([56])" + (PNM_SPACE + rb"(\d+)") * 3 + rb"\s")
_PAM = re.compile(rb"P7\n(.*?)ENDHDR[^\n]*\n", re.DOTALL)
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_DEPTHS = {
    "BLACKANDWHITE": 1,
    "GRAYSCALE": 1,
    "RGB": 3,
    "BLACKANDWHITE_ALPHA": 2,
    "GRAYSCALE_ALPHA": 2,
    "RGB_ALPHA": 4,
}


class Header(NamedTuple):
    """The header of a binary Netpbm file.

    Attributes
    ----------
    depth : int
        Samples per pixel.
    maxval : int
        The level of full scale.
    start : int
        The offset of the samples.
    """

    width: int
    height: int
    depth: int
    maxval: int
    start: int


def read_header(data: bytes) -> Header | None:
    """Read the header of a file that Pillow does not read, or not exactly.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    Header or None
        None for a file that Pillow reads exactly: all but PAM and binary files of over 256 levels.

    Raises
    ------
    BadImage
        If the header is damaged, or the samples have no meaning as color.
    """
    if data.startswith(b"P7"):
        header = _pam_header(data)
    elif found := _HEADER.match(data):
        width, height, maxval = (int(found[group]) for group in (2, 3, 4))
        header = Header(width, height, 1 if found[1] == b"5" else 3, maxval, found.end())
    else:
        return None
    if not header.width or not header.height or not 0 < header.maxval < 65536:
        raise BadImage("corrupt", "a number in the Netpbm header is out of range")
    return header if header.maxval > 255 or data.startswith(b"P7") else None


def _pam_header(data: bytes) -> Header:
    found = _PAM.match(data)
    if found is None:
        raise BadImage("corrupt", "the PAM header does not end")
    lines = found[1].decode("ascii", "replace").splitlines()
    fields = dict(line.strip().partition(" ")[::2] for line in lines)
    try:
        width, height, depth, maxval = (
            int(fields[name]) for name in ("WIDTH", "HEIGHT", "DEPTH", "MAXVAL")
        )
    except (KeyError, ValueError) as error:
        raise BadImage("corrupt", f"a number is missing in the PAM header: {error}") from error
    kind = fields.get("TUPLTYPE", "").strip()
    expected = _DEPTHS.get(kind) if kind else {1: 1, 3: 3}.get(depth)
    if expected != depth:
        raise BadImage("unsupported", f"PAM of type {kind or 'unknown'} with depth {depth}")
    return Header(width, height, depth, maxval, found.end())


def read_pixels(header: Header, data: bytes) -> Image.Image:
    """Read the pixels.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    PIL.Image.Image
        8 bits per sample: the upper 8 of 16; others are scaled so that full scale is 255.

    Raises
    ------
    BadImage
        If the file is truncated.
    """
    count = header.width * header.height * header.depth
    kind = np.dtype(np.uint8 if header.maxval < 256 else ">u2")
    if len(data) - header.start < count * kind.itemsize:
        raise BadImage("truncated", "the Netpbm file ends before its pixels do")
    samples = np.frombuffer(data, kind, count, header.start)
    levels = _levels(samples, header.maxval)
    return Image.frombytes(_MODES[header.depth], (header.width, header.height), levels.tobytes())


def _levels(samples: NDArray[Any], maxval: int) -> NDArray[np.uint8]:
    if maxval == 65535:
        return (samples >> 8).astype(np.uint8)
    table = ((np.arange(maxval + 1) * 255 + maxval // 2) // maxval).astype(np.uint8)
    levels: NDArray[np.uint8] = table[np.minimum(samples, maxval)]
    return levels
