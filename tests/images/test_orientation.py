"""Claims about orientation: one rule for EXIF and XMP, in all formats, applied or ignored."""

import io

import numpy as np
import pytest
from awkward_images import picture
from made_files import XMP_ATTRIBUTE, XMP_ELEMENT, saved
from PIL import Image, ImageOps, PngImagePlugin, TiffImagePlugin

from colorprep import decode

PICTURE = picture()
SHAPE = PICTURE.shape
NEUTRAL = {"JPEG": {"quality": 95}, "WEBP": {"lossless": True}}


def with_xmp(form, packet):
    """An image with an XMP packet."""
    options = dict(NEUTRAL.get(form, {}))
    if form == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", packet.decode(), zip=True)
        options["pnginfo"] = info
    elif form == "TIFF":
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags.tagtype[700] = 1
        tags[700] = packet
        options["tiffinfo"] = tags
    else:
        options["xmp"] = packet
    return saved(Image.fromarray(PICTURE), form, **options)


def exif_block(value):
    """An EXIF block with an orientation."""
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def check(data, plain):
    """Turned as by Pillow, or left unchanged on request."""
    image = Image.open(io.BytesIO(data))
    expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    np.testing.assert_array_equal(decode(data), expected)
    np.testing.assert_array_equal(decode(data, orientation="ignore"), decode(plain))
    return expected


@pytest.mark.parametrize("packet", [XMP_ATTRIBUTE, XMP_ELEMENT], ids=["attribute", "element"])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_xmp(form, packet):
    """XMP's orientation is followed in every format, as an attribute and as an element."""
    plain = with_xmp(form, packet % 1)
    for value in range(1, 9):
        turned = check(with_xmp(form, packet % value), plain)
        assert (turned.shape == SHAPE) == (value < 5)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_exif(form):
    """So is EXIF's."""
    options = NEUTRAL.get(form, {})
    plain = saved(Image.fromarray(PICTURE), form, **options)
    for value in range(1, 9):
        data = saved(Image.fromarray(PICTURE), form, exif=exif_block(value), **options)
        assert (check(data, plain).shape == SHAPE) == (value < 5)


def test_exif_counts_where_both_say_something():
    """XMP is used if EXIF has no orientation or a neutral one."""
    for exif, xmp, shape in ((6, 1, (36, 24, 3)), (1, 6, SHAPE), (3, 6, SHAPE)):
        options = {"exif": exif_block(exif), "xmp": XMP_ATTRIBUTE % xmp}
        data = saved(Image.fromarray(PICTURE), "JPEG", **NEUTRAL["JPEG"], **options)
        assert check(data, with_xmp("JPEG", XMP_ATTRIBUTE % 1)).shape == shape
    without = Image.Exif()
    without[0x0131] = "a program"
    options = {"exif": without, "xmp": XMP_ATTRIBUTE % 6}
    data = saved(Image.fromarray(PICTURE), "JPEG", **NEUTRAL["JPEG"], **options)
    assert check(data, with_xmp("JPEG", XMP_ATTRIBUTE % 1)).shape == (36, 24, 3)


def test_both_ways_of_decoding_jpeg_agree():
    """A JPEG that Pillow has to decode is turned by the same rule."""
    inks = Image.fromarray(np.dstack([255 - PICTURE, 0 * PICTURE[..., :1]]), "CMYK")
    for options in ({"exif": exif_block(6)}, {"xmp": XMP_ELEMENT % 6}):
        data = saved(inks, "JPEG", quality=95, **options)
        assert check(data, saved(inks, "JPEG", quality=95)).shape == (36, 24, 3)


def test_old_exif_text_of_png():
    """EXIF that ImageMagick wrote as text is followed."""
    block = exif_block(6).tobytes()
    text = f"\nexif\n{len(block):8}\n{block.hex()}\n"
    info = PngImagePlugin.PngInfo()
    info.add_text("Raw profile type exif", text, zip=True)
    data = saved(Image.fromarray(PICTURE), "PNG", pnginfo=info)
    assert check(data, saved(Image.fromarray(PICTURE), "PNG")).shape == (36, 24, 3)


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_nonsense_turns_nothing(value):
    """An orientation out of range is ignored."""
    data = saved(Image.fromarray(PICTURE), "JPEG", exif=exif_block(value), quality=95)
    assert decode(data).shape == SHAPE
