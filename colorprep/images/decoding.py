"""Decoding image files to uint8 sRGB pixels.

JPEG files are decoded by libjpeg-turbo through simplejpeg; everything else, and whatever simplejpeg
refuses, by `loading`, which is mostly Pillow. The two give identical pixels.

The rules: the first frame is used; alpha is composited over white; of 9 to 16 bits the upper 8 are
kept; ICC profiles and CMYK are converted to sRGB; the orientation of EXIF, or else of XMP, is
applied; gray becomes three equal channels. Pixels without an agreed range, such as floats, are
refused. The format is determined by the content, not the name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ..errors import BadImage
from .formats import HEAD_BYTES, format_of
from .jpeg import START_OF_IMAGE, JpegFacts, jpeg_facts
from .jpeg_scans import END_OF_IMAGE, lacks_scans
from .jpeg_soundness import flaw_of
from .loading import Loaded, load
from .orientation import orientation_in, turned
from .png_soundness import flaw_of_png
from .profiles import srgb_transform
from .tiff import read_tags
from .tiff_soundness import flaw_of_tiff

Pixels = NDArray[np.uint8]
IccRule: TypeAlias = Literal["convert", "ignore"]
OrientationRule: TypeAlias = Literal["apply", "ignore"]
DamageRule: TypeAlias = Literal["skip", "keep"]

MAX_PIXELS = 178_956_970  # where Pillow refuses, too: twice the size from which it warns
LARGE = 1024  # pixels on the longer side from which a JPEG may be decoded smaller


class Scratch:
    """Memory that is reused from image to image, since the system provides new memory slowly.

    For one thread. Pixels in it are valid until the next image takes the same array.
    """

    def __init__(self) -> None:
        self._memory: dict[str, NDArray[np.uint8]] = {}

    def array(self, name: str, *shape: int) -> NDArray[np.uint8]:
        """Return an uninitialized array in the memory of this name."""
        n_bytes = prod(shape)
        memory = self._memory.get(name)
        if memory is None or memory.size < n_bytes:
            memory = self._memory[name] = np.empty(n_bytes, np.uint8)
        return memory[:n_bytes].reshape(shape)


class Decoded(NamedTuple):
    """The pixels of an image file, and how they were turned.

    Attributes
    ----------
    pixels : ndarray of shape (H, W, 3), uint8, C-contiguous
        sRGB.
    orientation : int
        By which the stored picture was turned upright, as EXIF counts; 1 if it was not turned.
    """

    pixels: Pixels
    orientation: int = 1

    def __repr__(self) -> str:
        return f"Decoded({self.pixels.shape} pixels, orientation={self.orientation})"


def decode(
    data: bytes,
    icc: IccRule = "convert",
    orientation: OrientationRule = "apply",
    scratch: Scratch | None = None,
    reduction: int = 1,
    damaged: DamageRule = "skip",
) -> Pixels:
    """Decode an image file.

    Parameters
    ----------
    data : bytes
        The whole file.
    icc : {"convert", "ignore"}
        Whether an embedded color profile is applied.
    orientation : {"apply", "ignore"}
        Whether the orientation of EXIF or XMP is applied.
    scratch : Scratch or None
        Memory for the pixels; None allocates it.
    reduction : {1, 2, 4, 8}
        Factor by which a JPEG is decoded smaller, from a part of its coefficients; see
        `possible_reduction`. Other files are decoded at full size.
    damaged : {"skip", "keep"}
        Whether a file that decodes although some of its pixels are lost is refused, or returned as
        the decoder leaves it.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8, C-contiguous
        sRGB.

    Raises
    ------
    BadImage
        With the reason, if the file cannot be used.

    Examples
    --------
    >>> decode(b"P6 2 1 255 " + bytes([255, 0, 0, 0, 0, 255]))
    array([[[255,   0,   0],
            [  0,   0, 255]]], dtype=uint8)
    """
    return decode_oriented(data, icc, orientation, scratch, reduction, damaged).pixels


def decode_oriented(
    data: bytes,
    icc: IccRule = "convert",
    orientation: OrientationRule = "apply",
    scratch: Scratch | None = None,
    reduction: int = 1,
    damaged: DamageRule = "skip",
) -> Decoded:
    """Decode an image file as `decode` does, and return how it was turned, too."""
    if not data:
        raise BadImage("empty", "the file has 0 bytes")
    if data.startswith(START_OF_IMAGE):
        facts = jpeg_facts(data)
        if facts is not None:
            _check_size(facts.width, facts.height)
        if facts is not None and facts.channels in (1, 3) and facts.bits == 8:
            found = _decode_plain_jpeg(data, facts, reduction, icc, orientation, scratch, damaged)
            if found is not None:
                return found
        elif flaw := flaw_of(data):  # always checked: Pillow does not pass on libjpeg's warnings
            if damaged == "skip":
                raise flaw
        else:
            data += END_OF_IMAGE  # Pillow requires an end mark; a second one does no harm
    return _decode_by_pillow(data, icc, orientation, damaged)


def _decode_plain_jpeg(
    data: bytes,
    facts: JpegFacts,
    reduction: int,
    icc: IccRule,
    orientation: OrientationRule,
    scratch: Scratch | None,
    damaged: DamageRule,
) -> Decoded | None:
    """Decode a gray or three-channel JPEG; return None if Pillow should try it instead."""
    mode = "L" if facts.channels == 1 else "RGB"
    transform = srgb_transform(facts.profile, mode) if icc == "convert" else None
    gray = transform is not None and mode == "L"
    height, width = -(-facts.height // reduction), -(-facts.width // reduction)
    memory = None
    if scratch is not None and not gray:
        memory = scratch.array("decoded", 3 * height * width)
    read = partial(
        simplejpeg.decode_jpeg,
        data,
        "GRAY" if gray else "RGB",
        min_height=height,
        min_width=width,
        buffer=memory,
    )
    pixels, warning = _read_jpeg(read)
    # A warning is only a suspicion, and libjpeg does not warn of missing scans.
    if (warning or pixels is None or lacks_scans(data, facts)) and (flaw := flaw_of(data, warning)):
        if damaged == "skip":
            raise flaw
        return None
    if pixels is None:
        return None
    if gray and transform is not None:
        pixels = _array(transform.apply(Image.fromarray(pixels[..., 0])))
    elif transform is not None:
        transform.convert(pixels)
    stored = 1
    if orientation == "apply" and (facts.exif or facts.xmp):
        stored = orientation_in(facts.exif, facts.xmp)
        pixels = turned(pixels, stored)
    return Decoded(pixels, stored)


def _read_jpeg(read: Callable[..., Pixels]) -> tuple[Pixels | None, str]:
    """Return the pixels, None if simplejpeg refuses the file, and the warning of libjpeg."""
    try:
        return read(), ""
    except ValueError as error:
        warning = str(error)
    try:
        return read(strict=False), warning
    except ValueError:  # it was an error, not a warning
        return None, ""


def possible_reduction(data: bytes, least_side: int) -> int:
    """Return the factor by which a file may be decoded smaller.

    Parameters
    ----------
    data : bytes
        The whole file.
    least_side : int
        Pixels that must be left on the shorter side.

    Returns
    -------
    int
        2, 4 or 8 for a JPEG with at least `LARGE` pixels on its longer side, as long as enough
        pixels remain on the shorter one; 1 for all others.
    """
    facts = jpeg_facts(data) if data.startswith(START_OF_IMAGE) else None
    factor = 1
    if facts is not None and facts.channels in (1, 3) and max(facts.height, facts.width) >= LARGE:
        while factor < 8 and min(facts.height, facts.width) >= 2 * factor * least_side:
            factor *= 2
    return factor


def _decode_by_pillow(
    data: bytes, icc: IccRule, orientation: OrientationRule, damaged: DamageRule
) -> Decoded:
    try:
        loaded = load(data, _check_size)
        if damaged == "skip" and (flaw := _flaw(data, loaded.image)):
            raise flaw
        pixels = _array(_to_rgb(loaded, icc))
        if loaded.turned != (orientation == "apply"):
            pixels = turned(pixels, loaded.orientation, back=loaded.turned)
        return Decoded(pixels, loaded.orientation if orientation == "apply" else 1)
    except BadImage:
        raise
    except UnidentifiedImageError:
        raise _unidentified(data) from None
    except Image.DecompressionBombError as error:
        raise BadImage("too-large", str(error)) from error
    except Exception as error:
        # Pillow's plugins raise nearly anything on damaged files; only this one image is skipped.
        text = str(error) or type(error).__name__
        reason = "truncated" if "truncated" in text.lower() else "corrupt"
        raise BadImage(reason, text) from error


def _unidentified(data: bytes) -> BadImage:
    if data.startswith(START_OF_IMAGE):
        if jpeg_facts(data) is None:
            return BadImage("truncated", "a JPEG that ends before its first scan")
        return BadImage("corrupt", "a JPEG whose header cannot be read")
    if form := format_of(data[:HEAD_BYTES]):
        return BadImage("corrupt", f"the header of this {form} file cannot be read")
    return BadImage("not-an-image", f"starts with {data[:8]!r}")


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise BadImage("too-large", f"{width} x {height} is over {MAX_PIXELS} pixels")


def _to_rgb(loaded: Loaded, icc: IccRule) -> Image.Image:
    """Convert a loaded image of any mode to RGB."""
    image = loaded.image
    profile = (image.info.get("icc_profile") or b"") if icc == "convert" else b""
    alpha = None
    if image.mode.startswith("I"):
        image = _upper_byte(image)
    elif image.mode == "F":
        raise BadImage("unsupported", "floating-point pixels have no agreed range")
    elif image.has_transparency_data:
        image, alpha = _without_alpha(image)
    if image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    transform = srgb_transform(profile, image.mode)
    image = image.convert("RGB") if transform is None else transform.apply(image)
    return _over_white(image, alpha, loaded.hidden)


def _without_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Separate color and alpha; gray stays gray, so that a gray profile fits it."""
    if image.mode == "La":  # premultiplied
        image = image.convert("LA")
    whole = image.convert("RGBA")
    gray = image.mode in ("1", "L", "LA")
    return whole.getchannel("R") if gray else whole, whole.getchannel("A")


def _over_white(
    image: Image.Image, alpha: Image.Image | None, hidden: NDArray[np.bool_] | None
) -> Image.Image:
    if hidden is not None:
        shown = np.where(hidden, 0, 255 if alpha is None else np.asarray(alpha))
        alpha = Image.fromarray(shown.astype(np.uint8))
    if alpha is None:
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=alpha)
    return white


def _upper_byte(image: Image.Image) -> Image.Image:
    """Keep the upper 8 of 16 bits, as Pillow itself does for 16-bit color."""
    values = np.asarray(image)
    if values.size and (values.min() < 0 or values.max() > 65535):
        raise BadImage("unsupported", "32-bit pixels have no agreed range")
    return Image.fromarray((values >> 8).astype(np.uint8))


def _flaw(data: bytes, image: Image.Image) -> BadImage | None:
    """Return damage that Pillow does not detect: pixels that are missing or overwritten."""
    match format_of(data[:HEAD_BYTES]):
        case "PNG":
            return flaw_of_png(data, image)
        case "TIFF":
            return flaw_of_tiff(data, read_tags(data))
    return None


def _array(image: Image.Image) -> Pixels:
    return np.asarray(image, dtype=np.uint8)
