"""Claims about decoding: every kind of image becomes the right sRGB pixels."""

import io

import numpy as np
import pytest
from awkward_images import FATES, build, picture, srgb_of, wide_gamut_profile
from PIL import Image, ImageOps

from colorprep import BadImage, decode
from colorprep.images import decoding


@pytest.fixture(scope="module")
def awkward(tmp_path_factory):
    """The folder of awkward images."""
    folder = tmp_path_factory.mktemp("awkward")
    build(folder)
    return folder


def pixels_of(image):
    """An image's pixels as RGB by Pillow."""
    return np.asarray(image.convert("RGB"))


def test_real_photographs_decode_as_by_pillow(shared):
    """On 917 real files, the fast decoder and Pillow agree bit for bit."""
    files = sorted((shared / "images").rglob("*.[jJ]*"))
    assert len(files) == 917
    for path in files:
        data = path.read_bytes()
        expected = pixels_of(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
        np.testing.assert_array_equal(decode(data, icc="ignore"), expected, err_msg=path.name)


@pytest.mark.parametrize("name", [name for name, reason in FATES.items() if reason is None])
def test_everything_becomes_srgb_bytes(awkward, name):
    """Whatever is read becomes contiguous uint8 of three channels."""
    pixels = decode((awkward / name).read_bytes())
    assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
    assert pixels.flags.c_contiguous


@pytest.mark.parametrize("name", ["empty.jpg", "text.jpg", "truncated.jpg"])
def test_bad_images_have_their_reason(awkward, name):
    """Files that cannot be decoded give a reason."""
    with pytest.raises(BadImage) as caught:
        decode((awkward / name).read_bytes())
    assert caught.value.reason == FATES[name]


def test_content_decides_not_the_name(awkward):
    """A PNG named .JPEG is read as the PNG that it is."""
    decoded = decode((awkward / "png-named.JPEG").read_bytes())
    np.testing.assert_array_equal(decoded, picture())


def test_gray_becomes_three_equal_channels(awkward):
    """Gray, 1-bit and 16-bit gray images are gray."""
    for name in ("gray.jpg", "one-bit.png", "deep-gray.png"):
        pixels = decode((awkward / name).read_bytes())
        assert (np.ptp(pixels, axis=2) == 0).all(), name


def test_sixteen_bits_keep_their_upper_eight(awkward):
    """16-bit gray and color give the 8-bit image they were made from."""
    deep = decode((awkward / "deep-gray.png").read_bytes())
    np.testing.assert_array_equal(deep[..., 0], picture()[..., 0])
    np.testing.assert_array_equal(decode((awkward / "deep-rgb.png").read_bytes()), picture())


def test_alpha_is_composited_over_white(awkward):
    """Transparent pixels are white, opaque ones keep their color, others lie between."""
    pixels = decode((awkward / "rgba.png").read_bytes()).astype(float)
    alpha = np.linspace(0, 255, pixels.shape[1]).astype(np.uint8)[None, :, None] / 255.0
    expected = picture() * alpha + 255 * (1 - alpha)
    assert np.abs(pixels - expected).max() <= 1
    palette = Image.open(awkward / "palette-transparent.png")
    hidden = np.asarray(palette) == 3
    assert hidden.any()
    assert (decode((awkward / "palette-transparent.png").read_bytes())[hidden] == 255).all()


def test_orientation_is_applied(awkward):
    """A rotated photograph is turned upright, or left unchanged on request."""
    data = (awkward / "exif-rotated.jpg").read_bytes()
    upright = pixels_of(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    np.testing.assert_array_equal(decode(data), upright)
    assert decode(data, orientation="ignore").shape == upright.transpose(1, 0, 2).shape


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_every_orientation_as_by_pillow(value, form):
    """All eight orientations, in every format that has them, are Pillow's."""
    exif = Image.Exif()
    exif[0x0112] = value
    stream = io.BytesIO()
    Image.fromarray(picture()).save(stream, form, exif=exif)
    expected = pixels_of(ImageOps.exif_transpose(Image.open(io.BytesIO(stream.getvalue()))))
    np.testing.assert_array_equal(decode(stream.getvalue()), expected)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_costs_nothing():
    """A photograph with a broken EXIF block is read without turning it."""
    stream = io.BytesIO()
    Image.fromarray(picture()).save(stream, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert decode(stream.getvalue()).shape == picture().shape


def test_profiles_are_converted(awkward):
    """Adobe RGB is converted as by LittleCMS, or left unchanged on request."""
    data = (awkward / "adobe-rgb.jpg").read_bytes()
    raw = decode(data, icc="ignore")
    np.testing.assert_array_equal(raw, pixels_of(Image.open(io.BytesIO(data))))
    expected = srgb_of(wide_gamut_profile(), raw)
    np.testing.assert_array_equal(decode(data), expected)
    assert np.abs(expected.astype(int) - raw).max() > 20


def test_srgb_profiles_cost_nothing():
    """An sRGB profile or a broken one leaves the pixels unchanged."""
    from PIL import ImageCms

    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"no profile at all"):
        stream = io.BytesIO()
        Image.fromarray(picture()).save(stream, "JPEG", icc_profile=profile)
        data = stream.getvalue()
        np.testing.assert_array_equal(decode(data), decode(data, icc="ignore"))


def test_cmyk_is_converted(awkward):
    """CMYK without a profile is converted by Pillow's rule."""
    data = (awkward / "cmyk.jpg").read_bytes()
    np.testing.assert_array_equal(decode(data), pixels_of(Image.open(io.BytesIO(data))))


def test_first_frame_counts(awkward):
    """Of an animation the first frame is read."""
    data = (awkward / "animated.gif").read_bytes()
    np.testing.assert_array_equal(decode(data), pixels_of(Image.open(io.BytesIO(data))))


def test_huge_images_are_refused(monkeypatch):
    """An image over the limit is refused before its pixels are made."""
    stream = io.BytesIO()
    Image.new("RGB", (200, 100)).save(stream, "JPEG")
    monkeypatch.setattr(decoding, "MAX_PIXELS", 19_999)
    for data in (stream.getvalue(), _png(200, 100)):
        with pytest.raises(BadImage, match="too-large"):
            decode(data)


def _png(width, height):
    stream = io.BytesIO()
    Image.new("RGB", (width, height)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["good.jpg", "png-named.JPEG", "animated.gif", "exif-rotated.jpg"])
def test_truncation_anywhere_is_a_bad_image(awkward, kind):
    """Cut at any point, a file is refused or, if just its end mark is cut, read as before."""
    data = (awkward / kind).read_bytes()
    whole = decode(data)
    refused = []
    for length in range(0, len(data), 7):
        try:
            pixels = decode(data[:length])
        except BadImage:
            refused.append(length)
        else:
            np.testing.assert_array_equal(pixels, whole)
    assert len(refused) > len(data) / 7 / 4 and 0 in refused


def test_noise_never_crashes(awkward):
    """Damaged bytes give pixels or a bad image, nothing else."""
    data = (awkward / "good.jpg").read_bytes()
    generator = np.random.default_rng(0)
    for _ in range(200):
        damaged = bytearray(data)
        for at in generator.integers(2, len(data), 5):
            damaged[at] = generator.integers(0, 256)
        try:
            assert decode(bytes(damaged)).dtype == np.uint8
        except BadImage:
            pass
