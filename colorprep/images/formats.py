"""The format of an image file, by its first bytes."""

from __future__ import annotations

import re

HEAD_BYTES = 256  # enough for `format_of`

_MAGIC = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF87a": "GIF",
    b"GIF89a": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0\x08\0\0\0": "TIFF",  # BigTIFF
    b"MM\0+\0\x08\0\0": "TIFF",
    b"\xff\x0a": "JXL",  # a bare codestream
    b"\0\0\0\x0cJXL \r\n\x87\n": "JXL",  # in a container
}
_BMP_HEADERS = frozenset([12, 16, 40, 52, 56, 64, 108, 124])  # sizes of its second header
PNM_SPACE = rb"(?:\s|#[^\r\n]*[\r\n])+"  # white space and comments in a Netpbm header
_PNM = re.compile(
    rb"P[1-6]" + PNM_SPACE + rb"\d|P[Ff]\s+\d|P7\n(?:#|WIDTH|HEIGHT|DEPTH|MAXVAL|TUPLTYPE)"
)
# The brands of AVIF and of ISO/IEC 23008-12, whose general ones just mean "a still image".
_AVIF_BRANDS = frozenset([b"avif", b"avis"])
_HEIC_BRANDS = frozenset(b"heic heix heim heis hevc hevx hevm hevs mif1 msf1".split())


def format_of(head: bytes) -> str | None:
    """Return the format of an image file by its first bytes.

    Parameters
    ----------
    head : bytes
        The first `HEAD_BYTES` of the file, or more; all of a shorter file.

    Returns
    -------
    str or None
        JPEG, PNG, GIF, BMP, TIFF (also for BigTIFF), WEBP, PPM (for all of PBM, PGM, PPM, PAM and
        PFM), AVIF, HEIC or JXL. None for anything else.

    Examples
    --------
    >>> format_of(b"GIF89a...")
    'GIF'
    >>> format_of(b"P5 640 480 255 ...")
    'PPM'
    """
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if head.startswith(b"P") and _PNM.match(head):
        return "PPM"
    return _format_of_brands(head) if head[4:8] == b"ftyp" else None


def _format_of_brands(head: bytes) -> str | None:
    """Return the format of an ISO base media file by its brands."""
    box = head[: int.from_bytes(head[:4], "big")]
    brands = {box[8:12], *(box[at : at + 4] for at in range(16, len(box) - 3, 4))}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIC" if brands & _HEIC_BRANDS else None
