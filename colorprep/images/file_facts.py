"""What an image file says about its color besides the pixels: profile, CMYK, subsampling."""

from __future__ import annotations

from typing import NamedTuple

from .formats import HEAD_BYTES, format_of
from .jpeg import START_OF_IMAGE, jpeg_facts
from .loading import open_image
from .profiles import profile_name
from .tiff import CMYK, read_tags


class FileFacts(NamedTuple):
    """What a file says about its color.

    Attributes
    ----------
    profile : str
        The name of its ICC profile; empty if it has none, or one that is sRGB.
    cmyk : bool
        Whether its pixels are amounts of ink.
    subsampling : str
        Of a color JPEG: 4:4:4, 4:2:2, 4:2:0, 4:4:0, 4:1:1, 4:1:0 or other. Empty for all others.
    """

    profile: str
    cmyk: bool
    subsampling: str


def file_facts(data: bytes) -> FileFacts:
    """Read what a file says about its color.

    Parameters
    ----------
    data : bytes
        A file that can be decoded.

    Examples
    --------
    >>> file_facts(b"P6 1 1 255 abc")
    FileFacts(profile='', cmyk=False, subsampling='')
    """
    if data.startswith(START_OF_IMAGE):
        facts = jpeg_facts(data)
        if facts is not None:
            return FileFacts(profile_name(facts.profile), facts.channels == 4, facts.subsampling)
    profile, cmyk = _profile_and_inks(data)
    return FileFacts(profile_name(profile), cmyk, "")


def _profile_and_inks(data: bytes) -> tuple[bytes, bool]:
    form = format_of(data[:HEAD_BYTES])
    if form == "PPM":
        return b"", False
    if form == "TIFF":
        tags = read_tags(data)
        return tags.profile, tags.photometric == CMYK
    image = open_image(data)
    return image.info.get("icc_profile") or b"", image.mode == "CMYK"
