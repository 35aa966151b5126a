"""ICC profiles: bringing pixels of another color space to sRGB.

A fifth of ImageNet's files carry a profile, most of them sRGB's own. A profile that moves no color
of a probe by more than one level is taken as sRGB and costs nothing; any other is applied by
LittleCMS, perceptually, as browsers do. A profile that cannot be read, or that is for another
kind of pixel, is ignored, as browsers do too.
"""

from __future__ import annotations

import io
from functools import cache, lru_cache
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageCms

_SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}


Transform: TypeAlias = ImageCms.ImageCmsTransform


def apply(transform: Transform, image: Image.Image) -> Image.Image:
    """Bring an image to sRGB.

    Parameters
    ----------
    transform : Transform
        Of the image's profile and mode, see `srgb_transform`.
    image : PIL.Image.Image
        Written over where it is RGB already.

    Returns
    -------
    PIL.Image.Image
        RGB.
    """
    if image.mode == "RGB":
        transform.apply_in_place(image)
        return image
    return transform.apply(image)


@lru_cache(maxsize=64)
def srgb_transform(profile: bytes, mode: str) -> Transform | None:
    """Return what brings pixels with an ICC profile to sRGB.

    Parameters
    ----------
    profile : bytes
        Empty for none.
    mode : str
        Pillow's name of the pixels' kind: RGB, L or CMYK.

    Returns
    -------
    Transform or None
        None where there is nothing to do: no profile, one that is sRGB's own, cannot be read, or
        is for another kind of pixel.
    """
    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space != _SPACES.get(mode):
            return None
        transform = ImageCms.ImageCmsTransform(source, _srgb(), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    if mode == "RGB" and _largest_move(transform) <= 1:
        return None
    return transform


@lru_cache(maxsize=64)
def profile_name(profile: bytes) -> str:
    """Return what an ICC profile is called.

    Parameters
    ----------
    profile : bytes
        Empty for none.

    Returns
    -------
    str
        One line; empty for none, and for one that is sRGB's own. ``unreadable`` where it cannot be
        read, ``unnamed`` where it does not say.
    """
    if not profile:
        return ""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        is_rgb = source.profile.xcolor_space == _SPACES["RGB"]
        if is_rgb and srgb_transform(profile, "RGB") is None:
            return ""
        return " ".join(ImageCms.getProfileDescription(source).split()) or "unnamed"
    except (ImageCms.PyCMSError, OSError, ValueError):
        return "unreadable"


def _largest_move(transform: Transform) -> int:
    levels = np.linspace(0, 255, 18).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    probe = np.ascontiguousarray(cube.reshape(18, -1, 3))
    moved = np.asarray(transform.apply(Image.fromarray(probe)))
    return int(np.abs(moved.astype(np.int16) - probe).max())


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
