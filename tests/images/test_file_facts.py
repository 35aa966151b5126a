"""Claims about what files say about their color."""

import io
import zlib

import numpy as np
import pytest
import tifffile
from awkward_images import picture, wide_gamut_profile
from made_files import png
from PIL import Image, ImageCms, JpegImagePlugin

from colorprep.images.file_facts import FileFacts, file_facts
from colorprep.images.jpeg import jpeg_facts


def saved(mode="RGB", form="JPEG", **options):
    """The bytes of a small picture."""
    stream = io.BytesIO()
    Image.fromarray(picture()).convert(mode).save(stream, form, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "number"), [("4:4:4", 0), ("4:2:2", 1), ("4:2:0", 2), ("4:4:0", -1), ("4:1:1", -1)]
)
def test_subsampling_as_by_pillow(name, number):
    """The sampling factors are those that Pillow reads, and have their usual name."""
    data = saved(subsampling="4:4:4")
    at = data.index(b"\xff\xc0") + 11  # the first component's factors
    factors = {"4:4:4": 0x11, "4:2:2": 0x21, "4:2:0": 0x22, "4:4:0": 0x12, "4:1:1": 0x41}[name]
    changed = data[:at] + bytes([factors]) + data[at + 1 :]
    assert JpegImagePlugin.get_sampling(Image.open(io.BytesIO(changed))) == number
    assert jpeg_facts(changed).subsampling == file_facts(changed).subsampling == name


def test_subsampling_of_real_files(shared):
    """On 917 real files the name agrees with Pillow's; gray ones have none."""
    names = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}
    for path in sorted((shared / "images").rglob("*.[jJ]*")):
        image = Image.open(path)
        expected = "" if image.mode == "L" else names[JpegImagePlugin.get_sampling(image)]
        assert file_facts(path.read_bytes()).subsampling == expected, path.name


def test_uneven_factors_are_other():
    """If the two chroma channels differ, or are finer than luma, no name fits."""
    data = saved(subsampling="4:4:4")
    at = data.index(b"\xff\xc0") + 11
    for place, factors in ((at + 3, 0x21), (at, 0x31)):
        changed = data[:place] + bytes([factors]) + data[place + 1 :]
        assert jpeg_facts(changed).subsampling in ("other",)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_profiles_have_names(form):
    """A profile is named in every format, except that of sRGB."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert file_facts(saved(form=form)).profile == ""
    assert file_facts(saved(form=form, icc_profile=srgb)).profile == ""
    assert file_facts(saved(form=form, icc_profile=wide_gamut_profile())).profile == "wide"
    assert file_facts(saved(form=form, icc_profile=b"no profile")).profile == "unreadable"


def test_cmyk_is_told():
    """CMYK is recognized in JPEG and TIFF."""
    assert file_facts(saved("CMYK")) == FileFacts("", True, "4:4:4")
    assert file_facts(saved("CMYK", "TIFF")) == FileFacts("", True, "")
    assert file_facts(saved("L")) == FileFacts("", False, "")


def test_facts_of_files_that_pillow_does_not_open():
    """Kinds that are read without Pillow are described as well."""
    inks = np.zeros((4, 8, 8), np.uint16)
    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        inks,
        photometric="separated",
        planarconfig="separate",
        bigtiff=True,
        byteorder=">",
        iccprofile=wide_gamut_profile(),
    )
    assert file_facts(stream.getvalue()) == ("wide", True, "")
    pam = b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nENDHDR\n\0\0\0"
    assert file_facts(pam) == ("", False, "")
    assert file_facts(b"P5 1 1 1000\n\0\0") == ("", False, "")
    text = (b"zTXt", b"Comment\0\0" + zlib.compress(bytes(64 << 20)))
    assert file_facts(png(np.zeros((4, 4, 3), np.uint8), 8, 2, text)) == ("", False, "")
