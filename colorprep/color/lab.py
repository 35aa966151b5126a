"""sRGB <-> CIE Lab, in float64, with the constants of scikit-image.

Also reduces colors that sRGB cannot show to its gamut, keeping their lightness and hue. The tables
of all 2^24 colors that are built on these formulas live in `colorprep.quantize.tables`.

References
----------
IEC 61966-2-1 (the sRGB transfer function); CIE 15 (Lab, white D65, 2 degree observer).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

Floats = NDArray[np.float64]

SRGB_TO_XYZ: Floats = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
XYZ_TO_SRGB: Floats = np.linalg.inv(SRGB_TO_XYZ).astype(np.float64)
WHITE_D65: Floats = np.array([0.95047, 1.0, 1.08883])

LAB_EPSILON = 0.008856
LAB_SLOPE = 7.787
LAB_OFFSET = 16.0 / 116.0
LAB_LIMIT = 0.2068966  # the cube root of LAB_EPSILON


def srgb_unit(rgb: NDArray[Any]) -> Floats:
    """Return sRGB as float64 in [0, 1], rejecting values out of range.

    Parameters
    ----------
    rgb : ndarray of shape (..., 3), uint8 in 0..255 or float in [0, 1]

    Returns
    -------
    ndarray of shape (..., 3), float64 in [0, 1]

    Raises
    ------
    InputError
        If the last axis is not 3, the type is neither uint8 nor float, or a float is outside
        [0, 1] or NaN. Floats in 0..255 are the commonest way to ruin a prior, so they are
        rejected, not rescaled.
    """
    rgb = np.asarray(rgb)
    if rgb.ndim == 0 or rgb.shape[-1] != 3:
        raise InputError(f"expected sRGB with a last axis of 3, got an array of shape {rgb.shape}")
    if rgb.dtype == np.uint8:
        return rgb / 255.0
    if rgb.dtype.kind != "f":
        raise InputError(
            f"expected sRGB as uint8 in 0..255 or float in [0, 1], got {rgb.dtype}; "
            "convert it with .astype('uint8') if it holds 0..255"
        )
    unit = rgb.astype(np.float64)
    if unit.size and not (unit.min() >= 0.0 and unit.max() <= 1.0):
        raise InputError(
            f"float sRGB must be in the range [0, 1], got values from {unit.min():g} to "
            f"{unit.max():g}; divide by 255 if they are 0..255"
        )
    return unit


def srgb_to_linear(unit: Floats) -> Floats:
    """Undo the sRGB transfer function.

    Parameters
    ----------
    unit : ndarray, float64 in [0, 1]

    Returns
    -------
    ndarray of the same shape, float64 in [0, 1], proportional to light
    """
    return np.where(unit > 0.04045, ((unit + 0.055) / 1.055) ** 2.4, unit / 12.92)


@cache
def linear_levels() -> Floats:
    """Return linear light of every 8-bit level, (256,) float64, read-only."""
    levels = srgb_to_linear(np.arange(256) / 255.0)
    levels.flags.writeable = False
    return levels


def linear_to_srgb(linear: Floats) -> Floats:
    """Apply the sRGB transfer function; values below 0 become 0.

    Parameters
    ----------
    linear : ndarray, float64, proportional to light

    Returns
    -------
    ndarray of the same shape, float64
    """
    linear = np.maximum(linear, 0.0)
    return np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)


def rgb_to_lab(rgb: NDArray[Any]) -> Floats:
    """Convert sRGB to CIE Lab.

    Parameters
    ----------
    rgb : ndarray of shape (..., 3), uint8 in 0..255 or float in [0, 1]

    Returns
    -------
    ndarray of shape (..., 3), float64
        Lightness in 0..100; over all 8-bit colors a is in -86.19..98.24 and b in -107.86..94.48.

    Raises
    ------
    InputError
        If the type or the range is wrong, see `srgb_unit`.

    Examples
    --------
    >>> rgb_to_lab(np.array([255, 0, 0], np.uint8)).round(2).tolist()
    [53.24, 80.09, 67.2]
    """
    xyz = _linear(np.asarray(rgb)) @ SRGB_TO_XYZ.T / WHITE_D65
    f = np.where(xyz > LAB_EPSILON, np.cbrt(xyz), LAB_SLOPE * xyz + LAB_OFFSET)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def lab_to_linear(lab: NDArray[Any]) -> Floats:
    """Convert CIE Lab to linear sRGB, without clipping.

    Parameters
    ----------
    lab : ndarray of shape (..., 3), CIELAB units

    Returns
    -------
    ndarray of shape (..., 3), float64
        Outside [0, 1] where sRGB cannot show the color.
    """
    lab = np.asarray(lab, np.float64)
    y = (lab[..., 0] + 16.0) / 116.0
    f = np.stack([y + lab[..., 1] / 500.0, y, np.maximum(y - lab[..., 2] / 200.0, 0.0)], axis=-1)
    xyz = np.where(f > LAB_LIMIT, f**3, (f - LAB_OFFSET) / LAB_SLOPE) * WHITE_D65
    return xyz @ XYZ_TO_SRGB.T


def lab_to_rgb(lab: NDArray[Any]) -> Floats:
    """Convert CIE Lab to sRGB; colors that sRGB cannot show are clipped channel by channel.

    Parameters
    ----------
    lab : ndarray of shape (..., 3), CIELAB units

    Returns
    -------
    ndarray of shape (..., 3), float64 in [0, 1]

    Notes
    -----
    Clipping changes lightness and hue; to keep both, call `reduce_to_gamut` first.

    Examples
    --------
    >>> np.rint(255 * lab_to_rgb(np.array([53.24, 80.09, 67.2]))).tolist()
    [255.0, 0.0, 0.0]
    """
    return np.clip(linear_to_srgb(lab_to_linear(lab)), 0.0, 1.0)


def without_color(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture without its colors: the grays of the same lightness.

    Parameters
    ----------
    rgb : ndarray of shape (..., 3), uint8

    Returns
    -------
    ndarray of shape (..., 3), uint8
        Three equal channels.

    Examples
    --------
    >>> without_color(np.array([[255, 0, 0], [99, 99, 99]], np.uint8)).tolist()
    [[127, 127, 127], [99, 99, 99]]
    """
    luminance = _linear(rgb) @ SRGB_TO_XYZ[1]
    gray = np.rint(255.0 * linear_to_srgb(luminance)).astype(np.uint8)
    return np.repeat(gray[..., None], 3, axis=-1)


def reduce_to_gamut(lab: NDArray[Any], steps: int = 10) -> Floats:
    """Reduce the chroma of colors that sRGB cannot show until it can; keep lightness and hue.

    Parameters
    ----------
    lab : ndarray of shape (..., 3), CIELAB units
        Lightness in 0..100.
    steps : int
        Number of bisection steps; 10 find the chroma to within a thousandth.

    Returns
    -------
    ndarray of shape (..., 3), float64
        Colors inside the gamut are returned unchanged.

    Examples
    --------
    >>> reduce_to_gamut(np.array([[50.0, 10.0, 0.0], [50.0, 120.0, 0.0]])).round(1).tolist()
    [[50.0, 10.0, 0.0], [50.0, 79.0, 0.0]]
    """
    reduced = np.array(lab, np.float64)
    outside = ~_displayable(reduced)
    if not outside.any():
        return reduced
    colors = reduced[outside]
    low, high = np.zeros(len(colors)), np.ones(len(colors))
    for _ in range(steps):
        middle = (low + high) / 2
        inside = _displayable(_scale_chroma(colors, middle))
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    reduced[outside] = _scale_chroma(colors, low)
    return reduced


def _linear(rgb: NDArray[Any]) -> Floats:
    """Return linear sRGB; a look-up for 8 bits takes a third of the time."""
    if rgb.dtype == np.uint8 and rgb.shape[-1:] == (3,):
        linear: Floats = linear_levels()[rgb]
        return linear
    return srgb_to_linear(srgb_unit(rgb))


def _displayable(lab: Floats) -> NDArray[np.bool_]:
    # A tolerance of half an 8-bit level: the grays themselves are off by less than that.
    linear = lab_to_linear(lab)
    inside: NDArray[np.bool_] = np.all((linear >= -1.5e-4) & (linear <= 1.0 + 4e-3), axis=-1)
    return inside


def _scale_chroma(lab: Floats, factor: Floats) -> Floats:
    return np.column_stack([lab[:, 0], lab[:, 1:] * factor[:, None]])
