"""From lightness and colors of a lower resolution, or from a network's RGB, to a picture.

A photograph is rendered in bands of a few rows, in float64, so that the working memory does not
grow with its height. The pixels of a band do not depend on where bands begin and end: the picture
is the same, bit for bit, as if rendered in one piece.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .color.hue_chroma import (
    from_chroma_plane,
    hue_chroma_lightness_to_rgb,
    to_chroma_plane,
)
from .color.lab import Floats, lab_to_rgb, reduce_to_gamut, rgb_to_lab
from .images.decoding import Pixels
from .images.resizing import triangle_weights
from .quantize.quantizer import Quantizer

BAND_PIXELS = 1 << 16  # few enough to stay in a processor's cache: twice as fast as a whole picture


class LabelGrid(NamedTuple):
    """Where colors lie in a picture stretched to size x size pixels.

    Their centers are those of pixels 0, stride, 2 stride, ... of each axis.
    """

    size: int
    stride: int

    @property
    def side(self) -> int:
        """How many colors there are along each axis."""
        return -(-self.size // self.stride)


def recolor(
    pixels: Pixels,
    colors: Floats,
    quantizer: Quantizer,
    grid: LabelGrid | None,
    band_pixels: int = BAND_PIXELS,
) -> Pixels:
    """Replace the colors of a photograph by those of a lower resolution; keep its lightness.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
    colors : ndarray of shape (h, w, 2), float64
        As in `colorize`.
    band_pixels : int
        The approximate number of pixels in a band.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        Equal to `colorize` of the photograph's Lab lightness.
    """
    height, width = pixels.shape[:2]
    enlarged = Enlarged(_to_plane(colors, quantizer), (height, width), grid)
    picture = np.empty((height, width, 3), np.uint8)
    n_rows = max(1, band_pixels // width)
    for start in range(0, height, n_rows):
        band = slice(start, min(start + n_rows, height))
        lightness = rgb_to_lab(pixels[band])[..., 0]
        picture[band] = _rendered(lightness, _to_ab(enlarged[band], lightness, quantizer))
    return picture


def colorize(
    lightness: Floats, colors: Floats, quantizer: Quantizer, grid: LabelGrid | None
) -> Pixels:
    """Color a picture with predicted colors of a lower resolution.

    Parameters
    ----------
    lightness : ndarray of shape (H, W), float64
        Lab lightness, 0 to 100; that of the picture.
    colors : ndarray of shape (h, w, 2), float64
        In the quantizer's space; interpolated bilinearly, hues on their circle.
    grid : LabelGrid or None
        Where the colors lie; None if each covers an equal part of the picture.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8

    Examples
    --------
    >>> from colorprep import ab_lattice
    >>> green = np.array([[[-60.0, 60.0]]])
    >>> colorize(np.array([[20.0, 80.0]]), green, ab_lattice(), None).tolist()
    [[[9, 57, 0], [105, 224, 76]]]
    """
    enlarged = Enlarged(_to_plane(colors, quantizer), lightness.shape, grid)[:]
    return _rendered(lightness, _to_ab(enlarged, lightness, quantizer))


def render(lightness: Floats, ab: Floats, grid: LabelGrid | None) -> Pixels:
    """Render a picture from its lightness, and ab of the same or a lower resolution.

    Parameters
    ----------
    lightness : ndarray of shape (H, W), float64
        Lab lightness, 0 to 100.
    ab : ndarray of shape (h, w, 2), float64
    grid : LabelGrid or None
        As in `colorize`.

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        The chroma of colors outside of sRGB's gamut at their lightness is reduced.

    Examples
    --------
    >>> render(np.array([[20.0, 80.0]]), np.zeros((1, 1, 2)), None).tolist()
    [[[48, 48, 48], [198, 198, 198]]]
    """
    return _rendered(lightness, Enlarged(ab, lightness.shape, grid)[:])


def picture_of(rgb: NDArray[np.floating]) -> Pixels:
    """Return the picture of sRGB in [-1, 1], as generators make it; values outside are clipped.

    Parameters
    ----------
    rgb : ndarray of shape (..., 3)

    Returns
    -------
    ndarray of shape (..., 3), uint8

    Examples
    --------
    >>> picture_of(np.array([-1.0, 0.004, 1.5])).tolist()
    [0, 128, 255]
    """
    return np.rint(127.5 * (rgb.clip(-1.0, 1.0) + 1.0)).astype(np.uint8)


class Enlarged:
    """Colors interpolated bilinearly to another resolution, in bands of rows.

    Parameters
    ----------
    colors : ndarray of shape (h, w, 2), float64
    shape : tuple of int
        The new height and width.
    grid : LabelGrid or None
        As in `colorize`.

    Notes
    -----
    Without a grid, equal bit for bit to Pillow's resize. Pillow rounds to float32 after each of its
    two passes, and starts with the columns if that is less work.
    """

    def __init__(self, colors: Floats, shape: tuple[int, ...], grid: LabelGrid | None) -> None:
        (height, width), (n_rows, n_columns) = colors.shape[:2], shape
        self._shape, self._grid = (n_rows, n_columns), grid
        self._columns_first = n_rows < height and height - n_rows > 2 * (width - n_columns)
        # Colors that have the new size already are not rounded.
        self._values: NDArray[np.floating] = colors
        if not self._columns_first:
            self._values = _interpolated(colors, 1, n_columns, grid)

    def __getitem__(self, rows: slice) -> Floats:
        """Return a band of rows, float64 of shape (n, W, 2)."""
        values = _interpolated(self._values, 0, self._shape[0], self._grid, rows)
        if self._columns_first:
            values = _interpolated(values, 1, self._shape[1], self._grid)
        return values.astype(np.float64)


def _interpolated(
    values: NDArray[np.floating],
    axis: int,
    size: int,
    grid: LabelGrid | None,
    part: slice = slice(None),
) -> NDArray[np.floating]:
    """Stretch values to `size` along an axis, and return a part of them, float32."""
    length = values.shape[axis]
    n_pixels, stride = grid or (length, 1)
    if length == n_pixels == size:
        return values[part] if axis == 0 else values
    first, weights = triangle_weights(length, size, stride, n_pixels)
    values = values.astype(np.float32)
    total = np.zeros(1)
    for offset, weight in enumerate(weights[:, part]):
        samples = np.take(values, np.minimum(first[part] + offset, length - 1), axis)
        total = total + samples * np.expand_dims(weight, (1, 2) if axis == 0 else (0, 2))
    return total.astype(np.float32)


def to_ab(colors: Floats, lightness: Floats, quantizer: Quantizer) -> Floats:
    """Convert colors of a quantizer's space to ab, at a Lab lightness.

    Parameters
    ----------
    colors : ndarray of shape (..., 2), float64
    lightness : ndarray of shape (...,), float64
        0 to 100.

    Returns
    -------
    ndarray of shape (..., 2), float64
        Not reduced to the gamut of sRGB.

    Examples
    --------
    >>> from colorprep.quantize.mixture import hue_chroma_grid
    >>> to_ab(np.array([0.0, 0.5]), np.array(50.0), hue_chroma_grid(4)).round(1).tolist()
    [51.1, 29.7]
    """
    return _to_ab(_to_plane(colors, quantizer), lightness, quantizer)


def _to_plane(colors: Floats, quantizer: Quantizer) -> Floats:
    """Map colors to a plane in which they can be interpolated."""
    return colors if quantizer.space == "ab" else to_chroma_plane(colors)


def _to_ab(plane: Floats, lightness: Floats, quantizer: Quantizer) -> Floats:
    """Convert points of that plane to ab, at a Lab lightness.

    Hue and chroma are combined with the HSL lightness of the gray that has this Lab lightness.
    """
    if quantizer.space == "ab":
        return plane
    gray = lab_to_rgb(np.stack([lightness, 0 * lightness, 0 * lightness], axis=-1))
    hcl = np.concatenate([from_chroma_plane(plane), gray.mean(axis=-1, keepdims=True)], axis=-1)
    return rgb_to_lab(hue_chroma_lightness_to_rgb(hcl))[..., 1:]


def _rendered(lightness: Floats, ab: Floats) -> Pixels:
    """Render lightness and ab of one resolution; reduce chroma to the gamut of sRGB."""
    lab = np.concatenate([lightness[..., None], ab], axis=-1)
    return np.rint(255.0 * lab_to_rgb(reduce_to_gamut(lab))).astype(np.uint8)
