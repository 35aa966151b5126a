"""Claims about HEIC and JPEG XL: read with an extra, refused by name without it."""

import io
import sys

import numpy as np
import pillow_heif
import pillow_jxl  # noqa: F401  registers itself with Pillow
import pytest
from awkward_images import picture, srgb_of, wide_gamut_profile
from made_files import saved
from PIL import Image, ImageOps

from colorprep import BadImage, decode
from colorprep.images import decoding, optional_formats
from colorprep.images.file_facts import file_facts
from colorprep.images.optional_formats import jxl_header

pillow_heif.register_heif_opener()
PICTURE = np.kron(picture(), np.ones((2, 2, 1), np.uint8))
IMAGE = Image.fromarray(PICTURE)
HEIC = {"quality": 100, "chroma": 444}


def exif_block(value):
    """An EXIF block with an orientation."""
    exif = Image.Exif()
    exif[0x0112] = value
    return exif.tobytes()


def near(data, expected, **options):
    """Check that an image is as expected, within the loss of the format."""
    found = decode(data, **options).astype(int)
    assert found.shape == expected.shape
    assert np.abs(found - expected).mean() < 2


@pytest.mark.parametrize("value", range(1, 9))
def test_heic_is_turned_once(value):
    """The file's own rotation is applied, or undone; its EXIF orientation is ignored."""
    data = saved(IMAGE, "HEIF", exif=exif_block(value), **HEIC)
    upright = Image.open(io.BytesIO(saved(IMAGE, "PNG", exif=exif_block(value))))
    near(data, np.asarray(ImageOps.exif_transpose(upright)))
    near(data, PICTURE, orientation="ignore")


def test_heic_alpha_profile_and_facts():
    """Alpha is composited, a profile is applied and named."""
    alpha = np.full(PICTURE.shape[:2], 128, np.uint8)
    data = saved(Image.fromarray(np.dstack([PICTURE, alpha])), "HEIF", **HEIC)
    near(data, np.round(PICTURE / 255 * 128 + 127))
    data = saved(IMAGE, "HEIF", icc_profile=wide_gamut_profile(), **HEIC)
    near(data, srgb_of(wide_gamut_profile(), decode(data, icc="ignore")))
    assert file_facts(data).profile == "wide"


@pytest.mark.parametrize("value", [1, 3, 5, 6, 8])
def test_packed_jpeg_is_the_jpeg(tmp_path, value):
    """A losslessly recompressed JPEG is restored bit for bit, and turned like the JPEG."""
    path = tmp_path / "plain.jpg"
    IMAGE.save(path, quality=95, exif=exif_block(value))
    with pytest.warns(UserWarning, match="reconstruction"):
        data = saved(Image.open(path), "JXL")
    plain = path.read_bytes()
    assert jxl_header(data) == (IMAGE.width, IMAGE.height, value)
    for rule in ("apply", "ignore"):
        expected = decode(plain, orientation=rule)
        np.testing.assert_array_equal(decode(data, orientation=rule), expected)
        # Without the box that holds what only JPEG needs, its pixels are turned by JPEG XL's rule.
        at = data.index(b"jbrd") - 4
        size = int.from_bytes(data[at : at + 4], "big")
        near(data[:at] + data[at + size :], expected, orientation=rule)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_jpeg_xl_pixels(mode):
    """With lossless coding, all kinds of pixel are unchanged."""
    image = IMAGE.convert(mode)
    data = saved(image, "JXL", lossless=True)
    np.testing.assert_array_equal(decode(data), np.asarray(image.convert("RGB")))
    assert file_facts(data).profile in ("", "Gra_D65_Rel_SRG")


@pytest.mark.parametrize(
    "size", [(8, 8), (256, 256), (264, 256), (5000, 17), (17, 5000), (640, 480), (300, 200)]
)
def test_jpeg_xl_size(monkeypatch, size):
    """The size is known, and refused if too large, before anything is decoded."""
    data = saved(Image.new("RGB", size), "JXL")
    assert jxl_header(data) == (*size, 1)
    monkeypatch.setattr(decoding, "MAX_PIXELS", size[0] * size[1] - 1)
    monkeypatch.setattr(optional_formats, "open_jxl", None)
    with pytest.raises(BadImage, match="too-large"):
        decode(data)


@pytest.mark.parametrize(
    ("form", "package", "extra"),
    [("HEIF", "pillow_heif", "heic"), ("JXL", "pillow_jxl.JpegXLImagePlugin", "jxl")],
)
def test_without_the_extra(monkeypatch, form, package, extra):
    """The reason names the format and what to install."""
    data = saved(IMAGE, form)
    monkeypatch.setitem(sys.modules, package, None)
    optional_formats._package.cache_clear()
    with pytest.raises(BadImage) as caught:
        decode(data)
    optional_formats._package.cache_clear()
    assert caught.value.reason == "unsupported"
    assert f"pip install 'colorprep[{extra}]'" in caught.value.detail


@pytest.mark.parametrize("form", ["HEIF", "JXL", "AVIF"])
def test_truncation_is_a_bad_image(form):
    """Cut anywhere, such a file is refused, or its pixels are all there."""
    data = saved(IMAGE, form)
    whole = decode(data)
    refused = 0
    for length in range(12, len(data), max(1, len(data) // 40)):
        try:
            np.testing.assert_array_equal(decode(data[:length]), whole)
        except BadImage:
            refused += 1
    assert refused > 20
