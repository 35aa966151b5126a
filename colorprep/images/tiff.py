"""The tags of a TIFF, and which reader decodes its pixels correctly.

Pillow reads most TIFFs correctly, but silently misreads some: 16-bit planes, 16-bit gray whose zero
is white, signed integers. So the tags decide: kinds that Pillow is known to read correctly are read
by Pillow, others by `tiff_samples`, and kinds that neither can read are refused by name.

Tags and their values are those of TIFF 6.0 (Adobe, 1992) and its technical notes.
"""

from __future__ import annotations

import ctypes
import io
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from PIL import _imaging

from ..errors import BadImage

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, CIELAB, ICCLAB = 0, 1, 2, 3, 5, 6, 8, 9
_COLORS = {
    WHITE_IS_ZERO: (1, "gray"),
    BLACK_IS_ZERO: (1, "gray"),
    RGB: (3, "RGB"),
    PALETTE: (1, "palette"),
    CMYK: (4, "CMYK"),
    YCBCR: (3, "YCbCr"),
    CIELAB: (3, "CIELab"),
    ICCLAB: (3, "ICCLab"),
}
_MOST_SAMPLES = 16
_SAMPLE_FORMATS = {2: "signed integers", 3: "floating-point numbers"}
UNCOMPRESSED, LZW, OLD_JPEG, JPEG, PACKBITS, LZMA, ZSTANDARD = 1, 5, 6, 7, 32773, 34925, 50000
_FAXES = frozenset([2, 3, 4])
_LOSSLESS = frozenset([UNCOMPRESSED, LZW, PACKBITS, LZMA, ZSTANDARD, 8, 32946])  # 8 is Deflate
_BY_PILLOW = _LOSSLESS | _FAXES | {OLD_JPEG, JPEG}
_COREL_ALPHA = 999  # Corel Draw's own number for straight alpha
_EXTRAS_BY_PILLOW = {CMYK: (0,), PALETTE: (0, 2)}
UNSPECIFIED, PREMULTIPLIED, STRAIGHT = 0, 1, 2  # kinds of extra samples
CHUNKY, PLANAR = 1, 2
_UNEVEN = "samples of different depths"


@dataclass(frozen=True)
class TiffTags:
    """The tags of a TIFF's first page.

    Attributes
    ----------
    photometric : int
        What the samples mean, such as `WHITE_IS_ZERO`.
    bits, sample_format : int
        Of each sample; 0 if samples differ. The format is 1 for unsigned integers.
    samples : int
        Per pixel, including the extra ones.
    extra : tuple of int
        The kind of each extra sample, such as `PREMULTIPLIED`; empty if missing.
    block : tuple of int
        Rows and columns of a tile or a strip; the last strip may have fewer rows.
    offsets, counts : tuple of int
        The offset of each block in the file, and its number of bytes.
    colormap : tuple of int
        All reds, then all greens, then all blues, 0..65535; empty if missing.
    orientation : int or None
        None if missing.
    profile, xmp : bytes
        The ICC profile and the XMP packet; empty if missing.
    subsampling : tuple of int
        Of YCbCr, horizontal and vertical.
    jpeg_tables : bytes
        Tables shared by all JPEG-compressed blocks; empty if missing.
    odd : str
        Why the picture cannot be read; empty for most files.
    """

    width: int
    height: int
    photometric: int
    bits: int
    sample_format: int
    samples: int
    extra: tuple[int, ...]
    planar: int
    compression: int
    predictor: int
    fill_order: int
    big_endian: bool
    bigtiff: bool
    tiled: bool
    block: tuple[int, int]
    offsets: tuple[int, ...]
    counts: tuple[int, ...]
    colormap: tuple[int, ...]
    orientation: int | None
    profile: bytes
    xmp: bytes
    subsampling: tuple[int, ...]
    jpeg_tables: bytes
    odd: str

    @property
    def colors(self) -> int:
        """The number of color samples; 0 for an unknown photometric interpretation."""
        return _COLORS.get(self.photometric, (0, ""))[0]

    @property
    def kind(self) -> str:
        """A description of the pixels."""
        extra = self.samples - self.colors
        alpha = f" with {extra} extra sample{'s' * (extra > 1)}" if extra > 0 else ""
        planes = " in planes" if self.planar == PLANAR and self.samples > 1 else ""
        return f"{self.bits}-bit {_COLORS[self.photometric][1]}{alpha}{planes}"


def read_tags(data: bytes) -> TiffTags:
    """Read the tags of a TIFF's first page.

    Parameters
    ----------
    data : bytes
        The whole file.

    Raises
    ------
    BadImage
        If no page is found, or its tags are damaged.
    """
    import tifffile  # takes a tenth of a second, and most folders contain no TIFF

    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages.first
            value = page.tags.valueof
            return _tags_of(value, file.byteorder == ">", file.is_bigtiff, page.compression)
    except (tifffile.TiffFileError, ValueError, TypeError, IndexError, struct.error) as error:
        raise BadImage("corrupt", f"the TIFF tags cannot be read: {error}") from error


def _tags_of(value: Any, big_endian: bool, bigtiff: bool, compression: int) -> TiffTags:
    width, height = int(value(256, 0)), int(value(257, 0))
    if width <= 0 or height <= 0:
        raise ValueError("it has no size")
    old_jpeg = compression == OLD_JPEG  # other tags are often missing; Pillow handles that
    samples = int(value(277, 3 if old_jpeg else 1))
    tile = value(322) is not None
    rows = int(value(323, 0)) if tile else min(_first(value(278, height)), height)
    photometric = value(262, YCBCR if old_jpeg else None)
    return TiffTags(
        width=width,
        height=height,
        photometric=-1 if photometric is None else int(photometric),
        bits=_same(value(258, 8 if old_jpeg else 1)),
        sample_format=_same(value(339, 1)),
        samples=samples,
        extra=_tuple(value(338, ())),
        planar=int(value(284, CHUNKY)),
        compression=int(compression),
        predictor=int(value(317, 1)),
        fill_order=int(value(266, 1)),
        big_endian=big_endian,
        bigtiff=bigtiff,
        tiled=tile,
        block=(rows, int(value(322)) if tile else width),
        offsets=_tuple(value(324, value(273, ()))),
        counts=_tuple(value(325, value(279, ()))),
        colormap=_colormap(value(320)),
        orientation=value(274),
        profile=bytes(value(34675) or b""),
        xmp=bytes(value(700) or b""),
        subsampling=_tuple(value(530, (2, 2))),
        jpeg_tables=bytes(value(347) or b""),
        odd=_oddity(value),
    )


def _oddity(value: Any) -> str:
    if value(50706) is not None:
        return "a camera's raw file (DNG)"
    if int(value(254, 0)) & 1 or value(255) == 2:
        return "a TIFF whose first page is a thumbnail"
    if int(value(332, 1)) != 1:
        return "inks other than CMYK"
    return ""


def _tuple(value: Any) -> tuple[int, ...]:
    return (int(value),) if isinstance(value, int) else tuple(int(v) for v in value)


def _first(value: Any) -> int:
    return _tuple(value)[0]


def _same(value: Any) -> int:
    """Return the number that all samples share; 0 if they differ."""
    numbers = set(_tuple(value))
    return numbers.pop() if len(numbers) == 1 else 0


def _colormap(value: Any) -> tuple[int, ...]:
    return () if value is None else tuple(int(v) for row in value for v in _row(row))


def _row(row: Any) -> Any:
    return row if hasattr(row, "__iter__") else (row,)


def check_supported(tags: TiffTags) -> None:
    """Refuse pixels that have no agreed meaning as color.

    Raises
    ------
    BadImage
        As ``unsupported``, with the kind named.
    """
    if tags.odd:
        raise BadImage("unsupported", tags.odd)
    if not tags.colors:
        value = "no" if tags.photometric < 0 else f"unknown value {tags.photometric} as"
        raise BadImage("unsupported", f"a TIFF with {value} photometric interpretation")
    if not tags.bits or not tags.sample_format:
        raise BadImage("unsupported", f"a TIFF with {_UNEVEN}")
    if tags.sample_format != 1:
        kind = _SAMPLE_FORMATS.get(tags.sample_format, "samples of an unknown format")
        raise BadImage("unsupported", f"{tags.bits}-bit {kind}, which have no agreed range")
    if tags.bits > 16:
        raise BadImage("unsupported", f"{tags.bits}-bit integers, which have no agreed range")
    most = 2 if tags.colors == 1 else _MOST_SAMPLES
    if tags.samples > most:
        raise BadImage("unsupported", tags.kind)
    if tags.samples < tags.colors:
        raise BadImage("corrupt", f"{tags.samples} samples per pixel are too few for {tags.kind}")


def is_read_by_pillow(tags: TiffTags) -> bool:
    """Return whether Pillow reads this kind of TIFF, and reads it correctly.

    Parameters
    ----------
    tags : TiffTags
        Of a supported kind.
    """
    extras = tags.samples - tags.colors
    if not _is_opened_by_pillow(tags) or (tags.fill_order != 1 and (extras or tags.bits > 8)):
        return False
    if tags.bits < 8:
        return tags.bits in (1, 2, 4) and tags.samples == 1
    if tags.bits == 16 and tags.photometric not in (BLACK_IS_ZERO, RGB, CMYK):
        return False
    if tags.bits == 16 and tags.planar == PLANAR and tags.compression == UNCOMPRESSED:
        return tags.samples == 1  # without libtiff, Pillow does not join 16-bit planes
    if tags.bits not in (8, 16) or tags.photometric == ICCLAB:
        return False
    if tags.photometric in (YCBCR, CIELAB) and tags.planar == PLANAR:
        return False
    if tags.photometric == YCBCR and tags.compression == UNCOMPRESSED:
        return extras == 0 and tags.subsampling == (1, 1)
    return extras == 0 or _are_extras_read_by_pillow(tags, extras)


def _is_opened_by_pillow(tags: TiffTags) -> bool:
    if tags.compression not in _BY_PILLOW or (tags.bigtiff and tags.big_endian):
        return False
    if tags.compression in (OLD_JPEG, JPEG) and (
        tags.bits != 8 or tags.photometric in (PALETTE, CIELAB)
    ):
        return False
    # A color map below 256 is an 8-bit one, of which Pillow makes black.
    return tags.photometric != PALETTE or not tags.colormap or max(tags.colormap) > 255


def _are_extras_read_by_pillow(tags: TiffTags, extras: int) -> bool:
    if tags.photometric == RGB and tags.extra in ((), (_COREL_ALPHA,)):
        return extras == 1
    if len(tags.extra) != extras or any(tags.extra[1:]) or tags.extra[0] > STRAIGHT:
        return False
    if tags.photometric == RGB and tags.planar == PLANAR:
        if tags.compression == UNCOMPRESSED:
            return tags.extra == (STRAIGHT,)
        return extras == 1 or not any(tags.extra)
    if tags.planar == PLANAR or (tags.bits != 8 and tags.photometric != RGB):
        return False
    most = {RGB: 3 if tags.bits == 8 else 1, CMYK: 2, BLACK_IS_ZERO: 1, PALETTE: 1}
    known = tags.extra[0] in _EXTRAS_BY_PILLOW.get(tags.photometric, (0, 1, 2))
    return known and extras <= most.get(tags.photometric, 0)


def check_readable_here(tags: TiffTags) -> None:
    """Refuse what `tiff_samples` cannot read.

    Raises
    ------
    BadImage
        As ``unsupported``, with the kind named.
    """
    extras = tags.samples - tags.colors
    gray_or_rgb = tags.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB)
    if tags.compression not in _LOSSLESS:
        raise BadImage(
            "unsupported",
            f"{tags.kind}, TIFF compression {_name(tags.compression)}; save it without compression",
        )
    if tags.photometric == YCBCR:
        raise BadImage(
            "unsupported", "YCbCr in a TIFF, subsampled without compression or in planes"
        )
    if extras and len(tags.extra) != extras:
        raise BadImage("unsupported", f"{tags.kind} of unspecified meaning")
    alpha = bool(extras) and tags.extra[0] in (PREMULTIPLIED, STRAIGHT)
    if alpha and (
        not gray_or_rgb or (tags.extra[0] == PREMULTIPLIED and tags.photometric == WHITE_IS_ZERO)
    ):
        raise BadImage("unsupported", f"{tags.kind} that is alpha")
    if any(extra in (PREMULTIPLIED, STRAIGHT) for extra in tags.extra[1:]):
        raise BadImage("unsupported", f"{tags.kind}, of which a later one is alpha")
    if tags.predictor != 1 and (tags.predictor != 2 or tags.bits not in (8, 16)):
        raise BadImage("unsupported", f"{tags.kind} with predictor {tags.predictor}")


def _name(compression: int) -> str:
    import tifffile

    try:
        return tifffile.COMPRESSION(compression).name
    except ValueError:
        return str(compression)


def _silence_libtiff() -> None:
    """Keep libtiff from writing to stderr; Pillow raises real errors."""
    # The library of Pillow makes the symbols of the libtiff that it is linked to available.
    library = ctypes.CDLL(_imaging.__file__)
    with suppress(AttributeError):  # a Pillow without libtiff, or with one that hides its symbols
        library.TIFFSetWarningHandler(None)
        library.TIFFSetErrorHandler(None)


_silence_libtiff()
