"""Claims about recognizing image formats by their first bytes."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from colorprep.images.formats import HEAD_BYTES, format_of

MP4 = b"\0\0\0\x1cftypisom\0\0\2\0isomiso2mp41"


def saved(form, mode="RGB", **options):
    """A file as Pillow writes it."""
    stream = io.BytesIO()
    Image.new(mode, (20, 10)).save(stream, form, **options)
    return stream.getvalue()


@pytest.mark.parametrize("name", "JPEG PNG GIF BMP TIFF WEBP PPM AVIF".split())
def test_formats_as_pillow_writes_them(name):
    """A file written by Pillow has the requested format."""
    assert format_of(saved(name)) == format_of(saved(name)[:HEAD_BYTES]) == name


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", "<>")
def test_tiff_of_either_byte_order_and_size(order, big):
    """Classic TIFF and BigTIFF of both byte orders are TIFF."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, np.zeros((4, 4), np.uint8), byteorder=order, bigtiff=big)
    assert format_of(stream.getvalue()) == "TIFF"


@pytest.mark.parametrize(
    "head",
    [
        b"P1\n2 2\n0 1 1 0\n",
        b"P2 # a comment\n# another 12\n2 2 15\n",
        b"P3\r\n2 2 255 ",
        b"P4\n2 2\n",
        b"P5 2 2 1000\n",
        b"P6\t2 2 65535\n",
        b"P7\nWIDTH 2\n",
        b"Pf\n2 2\n-1.0\n",
    ],
)
def test_the_ppm_family(head):
    """All kinds of the family, with any white space and comments."""
    assert format_of(head) == "PPM"


@pytest.mark.parametrize(
    ("brands", "name"),
    [
        ((b"heic", b"mif1", b"heic"), "HEIC"),
        ((b"mif1", b"mif1", b"heic", b"miaf"), "HEIC"),
        ((b"mif1", b"mif1", b"avif", b"miaf"), "AVIF"),
        ((b"avis", b"msf1"), "AVIF"),
        ((b"isom", b"mp42"), None),
        ((b"crx ", b"isom"), None),
    ],
)
def test_brands(brands, name):
    """ISO base media files are distinguished by their brands."""
    body = b"ftyp" + brands[0] + b"\0\0\0\0" + b"".join(brands[1:])
    head = (4 + len(body)).to_bytes(4, "big") + body + b"\0\0\0\x10avif"  # what follows is no brand
    assert format_of(head) == name


def test_jpeg_xl_in_both_forms():
    """A bare codestream and a container are JPEG XL."""
    assert format_of(b"\xff\x0a\xfa\x0f") == "JXL"
    assert format_of(b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl ") == "JXL"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"B",
        b"\xff\xd8",
        b"P",
        b"P1 is the first of them",
        b"P7 332\n",
        b"BM is how this text begins, and it goes on",
        b"RIFF\0\0\0\0WAVEfmt ",
        b"RIFFWEBP",
        b"%PDF-1.7",
        b"\x89PNG is what it says",
        b"<html><img src='x.png'>",
        b"PK\3\4",
        MP4,
    ],
)
def test_what_is_no_image(head):
    """Text, sound, film and archives are not image formats."""
    assert format_of(head) is None
