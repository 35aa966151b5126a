"""Claims about damaged files of other formats: incomplete pixels are never used."""

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from jpeg_damage import scene
from PIL import Image, TiffImagePlugin

from colorprep import BadImage, decode

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIXELS = scene(90, 120)


def reason_of(data, **options):
    """Why a file is skipped; None if it is read."""
    try:
        decode(data, **options)
    except BadImage as error:
        return error.reason
    return None


def saved(form, image=None, **options):
    """An image as a file."""
    stream = io.BytesIO()
    (image or Image.fromarray(PIXELS)).save(stream, form, **options)
    return stream.getvalue()


def png(rows, header=None, compressed=None, n_chunks=3):
    """A PNG of uncompressed rows, its data in several chunks."""
    header = header or struct.pack(">2I5B", PIXELS.shape[1], PIXELS.shape[0], 8, 2, 0, 0, 0)
    compressed = compressed or zlib.compress(rows)
    step = len(compressed) // n_chunks + 1
    parts = [compressed[at : at + step] for at in range(0, len(compressed), step)]
    chunks = [(b"IHDR", header), *((b"IDAT", part) for part in parts), (b"IEND", b"")]
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def unfiltered(pixels):
    """The rows of a PNG without filters."""
    return b"".join(b"\0" + row.tobytes() for row in pixels)


@pytest.mark.parametrize("level", [0, 1, 9])
def test_a_changed_bit_of_a_png_is_found(level):
    """No bit of the pixels' data can change without a reason to skip, or else nothing changes."""
    sound = saved("PNG", compress_level=level)
    expected = decode(sound)
    start, end = sound.index(b"IDAT") + 4, sound.index(b"IEND") - 8
    draw = np.random.default_rng(0)
    for at in draw.integers(start, end, 60):
        data = bytearray(sound)
        data[at] ^= 1 << draw.integers(8)
        if reason_of(bytes(data)) is None:
            np.testing.assert_array_equal(decode(bytes(data)), expected)


def test_a_png_of_other_literals_is_damaged():
    """If pixels are uncompressed, only the checksums show that they were overwritten."""
    rows = unfiltered(PIXELS) + bytes(3 * PIXELS.shape[1] + 1)  # one too many, which is passed over
    sound = png(rows, compressed=zlib.compress(rows, 0))
    np.testing.assert_array_equal(decode(sound), PIXELS)
    data = bytearray(sound)
    at = sound.index(b"IDAT") + 500
    data[at : at + 100] = bytes(100)
    assert reason_of(bytes(data)) == "damaged"
    kept = decode(bytes(data), damaged="keep")
    assert kept.shape == PIXELS.shape and not np.array_equal(kept, PIXELS)


@pytest.mark.parametrize("interlaced", [0, 1])
def test_a_png_that_ends_early_is_damaged(interlaced):
    """Its compressed data ends as it should, but some rows are missing."""
    header = struct.pack(">2I5B", PIXELS.shape[1], PIXELS.shape[0], 8, 2, 0, 0, interlaced)
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2)]
        passes += [(0, 1, 2, 2), (1, 0, 2, 1)]
    parts = [unfiltered(PIXELS[top::down, left::across]) for top, left, down, across in passes]
    rows = b"".join(parts)
    np.testing.assert_array_equal(decode(png(rows, header)), PIXELS)
    for missing in (1, 2 * PIXELS.shape[1], len(rows) // 2):
        line = 3 * PIXELS.shape[1] + 1
        reason = reason_of(png(rows[: len(rows) - -(-missing // line) * line], header))
        assert reason in ("damaged", "truncated")


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (9, 17)])
def test_black_png_files_are_sound(bits, size):
    """Rows of zeros at the end are no sign of damage by themselves, in any depth."""
    height, width = size
    header = struct.pack(">2I5B", width, height, bits, 0, 0, 0, 0)
    rows = bytes((1 + -(-width * bits // 8)) * height)
    assert not decode(png(rows, header)).any()
    black = Image.new("RGB", (width, height))
    assert not decode(saved("PNG", black)).any()


def test_harmless_oddities_of_png_are_taken():
    """Checksums that are wrong or missing harm no pixel as long as the pixels' own is right."""
    sound = png(unfiltered(PIXELS))
    at = sound.index(b"IDAT") - 4
    end = at + 8 + int.from_bytes(sound[at : at + 4])
    for data in (
        sound[:end] + b"\0\0\0\0" + sound[end + 4 :],
        sound[:-12],
        sound[:-5],
        sound + b"more",
        png(b"", compressed=zlib.compress(unfiltered(PIXELS))[:-4]),
    ):
        np.testing.assert_array_equal(decode(data), PIXELS)


@pytest.mark.parametrize("form", ["PNG", "GIF", "BMP", "WEBP", "PPM", "TIFF"])
@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
def test_files_that_are_cut_are_skipped(form, fraction):
    """A file of any format without its last bytes is not read with fewer pixels."""
    data = saved(form)
    assert reason_of(data[: int(fraction * len(data))]) in ("truncated", "corrupt", "damaged")


def test_a_gif_of_fewer_pixels_is_skipped():
    """Its data is cut, and its end appended."""
    data = saved("GIF")
    colors = 3 << (data[10] & 7) + 1
    at = data.index(b",", 13 + colors) + 11
    while data[at] == 255:
        at += 256
        if at > len(data) // 2:
            break
    assert reason_of(data[:at] + b"\0;") in ("truncated", "corrupt")


def test_a_webp_of_fewer_bytes_is_skipped():
    """Its sizes are right, but its data is half."""
    for lossless in (False, True):
        data = saved("WEBP", lossless=lossless)
        half = data[20 : 20 + len(data) // 4 * 2]
        body = b"WEBP" + data[12:16] + struct.pack("<I", len(half)) + half
        assert reason_of(b"RIFF" + struct.pack("<I", len(body)) + body) == "corrupt"


def tiff_with(data, tag, index, value):
    """A little-endian TIFF with another value in one of its first directory's arrays."""
    changed = bytearray(data)
    (start,) = struct.unpack_from("<I", data, 4)
    (n_tags,) = struct.unpack_from("<H", data, start)
    for at in range(start + 2, start + 2 + 12 * n_tags, 12):
        found, kind, count, place = struct.unpack_from("<HHII", data, at)
        if found == tag:
            size = {3: 2, 4: 4}[kind]
            place = at + 8 if count * size <= 4 else place
            changed[place + index * size : place + (index + 1) * size] = value.to_bytes(
                size, "little"
            )
    return bytes(changed)


def strips_of(data):
    """Where the strips of a TIFF are: offsets and lengths."""
    tags = Image.open(io.BytesIO(data)).tag_v2
    return tags[273], tags[279]


@pytest.mark.parametrize("compression", ["tiff_adobe_deflate", "tiff_deflate", "lzma", "jpeg"])
def test_an_overwritten_strip_of_a_tiff_is_found(monkeypatch, compression):
    """Checksums and JPEG codes show damage that libtiff does not report."""
    monkeypatch.setattr(TiffImagePlugin, "STRIP_SIZE", 8000)
    sound = saved("TIFF", compression=compression)
    offsets, lengths = strips_of(sound)
    assert len(offsets) > 2 and reason_of(sound) is None
    start = offsets[1] + lengths[1] // 2
    for by in (bytes(lengths[1] // 3), TEXT_OF_A_PAGE[: lengths[1] // 3]):
        data = sound[:start] + by + sound[start + len(by) :]
        assert reason_of(data) in ("damaged", "corrupt")


TEXT_OF_A_PAGE = b"<p>This page is not what it was. </p>" * 400


def test_a_missing_strip_of_a_tiff_is_found():
    """A strip with offset 0 is missing: the file begins with its header."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, PIXELS, photometric="rgb", rowsperstrip=10)
    sound = stream.getvalue()
    np.testing.assert_array_equal(decode(sound), PIXELS)
    data = tiff_with(tiff_with(sound, 273, 3, 0), 279, 3, 0)
    assert reason_of(data) == "damaged"
    assert decode(data, damaged="keep").shape == PIXELS.shape


def test_a_short_jpeg_strip_of_a_tiff_is_damaged(monkeypatch):
    """Its length is cut; libtiff fills it up with gray."""
    monkeypatch.setattr(TiffImagePlugin, "STRIP_SIZE", 8000)
    sound = saved("TIFF", compression="jpeg")
    lengths = strips_of(sound)[1]
    data = tiff_with(sound, 279, 1, lengths[1] * 2 // 3)
    assert reason_of(data) == "damaged"
