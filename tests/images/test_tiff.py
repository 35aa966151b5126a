"""Claims about TIFF: every kind of pixel is read correctly, or refused by name."""

import io

import numpy as np
import pytest
import tifffile
from awkward_images import picture
from made_files import XMP_ELEMENT, compressed, packed, saved, tiff
from PIL import Image

from colorprep import BadImage, decode
from colorprep.images.tiff import is_read_by_pillow, read_tags

PICTURE = picture()
GRAY = PICTURE[..., 1]
SIZE = (GRAY.shape[1], GRAY.shape[0])
ALPHA = np.broadcast_to(np.linspace(0, 255, SIZE[0]).astype(np.uint8), GRAY.shape)
COMPRESSIONS = {None: 1, "tiff_lzw": 5, "packbits": 32773, "tiff_adobe_deflate": 8, "zstd": 50000}


def written(samples, **options):
    """A TIFF as tifffile writes it."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, samples, metadata=None, **options)
    return stream.getvalue()


def over_white(colors, alpha):
    """Straight alpha, composited over white."""
    share = alpha[..., None] / 255
    return np.round(colors * share + 255 * (1 - share))


def three(gray):
    """Gray as three equal channels."""
    return np.repeat(np.asarray(gray)[..., None], 3, axis=2)


def check(data, expected, tolerance=0):
    """Compare the decoded pixels with those the file was made from."""
    found = decode(data).astype(int)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerance


def refused(data, *words):
    """Check that a file is refused as unsupported, in these words."""
    with pytest.raises(BadImage) as caught:
        decode(data)
    assert caught.value.reason == "unsupported"
    for word in words:
        assert word in caught.value.detail


@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("bits", [8, 16])
def test_layouts(bits, compression, planar, order, tile):
    """Gray, RGB and CMYK, chunky and in planes, stripped and tiled, in either byte order."""
    options = {"byteorder": order, "tile": tile, "compression": compression}
    options["rowsperstrip"] = None if tile else 7

    def made(samples, **more):
        if bits == 16:
            samples = samples.astype(np.uint16) * 256 + 77
        if samples.ndim == 3 and planar == "separate":
            samples = np.moveaxis(samples, 2, 0)
        return written(samples, **options, **more)

    inks = np.dstack([255 - PICTURE, 0 * GRAY])
    check(made(PICTURE, photometric="rgb", planarconfig=planar), PICTURE)
    # Black ink of 77/65535 may cost a level.
    check(made(inks, photometric="separated", planarconfig=planar), PICTURE, bits // 16)
    check(made(GRAY, photometric="minisblack"), three(GRAY))
    check(made(GRAY, photometric="miniswhite"), three(255 - GRAY))


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("extra", [(0,), (1,), (2,), (0, 0), (2, 0)])
def test_extra_samples(extra, bits, planar):
    """Straight and premultiplied alpha are composited over white, other samples are left out."""
    for colors in (PICTURE, PICTURE[..., :1])[: 3 - len(extra)]:
        stored = np.round(colors * (ALPHA / 255)[..., None]) if extra[0] == 1 else colors
        samples = np.dstack([stored, ALPHA, *[GRAY] * (len(extra) - 1)]).astype(np.uint8)
        if bits == 16:
            samples = samples.astype(np.uint16) * 257
        if planar == "separate":
            samples = np.moveaxis(samples, 2, 0)
        kind = "rgb" if colors.shape[2] == 3 else "minisblack"
        data = written(samples, photometric=kind, planarconfig=planar, extrasamples=extra)
        whole = np.broadcast_to(colors, PICTURE.shape)
        check(data, over_white(whole, ALPHA) if extra[0] else whole, 1)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("bits", [1, 2, 4, 6, 8, 10, 12, 14, 16])
def test_depths(bits, order):
    """The upper 8 bits of deeper samples are kept; shallower ones are scaled to 0..255."""
    full = (1 << bits) - 1
    colors = (PICTURE.astype(np.uint32) * full + 127) // 255
    levels = colors >> (bits - 8) if bits >= 8 else np.round(colors * 255 / full)
    for samples, kind, expected in (
        (colors[..., 1], 1, three(levels[..., 1])),
        (colors[..., 1], 0, three(255 - levels[..., 1])),
        (colors, 2, levels),
    ):
        strip = packed(samples, bits, order).tobytes()
        n = 3 if kind == 2 else 1
        data = tiff(SIZE, strip, order, bits=(bits,) * n, samples=n, photometric=kind)
        check(data, expected)


@pytest.mark.parametrize("method", [name for name in COMPRESSIONS if name])
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_compressions_of_rare_kinds(bits, method):
    """White-is-zero gray and gray with alpha are read whatever compressed them."""
    tags = {"compression": COMPRESSIONS[method], "bits": bits}
    deep = GRAY.astype(np.uint16) << max(0, bits - 8)
    strip = compressed(packed(deep, bits, "<"), method)
    check(tiff(SIZE, strip, photometric=0, **tags), three(255 - GRAY))
    both = np.dstack([deep, ALPHA.astype(np.uint16) << max(0, bits - 8)])
    strip = compressed(packed(both, bits, "<"), method)
    tags |= {"bits": (bits, bits), "samples": 2, "extra": 2}
    check(tiff(SIZE, strip, photometric=1, **tags), over_white(three(GRAY), ALPHA), 1)


def test_horizontal_differences():
    """Predictor 2 is undone, also where samples wrap around."""
    deep = GRAY.astype(np.uint16) * 257
    steps = np.diff(deep, axis=1, prepend=np.uint16(0))
    data = tiff(SIZE, packed(steps, 16, "<").tobytes(), bits=16, photometric=0, predictor=2)
    check(data, three(255 - GRAY))


def test_reversed_bits():
    """FillOrder 2 keeps the lowest bit of a byte first."""
    rows = packed(GRAY >> 4, 4, "<")
    turned = np.packbits(np.unpackbits(rows, axis=1, bitorder="little"), axis=1)
    tags = {"bits": 4, "photometric": 1, "fill_order": 2}
    check(tiff(SIZE, turned.tobytes(), **tags), three((GRAY >> 4) * 17))
    rows = packed(GRAY.astype(np.uint16) * 257, 16, "<")
    turned = np.packbits(np.unpackbits(rows, axis=1, bitorder="little"), axis=1)
    check(tiff(SIZE, turned.tobytes(), **tags | {"bits": 16}), three(GRAY))


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("most", [255, 65535])
def test_palettes(bits, most):
    """Color maps of 16 bits, and those written with 8."""
    generator = np.random.default_rng(bits)
    table = generator.integers(0, 256, (1 << bits, 3))
    table[0] = 255
    indices = generator.integers(0, 1 << bits, GRAY.shape)
    colormap = (table.T * (most // 255)).ravel().tolist()
    strip = packed(indices, bits, "<").tobytes()
    check(tiff(SIZE, strip, bits=bits, photometric=3, colormap=colormap), table[indices])


def test_palette_with_alpha():
    """A palette image with an alpha channel beside it is composited."""
    image = Image.fromarray(PICTURE).quantize(32)
    colors = np.asarray(image.convert("RGB"))
    both = np.dstack([np.asarray(image), ALPHA])
    colormap = np.zeros((256, 3), int)
    colormap[: len(image.getpalette()) // 3] = np.reshape(image.getpalette(), (-1, 3))
    tags = {"bits": (8, 8), "samples": 2, "photometric": 3, "extra": 2}
    data = tiff(SIZE, both.tobytes(), **tags, colormap=(colormap.T * 257).ravel().tolist())
    check(data, over_white(colors, ALPHA), 1)


@pytest.mark.parametrize("planar", [1, 2])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("photometric", [8, 9])
def test_lab(photometric, bits, planar):
    """CIELab and ICCLab, relative to D50, become the same colors in sRGB."""
    colors = 60 + PICTURE // 2  # clear of the gamut's edge, where a step of Lab is many of sRGB
    linear = np.where(colors <= 10, colors / 255 / 12.92, ((colors / 255 + 0.055) / 1.055) ** 2.4)
    to_d50 = [  # sRGB to XYZ, adapted to D50 by Bradford's matrix (brucelindbloom.com)
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
    x, y, z = np.moveaxis(np.cbrt(linear @ np.transpose(to_d50) / [0.96422, 1, 0.82521]), 2, 0)
    lab = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=2)
    scale = [255 / 100, 1, 1] if bits == 8 else [65535 / 100, 256, 256]
    stored = np.round(lab * scale + (np.array([0, 128, 128]) * scale[1] if photometric == 9 else 0))
    samples = stored.astype(np.int64) & (1 << bits) - 1
    planes = [samples] if planar == 1 else np.moveaxis(samples, 2, 0)
    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        np.squeeze(planes).astype(f"u{bits // 8}"),
        photometric=photometric,
        planarconfig=planar,
        metadata=None,
    )
    data = stream.getvalue()
    assert np.abs(decode(data).astype(int) - colors).mean() < 1.5


def test_subsampled_ycbcr_without_compression_is_refused():
    """Pillow would take its bytes for full planes."""
    strip = bytes(range(256)) * 6
    tags = {"bits": (8, 8, 8), "samples": 3, "photometric": 6}
    refused(tiff((32, 32), strip, **tags, subsampling=(2, 2)), "YCbCr")
    refused(tiff((32, 32), strip, **tags), "YCbCr")  # the default is 2, 2
    ycbcr = np.asarray(Image.fromarray(PICTURE).convert("YCbCr"))
    data = tiff(SIZE, ycbcr.tobytes(), **tags, subsampling=(1, 1))
    check(data, PICTURE, 3)
    check(saved(Image.fromarray(PICTURE), "TIFF", compression="jpeg", quality=100), PICTURE, 6)


@pytest.mark.parametrize("dtype", "i1 i2 i4 i8 u4 u8 f2 f4 f8".split())
@pytest.mark.parametrize("order", "<>")
def test_numbers_without_a_range_are_refused(dtype, order):
    """Signed integers, 32 bits and floats are refused, also if all values would fit 0..255."""
    word = {"i": "signed integers", "u": "integers", "f": "floating-point"}[dtype[0]]
    for samples in (GRAY.astype(dtype), PICTURE.astype(dtype)):
        kind = "rgb" if samples.ndim == 3 else "minisblack"
        data = written(samples, photometric=kind, byteorder=order)
        refused(data, word, f"{8 * int(dtype[1])}-bit")


@pytest.mark.parametrize(
    ("tags", "word"),
    [
        ({"bits": 24, "photometric": 1}, "24-bit"),
        ({"bits": (8, 8, 16), "samples": 3, "photometric": 2}, "different depths"),
        ({"bits": 8, "photometric": 32803}, "32803"),
        ({"bits": 8}, "no photometric"),
        ({"bits": (8,) * 4, "samples": 4, "photometric": 5, "inks": 2}, "inks"),
        ({"bits": 8, "photometric": 1, "subfile": 1}, "thumbnail"),
        ({"bits": 8, "photometric": 1, "dng": (1, 4, 0, 0)}, "raw"),
        ({"bits": 8, "photometric": 1, "compression": 34712}, "JPEG2000"),
        ({"bits": (8, 8), "samples": 2, "photometric": 1}, "extra sample"),
        ({"bits": (8,) * 5, "samples": 5, "photometric": 5, "extra": 2}, "alpha"),
        ({"bits": 12, "photometric": 1, "predictor": 2}, "predictor"),
        ({"bits": (8,) * 5, "samples": 5, "photometric": 2, "extra": (0, 2)}, "later"),
        ({"bits": (8,) * 5, "samples": 5, "photometric": 2}, "unspecified meaning"),
        ({"bits": (8,) * 3, "samples": 3, "photometric": 6, "planar": 2}, "YCbCr"),
        ({"bits": (8,) * 3, "samples": 3, "photometric": 1, "extra": (0, 0)}, "2 extra samples"),
        (
            {"bits": (8,) * 20, "samples": 20, "photometric": 2, "extra": (0,) * 17},
            "17 extra samples",
        ),
    ],
)
def test_what_is_no_picture_is_refused(tags, word):
    """Kinds that neither reader gets right are refused by name."""
    refused(tiff((8, 8), bytes(1024), **tags), word)


def test_first_page_counts():
    """Of many pages the first is read."""
    pages = [Image.fromarray(255 - PICTURE)]
    check(saved(Image.fromarray(PICTURE), "TIFF", save_all=True, append_images=pages), PICTURE)


@pytest.mark.parametrize("order", "<>")
def test_bigtiff(order):
    """BigTIFF is read in either byte order."""
    check(written(PICTURE, photometric="rgb", bigtiff=True, byteorder=order), PICTURE)


@pytest.mark.parametrize("compression", ["group3", "group4", "raw"])
def test_bilevel(compression):
    """One bit, by the compressions of fax machines as well."""
    image = Image.fromarray(GRAY > 100)
    check(saved(image, "TIFF", compression=compression), three((GRAY > 100) * 255))


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("value", range(1, 9))
def test_orientation_of_both_readers(value, bits):
    """Orientation by tag and by XMP, applied and ignored, whichever reader has the pixels."""
    samples = GRAY.astype(np.uint16) << (bits - 8)
    strip = packed(samples, bits, "<").tobytes()
    kind = {"bits": bits, "photometric": 0}
    upright = decode(saved(Image.fromarray(255 - GRAY), "PNG", exif=exif_block(value)))
    for mark in ({"orientation": value}, {"xmp": XMP_ELEMENT % value}):
        data = tiff(SIZE, strip, **kind, **mark)
        assert is_read_by_pillow(read_tags(data)) == (bits == 8)
        np.testing.assert_array_equal(decode(data), upright)
        np.testing.assert_array_equal(decode(data, orientation="ignore"), three(255 - GRAY))


def exif_block(value):
    """An EXIF block with an orientation."""
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


@pytest.mark.parametrize("method", [None, "tiff_lzw", "packbits"])
def test_truncated_pixels_are_refused(method):
    """A strip that ends too early is refused, not filled up."""
    rows = packed(np.random.default_rng(0).integers(0, 4096, GRAY.shape), 12, "<")
    strip = compressed(rows, method) if method else rows.tobytes()
    tags = {"bits": 12, "photometric": 1, "compression": COMPRESSIONS[method]}
    assert decode(tiff(SIZE, strip, **tags)).shape == PICTURE.shape
    for data in (tiff(SIZE, strip[: len(strip) // 2], **tags), tiff(SIZE, strip, **tags)[:-200]):
        with pytest.raises(BadImage) as caught:
            decode(data)
        assert caught.value.reason in ("truncated", "corrupt")


@pytest.mark.filterwarnings("ignore")
def test_damaged_tags_are_bad_images():
    """Noise in the tags gives pixels or a bad image, nothing else."""
    data = written(PICTURE.astype(np.uint16), photometric="rgb", planarconfig="contig")
    generator = np.random.default_rng(0)
    for _ in range(100):
        damaged = bytearray(data)
        for at in generator.integers(0, 200, 3):
            damaged[at] = generator.integers(0, 256)
        try:
            assert decode(bytes(damaged)).dtype == np.uint8
        except BadImage:
            pass
