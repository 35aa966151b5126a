"""Netpbm files of many levels, and PAM, which Pillow does not read.

The formats are those of Netpbm's manual pages pgm(5), ppm(5) and pam(5).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import BadImage

_SPACE = rb"(?:\s|#[^\r\n]*[\r\n])+"
_HEADER = re.compile(rb"P([56])" + (_SPACE + rb"(\d+)") * 3 + rb"\s")
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
    most : int
        The level that stands for full scale.
    start : int
        Where in the file the samples begin.
    """

    width: int
    height: int
    depth: int
    most: int
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
        None for a file that Pillow reads: all but PAM and binary files of over 256 levels.

    Raises
    ------
    BadImage
        If it is damaged, or its samples have no meaning as color.
    """
    if data.startswith(b"P7"):
        header = _pam_header(data)
    elif found := _HEADER.match(data):
        width, height, most = (int(found[group]) for group in (2, 3, 4))
        header = Header(width, height, 1 if found[1] == b"5" else 3, most, found.end())
    else:
        return None
    if not header.width or not header.height or not 0 < header.most < 65536:
        raise BadImage("corrupt", "a number in the Netpbm header is out of range")
    return header if header.most > 255 or data.startswith(b"P7") else None


def _pam_header(data: bytes) -> Header:
    found = _PAM.match(data)
    if found is None:
        raise BadImage("corrupt", "the PAM header does not end")
    lines = found[1].decode("ascii", "replace").splitlines()
    fields = dict(line.strip().partition(" ")[::2] for line in lines)
    try:
        width, height, depth, most = (
            int(fields[name]) for name in ("WIDTH", "HEIGHT", "DEPTH", "MAXVAL")
        )
    except (KeyError, ValueError) as error:
        raise BadImage("corrupt", f"a number is missing in the PAM header: {error}") from error
    kind = fields.get("TUPLTYPE", "").strip()
    expected = _DEPTHS.get(kind) if kind else {1: 1, 3: 3}.get(depth)
    if expected != depth:
        raise BadImage("unsupported", f"PAM of type {kind or 'unknown'} with depth {depth}")
    return Header(width, height, depth, most, found.end())


def read_pixels(header: Header, data: bytes) -> Image.Image:
    """Read the pixels.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    PIL.Image.Image
        8 bits a sample: the upper 8 of 16, else scaled so that full scale is 255.

    Raises
    ------
    BadImage
        If the file is truncated.
    """
    count = header.width * header.height * header.depth
    kind = np.dtype(np.uint8 if header.most < 256 else ">u2")
    if len(data) - header.start < count * kind.itemsize:
        raise BadImage("truncated", "the Netpbm file ends before its pixels do")
    samples = np.frombuffer(data, kind, count, header.start)
    levels = _levels(samples, header.most)
    return Image.frombytes(_MODES[header.depth], (header.width, header.height), levels.tobytes())


def _levels(samples: NDArray[Any], most: int) -> NDArray[np.uint8]:
    if most == 65535:
        return (samples >> 8).astype(np.uint8)
    table = ((np.arange(most + 1) * 255 + most // 2) // most).astype(np.uint8)
    levels: NDArray[np.uint8] = table[np.minimum(samples, most)]
    return levels
