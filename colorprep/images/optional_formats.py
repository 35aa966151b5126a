"""HEIC and JPEG XL, by packages that are installed as extras.

Both formats have a rotation of their own, which their decoders apply; the orientation in EXIF is
only informative.
"""

from __future__ import annotations

import importlib
import io
import re
from functools import cache
from types import ModuleType

from PIL import Image

from ..errors import BadImage
from .orientation import orientation_of

_ANGLE = re.compile(rb"\0\0\0\x09irot(.)", re.DOTALL)  # quarter turns, counterclockwise
_MIRROR = re.compile(rb"\0\0\0\x09imir(.)", re.DOTALL)  # 0 upside down, 1 left to right
# (quarter turns, mirror) -> EXIF orientation; the picture is turned first.
_AS_EXIF = {
    (0, 1): 2,
    (2, 0): 2,
    (2, None): 3,
    (0, 0): 4,
    (2, 1): 4,
    (3, 1): 5,
    (1, 0): 5,
    (3, None): 6,
    (1, 1): 7,
    (3, 0): 7,
    (1, None): 8,
}


def open_heic(data: bytes) -> tuple[Image.Image, int]:
    """Open a HEIC file or another HEIF file.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    image : PIL.Image.Image
        Not loaded yet; upright once it is.
    orientation : int
        By which it is turned, 1..8 as in EXIF.

    Raises
    ------
    BadImage
        If the extra ``heic`` is not installed.
    """
    package = _package("pillow_heif", "HEIC", "heic")
    image: Image.Image = package.HeifImageFile(io.BytesIO(data))
    angle, mirror = _ANGLE.search(data), _MIRROR.search(data)
    turns = angle[1][0] & 3 if angle else 0
    return image, _AS_EXIF.get((turns, mirror[1][0] & 1 if mirror else None), 1)


def open_jxl(data: bytes) -> tuple[Image.Image, int, bool]:
    """Open a JPEG XL file.

    Parameters
    ----------
    data : bytes
        The whole file, whose size has been checked: it is decoded here.

    Returns
    -------
    image : PIL.Image.Image
    orientation : int
    turned : bool
        Whether it is already upright. A losslessly recompressed JPEG is returned as stored.

    Raises
    ------
    BadImage
        If the extra ``jxl`` is not installed.
    """
    package = _package("pillow_jxl.JpegXLImagePlugin", "JPEG XL", "jxl")
    image = package.JXLImageFile(io.BytesIO(data))
    if image.jpeg:
        return image, orientation_of(image.getexif), False
    return image, jxl_header(data)[2], True


def jxl_header(data: bytes) -> tuple[int, int, int]:
    """Read the start of a JPEG XL codestream (ISO/IEC 18181-1, annex D).

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    width, height : int
        As stored, before it is turned.
    orientation : int
        1..8, as in EXIF.

    Raises
    ------
    BadImage
        If the codestream is missing.
    """
    start = _codestream(data)
    bits = _Bits(data[start + 2 : start + 34])
    small = bits.take(1)
    height = 8 * (bits.take(5) + 1) if small else bits.number((9, 13, 18, 30)) + 1
    ratio = bits.take(3)
    if ratio:
        across, down = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio - 1]
        width = height * across // down
    else:
        width = 8 * (bits.take(5) + 1) if small else bits.number((9, 13, 18, 30)) + 1
    all_default = bits.take(1)
    extra_fields = 0 if all_default else bits.take(1)
    return width, height, bits.take(3) + 1 if extra_fields else 1


class _Bits:
    """Reads numbers from bytes, lowest bits first."""

    def __init__(self, data: bytes) -> None:
        self._left = int.from_bytes(data, "little")

    def take(self, n: int) -> int:
        value = self._left & ((1 << n) - 1)
        self._left >>= n
        return value

    def number(self, widths: tuple[int, int, int, int]) -> int:
        return self.take(widths[self.take(2)])


def _codestream(data: bytes) -> int:
    """Return the offset of the codestream, bare or in the first box that holds a part of it."""
    if data.startswith(b"\xff\x0a"):
        return 0
    at = 0
    while at + 16 <= len(data):
        size, kind, start = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], at + 8
        if size == 1:
            size, start = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        if kind in (b"jxlc", b"jxlp"):
            return start + (4 if kind == b"jxlp" else 0)
        if size < 8:
            break
        at += size
    raise BadImage("corrupt", "the JPEG XL file has no codestream")


@cache
def _package(name: str, form: str, extra: str) -> ModuleType:
    try:
        package = importlib.import_module(name)
    except ImportError as error:
        raise BadImage(
            "unsupported", f"{form}; to read it, pip install 'colorprep[{extra}]'"
        ) from error
    # colorprep itself decodes many images at once.
    if extra == "jxl":
        package.DECODE_THREADS = 0  # type: ignore[attr-defined]
    else:
        package.options.DECODE_THREADS = 1
    return package
