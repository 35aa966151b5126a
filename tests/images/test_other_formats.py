"""Claims about BMP, Netpbm, GIF, WebP, AVIF and the rarer kinds of JPEG."""

import io

import numpy as np
import pytest
from awkward_images import picture
from made_files import bmp, bmp_rows, saved, small_gif_frame, small_webp_frame
from PIL import Image, ImageOps

from colorprep import BadImage, decode

PICTURE = picture()
HEIGHT, WIDTH = PICTURE.shape[:2]
ALPHA = np.broadcast_to(np.linspace(0, 255, WIDTH).astype(np.uint8), (HEIGHT, WIDTH))
OVER_WHITE = np.round(PICTURE * (ALPHA / 255.0)[..., None] + 255 - ALPHA[..., None])
INDICES = (PICTURE[..., 0] // 16).astype(np.uint8)
TABLE = np.random.default_rng(0).integers(0, 256, (16, 4)).astype(np.uint8)


def check(data, expected, tolerance=0):
    """Compare what is decoded with what the file was made of."""
    found = decode(data).astype(int)
    assert found.shape == np.shape(expected)
    assert np.abs(found - expected).max() <= tolerance


def test_bmp_of_16_bits():
    """Five or six bits per channel are scaled to 0..255."""
    red, green, blue = np.moveaxis(PICTURE.astype(int), 2, 0)
    for green_bits, method, masks in ((6, 3, (0xF800, 0x7E0, 0x1F)), (5, 0, ())):
        levels = red >> 3, green >> (8 - green_bits), blue >> 3
        words = levels[0] << (5 + green_bits) | levels[1] << 5 | levels[2]
        pixels = bmp_rows(words.astype("<u2"))
        expected = np.stack(
            [n * 255 // ((1 << b) - 1) for n, b in zip(levels, (5, green_bits, 5), strict=True)], 2
        )
        data = bmp((WIDTH, HEIGHT), 16, method, pixels, masks=np.array(masks, "<u4").tobytes())
        check(data, expected, 1)


def test_bmp_of_32_bits():
    """The fourth byte is alpha if a mask says so; otherwise it is ignored."""
    four = np.dstack([PICTURE[..., ::-1], ALPHA])
    size = (WIDTH, HEIGHT)
    masks = np.array([0xFF0000, 0xFF00, 0xFF, 0xFF000000], "<u4")
    check(bmp(size, 32, 0, bmp_rows(four)), PICTURE)
    check(bmp(size, 32, 3, bmp_rows(four), masks=masks[:3].tobytes()), PICTURE)
    check(bmp(size, 32, 3, bmp_rows(four), masks=masks.tobytes()), OVER_WHITE, 1)


def test_bmp_with_palette_and_runs():
    """Palettes of 1, 4 and 8 bits, run lengths, and rows from the top down."""
    size, colors = (WIDTH, HEIGHT), TABLE[INDICES][..., 2::-1]
    check(bmp(size, 8, 0, bmp_rows(INDICES), TABLE.tobytes()), colors)
    runs = b"".join(b"".join(bytes([1, index]) for index in row) + b"\0\0" for row in INDICES[::-1])
    check(bmp(size, 8, 1, runs + b"\0\1", TABLE.tobytes()), colors)
    runs = b"".join(
        b"".join(bytes([1, index << 4]) for index in row) + b"\0\0" for row in INDICES[::-1]
    )
    check(bmp(size, 4, 2, runs + b"\0\1", TABLE.tobytes()), colors)
    bits = bmp_rows(np.packbits(INDICES & 1, axis=1))
    check(bmp(size, 1, 0, bits, TABLE[:2].tobytes()), TABLE[INDICES & 1][..., 2::-1])
    down = bmp((WIDTH, -HEIGHT), 24, 0, bmp_rows(PICTURE[::-1, :, ::-1]))
    check(down, PICTURE)


@pytest.mark.parametrize("most", [1, 15, 100, 255, 1000, 4095, 65535])
def test_netpbm_of_any_full_scale(most):
    """PGM, PPM and PAM become 0..255, by the upper 8 of 16 bits, else by scale; text as well."""
    samples = np.random.default_rng(most).integers(0, most + 1, (5, 7, 3))
    levels = samples >> 8 if most == 65535 else np.floor(samples * 255 / most + 0.5)
    stored = samples.astype(np.uint8 if most < 256 else ">u2")
    gray = np.repeat(levels[..., :1], 3, axis=2)
    size = b"# comment\n7 5\n%d\n" % most
    halves = int(most < 256)  # which Pillow, who reads these, rounds to even
    check(b"P6\n" + size + stored.tobytes(), levels, halves)
    check(b"P5\n" + size + stored[..., 0].tobytes(), gray, halves)
    # Pillow reads these, too, and rounds 16 bits.
    check(b"P3\n" + size + b" ".join(b"%d" % n for n in samples.flat), levels, 1)
    check(b"P2\n" + size + b" ".join(b"%d" % n for n in samples[..., 0].flat), gray, 1)
    pam = b"P7\nWIDTH 7\nHEIGHT 5\nDEPTH %d\nMAXVAL %d\nTUPLTYPE %s\nENDHDR\n"
    check(pam % (3, most, b"RGB") + stored.tobytes(), levels)
    check(pam % (1, most, b"GRAYSCALE") + stored[..., 0].tobytes(), gray)
    alpha = stored[..., 1] / most
    expected = np.round(gray * alpha[..., None] + 255 * (1 - alpha[..., None]))
    check(pam % (2, most, b"GRAYSCALE_ALPHA") + stored[..., :2].tobytes(), expected, 1)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"P5 4 4 1000\n" + bytes(31), "truncated"),
        (b"P7\nWIDTH 4\nHEIGHT 4\nDEPTH 3\nMAXVAL 255\nENDHDR\n" + bytes(47), "truncated"),
        (b"P7\nWIDTH 4\nHEIGHT 4\nMAXVAL 255\nENDHDR\n" + bytes(48), "corrupt"),
        (b"P7\nWIDTH 4\nHEIGHT 4\n", "corrupt"),
        (b"P6 4 4 70000\n" + bytes(96), "corrupt"),
        (b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 255\nENDHDR\n" + bytes(5), "unsupported"),
        (b"Pf\n2 2\n-1.0\n" + bytes(16), "unsupported"),
        (b"PF\n2 2\n-1.0\n" + bytes(48), "unsupported"),
        (b"P7\nWIDTH 99999\nHEIGHT 99999\nDEPTH 1\nMAXVAL 255\nENDHDR\n", "too-large"),
    ],
)
def test_bad_netpbm(data, reason):
    """Damaged files and floats are skipped with a reason."""
    with pytest.raises(BadImage) as caught:
        decode(data)
    assert caught.value.reason == reason


def canvas_with(pixels, at, size):
    """White, with a picture at a place given by column and row."""
    canvas = np.full((size[1], size[0], 3), 255)
    canvas[at[1] : at[1] + HEIGHT, at[0] : at[0] + WIDTH] = pixels
    return canvas


def test_first_frame_of_gif_lies_on_a_white_canvas():
    """The area that the first frame does not cover is transparent, as in browsers, so white."""
    size, at = (60, 40), (10, 4)
    gray = Image.fromarray(PICTURE[..., 0])
    check(small_gif_frame(gray, size, at), canvas_with(PICTURE[..., :1], at, size))
    image = Image.fromarray(PICTURE).quantize(64)
    colors = np.asarray(image.convert("RGB")).copy()
    check(small_gif_frame(image, size, at), canvas_with(colors, at, size))
    colors[np.asarray(image) == 5] = 255
    check(small_gif_frame(image, size, at, transparency=5), canvas_with(colors, at, size))


@pytest.mark.parametrize("alpha", [False, True])
def test_first_frame_of_webp_lies_on_a_white_canvas(alpha):
    """The same for an animated WebP, with and without the alpha flag."""
    data = small_webp_frame(Image.fromarray(PICTURE), (60, 40), (10, 4), alpha)
    check(data, canvas_with(PICTURE, (10, 4), (60, 40)))


@pytest.mark.parametrize(("form", "options"), [("WEBP", {"lossless": True}), ("AVIF", {})])
def test_alpha_of_webp_and_avif(form, options):
    """Alpha is composited over white."""
    if form == "AVIF":
        options = {"quality": 100, "subsampling": "4:4:4"}
    check(saved(Image.fromarray(np.dstack([PICTURE, ALPHA])), form, **options), OVER_WHITE, 2)


def test_avif_is_read_as_by_pillow():
    """Eight bits of color and of gray."""
    for image in (Image.fromarray(PICTURE), Image.fromarray(PICTURE[..., 0])):
        data = saved(image, "AVIF", quality=90)
        check(data, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


@pytest.mark.parametrize(("transfer", "word"), [(16, "PQ"), (18, "HLG")])
def test_high_dynamic_range_is_refused(transfer, word):
    """An AVIF whose code points say PQ or HLG is refused."""
    data = saved(Image.fromarray(PICTURE), "AVIF", quality=90)
    at = data.index(b"colrnclx") + 8
    changed = data[:at] + bytes([0, 9, 0, transfer]) + data[at + 4 :]
    with pytest.raises(BadImage, match=word):
        decode(changed)


def test_jpeg_of_inks_and_of_plain_rgb():
    """CMYK and YCCK as Adobe stores them, inverted, and RGB that was never turned into YCbCr."""
    inks = np.dstack([255 - PICTURE, np.zeros((HEIGHT, WIDTH), np.uint8)])
    check(saved(Image.fromarray(inks, "CMYK"), "JPEG", quality=100), PICTURE, 2)
    check(saved(Image.fromarray(PICTURE), "JPEG", quality=100, keep_rgb=True), PICTURE, 2)
    negative = np.asarray(ImageOps.invert(Image.fromarray(PICTURE)).convert("YCbCr"))
    stored = np.dstack([255 - negative, np.zeros((HEIGHT, WIDTH), np.uint8)])
    data = bytearray(saved(Image.fromarray(stored, "CMYK"), "JPEG", quality=100))
    data[data.index(b"Adobe\0") + 11] = 2  # the channels are Y, Cb, Cr and K
    check(bytes(data), PICTURE, 5)
