"""Claims about PNG: all depths, transparent colors, long texts, and colors given by code points."""

import struct
import zlib

import numpy as np
import pytest
from awkward_images import picture
from made_files import png, png_chunk, saved
from PIL import Image, PngImagePlugin

from colorprep import BadImage, decode

PICTURE = picture()


def samples_of(bits, channels=()):
    """Random samples."""
    return np.random.default_rng(bits).integers(0, 1 << bits, (9, 13, *channels))


def eight(samples, bits):
    """The upper 8 of 16 bits; fewer than 8 are scaled."""
    return samples >> (bits - 8) if bits >= 8 else samples * 255 // ((1 << bits) - 1)


def three(gray):
    """Gray as three equal channels."""
    return np.repeat(gray[..., None], 3, axis=2)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_gray_with_a_transparent_color(bits):
    """Pixels of the transparent level are white, at every depth; the others stay."""
    samples = samples_of(bits)
    expected = eight(samples, bits)
    np.testing.assert_array_equal(decode(png(samples, bits, 0)), three(expected))
    for level in {0, 1, (1 << bits) - 1, int(samples[3, 3]), int(samples[3, 3]) ^ 1}:
        data = png(samples, bits, 0, (b"tRNS", struct.pack(">H", level)))
        shown = three(np.where(samples == level, 255, expected))
        np.testing.assert_array_equal(decode(data), shown)


def test_rgb_with_a_transparent_color():
    """Pixels of the transparent color are white; if they may have a 16-bit one, it is refused."""
    samples = samples_of(8, (3,))
    color = samples[3, 3]
    data = png(samples, 8, 2, (b"tRNS", struct.pack(">3H", *color)))
    hidden = (samples == color).all(axis=2, keepdims=True)
    np.testing.assert_array_equal(decode(data), np.where(hidden, 255, samples))
    deep = samples * 257
    absent = png(deep, 16, 2, (b"tRNS", struct.pack(">3H", 1, 2, 3)))
    np.testing.assert_array_equal(decode(absent), samples)
    with pytest.raises(BadImage, match="16-bit RGB in a PNG with a transparent color"):
        decode(png(deep, 16, 2, (b"tRNS", struct.pack(">3H", *deep[3, 3]))))


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [2, 4])
def test_alpha(channels, bits):
    """Gray and RGB with alpha, of 8 and 16 bits."""
    samples = samples_of(bits, (channels,))
    share = samples[..., -1:] / ((1 << bits) - 1)
    colors = np.broadcast_to(eight(samples[..., :-1], bits), (9, 13, 3))
    expected = np.round(colors * share + 255 * (1 - share))
    found = decode(png(samples, bits, 4 if channels == 2 else 6))
    assert np.abs(found - expected).max() <= 1


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes(bits):
    """Palettes of all sizes, with and without alpha."""
    generator = np.random.default_rng(bits)
    table = generator.integers(0, 256, (1 << bits, 3), np.uint8)
    alpha = generator.integers(0, 256, 1 << bits, np.uint8)
    indices = samples_of(bits)
    palette = (b"PLTE", table.tobytes())
    np.testing.assert_array_equal(decode(png(indices, bits, 3, palette)), table[indices])
    share = alpha[indices][..., None] / 255
    expected = np.round(table[indices] * share + 255 * (1 - share))
    found = decode(png(indices, bits, 3, palette, (b"tRNS", alpha.tobytes())))
    assert np.abs(found - expected).max() <= 1


def gray_profile():
    """A gray ICC profile of gamma 1."""
    tags = {
        b"desc": b"desc\0\0\0\0\0\0\0\5gray\0" + bytes(78),
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061),
        b"kTRC": b"curv\0\0\0\0\0\0\0\0",
    }
    start, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for tag, content in tags.items():
        table += tag + struct.pack(">2I", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    body = struct.pack(">I", len(tags)) + table + body
    header = struct.pack(">I4sI", 128 + len(body), b"lcms", 0x02400000) + b"mntrGRAYXYZ "
    header += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    return header + struct.pack(">3i", 63190, 65536, 54061) + bytes(48) + body


def test_gray_profile_with_alpha():
    """A gray profile is applied to gray with alpha, which is composited then."""
    gray = np.tile(np.arange(0, 252, 4, dtype=np.uint8), (8, 1))
    icc = (b"iCCP", b"gray\0\0" + zlib.compress(gray_profile()))
    lightened = decode(png(gray, 8, 0, icc))
    linear = gray / 255  # gamma 1 against the curve of sRGB (IEC 61966-2-1)
    expected = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    # LittleCMS takes the curve of sRGB as less steep near black.
    assert np.abs(lightened[..., 0] - 255 * expected)[gray > 12].max() < 1
    assert lightened.mean() > gray.mean() + 40
    opaque = np.dstack([gray, np.full_like(gray, 255)])
    np.testing.assert_array_equal(decode(png(opaque, 8, 4, icc)), lightened)
    half = np.dstack([gray, np.full_like(gray, 51)])
    expected = np.round(0.2 * lightened + 0.8 * 255)
    assert np.abs(decode(png(half, 8, 4, icc)) - expected).max() <= 1
    clear = (b"tRNS", struct.pack(">H", 40))
    expected = np.where(three(gray) == 40, 255, lightened)
    np.testing.assert_array_equal(decode(png(gray, 8, 0, icc, clear)), expected)


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"tEXt"])
def test_long_texts_cost_nothing(kind):
    """Texts beyond Pillow's limits change no pixel, before the pixels and after them."""
    text = b"a" * (5 << 20)
    body = {
        b"zTXt": b"Comment\0\0" + zlib.compress(text),
        b"iTXt": b"Comment\0\1\0\0\0" + zlib.compress(text),
        b"tEXt": b"Comment\0" + text,
    }[kind]
    count = PngImagePlugin.MAX_TEXT_MEMORY // len(text) + 1
    texts = [(kind, body)] * count
    data = png(PICTURE, 8, 2, *texts)
    np.testing.assert_array_equal(decode(data), PICTURE)
    end = png_chunk(b"IEND", b"")
    after = png(PICTURE, 8, 2).removesuffix(end) + png_chunk(kind, body) * count + end
    np.testing.assert_array_equal(decode(after), PICTURE)


def test_large_profile_is_read():
    """An ICC profile of over 1 MB, as of printers, does not cost the picture."""
    profile = gray_profile() + bytes(2 << 20)
    icc = (b"iCCP", b"large\0\0" + zlib.compress(profile))
    assert decode(png(PICTURE, 8, 2, icc)).shape == PICTURE.shape


def test_a_text_bomb_stays_small(monkeypatch):
    """The text that may hold an orientation is unpacked up to a limit only."""
    body = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(64 << 20))
    with pytest.raises(BadImage, match="too large"):
        decode(png(PICTURE, 8, 2, (b"iTXt", body)))


def test_gamma_is_ignored():
    """The chunks gAMA, cHRM and sRGB change nothing."""
    chunks = [
        (b"gAMA", struct.pack(">I", 100_000)),
        (b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)),
        (b"sRGB", b"\0"),
    ]
    for chunk in chunks:
        np.testing.assert_array_equal(decode(png(PICTURE, 8, 2, chunk)), PICTURE)


def test_code_points():
    """Colors close to sRGB are read, high dynamic range and wide gamuts are refused."""
    for code in ((1, 13, 0, 1), (2, 2, 0, 1), (6, 1, 0, 1)):
        np.testing.assert_array_equal(decode(png(PICTURE, 8, 2, (b"cICP", bytes(code)))), PICTURE)
    for code, word in (((9, 16, 0, 1), "PQ"), ((9, 18, 0, 1), "HLG"), ((12, 13, 0, 1), "P3")):
        with pytest.raises(BadImage, match=word) as caught:
            decode(png(PICTURE, 8, 2, (b"cICP", bytes(code))))
        assert caught.value.reason == "unsupported"


@pytest.mark.parametrize("default", [False, True])
def test_animation_gives_its_still_image(default):
    """Of an animated PNG, the image shown by viewers without animation is read."""
    frames = [Image.fromarray(255 - PICTURE)]
    options = {"save_all": True, "append_images": frames, "default_image": default}
    data = saved(Image.fromarray(PICTURE), "PNG", **options)
    np.testing.assert_array_equal(decode(data), PICTURE)
