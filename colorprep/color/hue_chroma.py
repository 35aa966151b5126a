"""sRGB <-> hue, chroma, lightness of the HSL bicone, and the plane (C cos h, C sin h).

Hue is a fraction of a turn in [0, 1), 0 for grays; chroma is max - min of the channels and
lightness (max + min) / 2, both in [0, 1]. Every color satisfies C <= 1 - |2L - 1|.

Hue is a circle: means and distances of hues are taken in the plane, never on the number line.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .lab import Floats, srgb_unit


def rgb_to_hue_chroma_lightness(rgb: NDArray[Any]) -> Floats:
    """Convert sRGB to hue, chroma and lightness.

    Parameters
    ----------
    rgb : ndarray of shape (..., 3), uint8 in 0..255 or float in [0, 1]

    Returns
    -------
    ndarray of shape (..., 3), float64
        Hue in [0, 1), chroma and lightness in [0, 1].

    Raises
    ------
    InputError
        If the type or the range is wrong, see `colorprep.color.lab.srgb_unit`.

    Examples
    --------
    >>> rgb_to_hue_chroma_lightness(np.array([0, 255, 0], np.uint8)).round(4).tolist()
    [0.3333, 1.0, 0.5]
    """
    unit = srgb_unit(rgb)
    # Differences of bytes are exact, so a hue on the border of two bins falls into the same bin
    # here and in the compiled loops.
    scale = 255.0 if np.asarray(rgb).dtype == np.uint8 else 1.0
    channels = np.asarray(rgb, np.float64) if scale == 255.0 else unit
    red, green, blue = channels[..., 0], channels[..., 1], channels[..., 2]
    top, bottom = channels.max(axis=-1), channels.min(axis=-1)
    chroma = top - bottom
    span = np.where(chroma > 0, chroma, 1.0)
    sixths = np.where(
        top == red,
        (green - blue) / span,
        np.where(top == green, 2.0 + (blue - red) / span, 4.0 + (red - green) / span),
    )
    hue = np.where(chroma > 0, (sixths / 6.0) % 1.0, 0.0)
    return np.stack([hue, chroma / scale, (top + bottom) / 2.0 / scale], axis=-1)


def hue_chroma_lightness_to_rgb(hcl: NDArray[Any]) -> Floats:
    """Convert hue, chroma and lightness to sRGB.

    Parameters
    ----------
    hcl : ndarray of shape (..., 3)
        Hue in turns (any real number), chroma and lightness in [0, 1].

    Returns
    -------
    ndarray of shape (..., 3), float64 in [0, 1]

    Notes
    -----
    Chroma above what the lightness allows, C = 1 - |2L - 1|, is reduced to it: hue and lightness
    are kept, and black, where saturation is undefined, needs no special case.

    Examples
    --------
    >>> hue_chroma_lightness_to_rgb(np.array([1 / 3, 1.0, 0.5])).round(4).tolist()
    [0.0, 1.0, 0.0]
    """
    hcl = np.asarray(hcl, np.float64)
    hue, lightness = hcl[..., 0] % 1.0, np.clip(hcl[..., 2], 0.0, 1.0)
    chroma = np.clip(hcl[..., 1], 0.0, 1.0 - np.abs(2.0 * lightness - 1.0))
    # A channel is largest near its own hue, smallest far from it, and ramps in between.
    sixths = (6.0 * hue[..., None] + np.array([0.0, 4.0, 2.0])) % 6.0
    ramp = np.clip(np.abs(sixths - 3.0) - 1.0, 0.0, 1.0)
    bottom = (lightness - chroma / 2.0)[..., None]
    rgb: Floats = np.clip(bottom + chroma[..., None] * ramp, 0.0, 1.0)
    return rgb


def to_chroma_plane(hue_chroma: NDArray[Any]) -> Floats:
    """Place hue and chroma in the plane (C cos 2 pi h, C sin 2 pi h).

    Parameters
    ----------
    hue_chroma : ndarray of shape (..., 2), hue in turns and chroma

    Returns
    -------
    ndarray of shape (..., 2), float64

    Examples
    --------
    >>> to_chroma_plane(np.array([[0.25, 0.8], [0.5, 0.8]])).round(4).tolist()
    [[0.0, 0.8], [-0.8, 0.0]]
    """
    hue_chroma = np.asarray(hue_chroma, np.float64)
    angle, chroma = 2.0 * np.pi * hue_chroma[..., 0], hue_chroma[..., 1]
    return np.stack([chroma * np.cos(angle), chroma * np.sin(angle)], axis=-1)


def from_chroma_plane(point: NDArray[Any]) -> Floats:
    """Convert points of the chroma plane to hue and chroma; the inverse of `to_chroma_plane`.

    Parameters
    ----------
    point : ndarray of shape (..., 2)

    Returns
    -------
    ndarray of shape (..., 2), float64
        Hue in [0, 1), 0 at the origin, and chroma.

    Examples
    --------
    >>> from_chroma_plane(np.array([0.0, 0.8])).tolist()
    [0.25, 0.8]
    """
    point = np.asarray(point, np.float64)
    hue = np.arctan2(point[..., 1], point[..., 0]) / (2.0 * np.pi) % 1.0
    return np.stack([np.where(hue == 1.0, 0.0, hue), np.hypot(point[..., 0], point[..., 1])], -1)
