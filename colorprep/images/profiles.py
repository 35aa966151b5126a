"""ICC profiles: converting pixels of other color spaces to sRGB.

A fifth of ImageNet's files have a profile, most of them that of sRGB. A profile that changes none
of a set of colors by more than one level counts as sRGB and costs nothing; any other is applied by
LittleCMS with perceptual intent, as browsers do. A profile that cannot be read, or is for another
kind of pixel, is ignored, again as in browsers.
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
    """Convert an image to sRGB.

    Parameters
    ----------
    transform : Transform
        For the image's profile and mode, see `srgb_transform`.
    image : PIL.Image.Image
        Changed in place if it is RGB.

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
    """Return the transform from an ICC profile to sRGB.

    Parameters
    ----------
    profile : bytes
        Empty if there is no profile.
    mode : str
        Pillow's mode of the image: RGB, L or CMYK.

    Returns
    -------
    Transform or None
        None if there is nothing to convert: the profile is empty, is that of sRGB, cannot be read,
        or is for another kind of pixel.
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
    """Return the name of an ICC profile.

    Parameters
    ----------
    profile : bytes
        Empty if there is no profile.

    Returns
    -------
    str
        One line; empty for no profile and for that of sRGB; ``unreadable`` or ``unnamed``.
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
