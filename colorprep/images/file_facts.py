"""What an image file says of its color beside the pixels: the profile, CMYK, chroma subsampling."""

from __future__ import annotations

import io
from typing import NamedTuple

from PIL import Image

from .jpeg import START_OF_IMAGE, jpeg_facts
from .loading import FORMATS
from .profiles import profile_name


class FileFacts(NamedTuple):
    """What a file says of its color.

    Attributes
    ----------
    profile : str
        The name of its ICC profile; empty where it has none, or sRGB's own.
    cmyk : bool
        Whether its pixels are of inks.
    subsampling : str
        Of a JPEG with color: 4:4:4, 4:2:2, 4:2:0, 4:4:0, 4:1:1, 4:1:0 or other; else empty.
    """

    profile: str
    cmyk: bool
    subsampling: str


def file_facts(data: bytes) -> FileFacts:
    """Read what a file says of its color.

    Parameters
    ----------
    data : bytes
        Of a file that can be decoded.

    Returns
    -------
    FileFacts
    """
    if data.startswith(START_OF_IMAGE):
        facts = jpeg_facts(data)
        if facts is not None:
            return FileFacts(profile_name(facts.profile), facts.channels == 4, facts.subsampling)
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    profile = image.info.get("icc_profile") or b""
    return FileFacts(profile_name(profile), image.mode == "CMYK", "")
