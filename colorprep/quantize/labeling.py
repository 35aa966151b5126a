"""From pixels to labels, by looking up tables."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .kernels import lightness_levels, look_up, look_up_bins_of_cells, look_up_cells
from .quantizer import Quantizer
from .tables import ab_cells, bin_table, cell_bins, hue_chroma_cells, lightness_tables

IGNORE = 65535


class LabeledImages(NamedTuple):
    """What a label shard holds of N images of one size.

    Attributes
    ----------
    lightness : ndarray of shape (N, H, W), uint8
        round(2.55 L) of every pixel.
    ab : ndarray of shape (N, h, w, 2), int8
        floor(a), floor(b) of rows and columns 0, stride, 2 stride, ...
    label : ndarray of shape (N, h, w), uint16
        The bins of the same pixels; `IGNORE` marks pixels without one.
    hc : ndarray of shape (N, h, w, 2), uint8, or None
        floor(256 h) mod 256 and min(floor(256 C), 255) of the same pixels, for quantizers of hue
        and chroma.
    """

    lightness: NDArray[np.uint8]
    ab: NDArray[np.int8]
    label: NDArray[np.uint16]
    hc: NDArray[np.uint8] | None

    def rows(self, start: int, stop: int) -> LabeledImages:
        """Return images `start` to `stop`, not included, without copying."""
        hc = None if self.hc is None else self.hc[start:stop]
        return LabeledImages(
            self.lightness[start:stop], self.ab[start:stop], self.label[start:stop], hc
        )


def empty_labels(n: int, size: int, stride: int, hue_chroma: bool) -> LabeledImages:
    """Return room for the labels of N images of size x size."""
    small = -(-size // stride)
    return LabeledImages(
        np.empty((n, size, size), np.uint8),
        np.empty((n, small, small, 2), np.int8),
        np.empty((n, small, small), np.uint16),
        np.empty((n, small, small, 2), np.uint8) if hue_chroma else None,
    )


class Labeler:
    """Labels images by a quantizer; safe to share between threads.

    Parameters
    ----------
    quantizer : Quantizer
    """

    def __init__(self, quantizer: Quantizer) -> None:
        self.has_hue_chroma = quantizer.space == "hue-chroma"
        self._bins = bin_table(quantizer)
        self._cell_bins = cell_bins(quantizer)
        self._ab_cells = ab_cells()
        self._hue_chroma_cells = hue_chroma_cells() if self.has_hue_chroma else None
        self._lightness = lightness_tables()

    def label_map(self, rgb: NDArray[np.uint8], stride: int = 1) -> NDArray[np.uint16]:
        """Return the bin of every stride-th pixel.

        Parameters
        ----------
        rgb : ndarray of shape (H, W, 3), uint8
        stride : int

        Returns
        -------
        ndarray of shape (ceil(H / stride), ceil(W / stride)), uint16
        """
        height, width = rgb.shape[:2]
        out = np.empty((-(-height // stride), -(-width // stride)), np.uint16)
        look_up(rgb, self._bins, stride, out)
        return out

    def label_into(
        self, rgb: NDArray[np.uint8], stride: int, room: LabeledImages, row: int
    ) -> None:
        """Label an image into one row of `room`.

        Parameters
        ----------
        rgb : ndarray of shape (size, size, 3), uint8
        stride : int
        room : LabeledImages
            Of that size and stride, see `empty_labels`.
        row : int
        """
        lightness_levels(rgb, *self._lightness, room.lightness[row])
        look_up_cells(rgb, self._ab_cells, stride, 128, room.ab[row])
        if self._cell_bins is not None:
            look_up_bins_of_cells(room.ab[row], self._cell_bins, room.label[row])
        else:
            look_up(rgb, self._bins, stride, room.label[row])
        if room.hc is not None and self._hue_chroma_cells is not None:
            look_up_cells(rgb, self._hue_chroma_cells, stride, 0, room.hc[row])


def lightness_of(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return round(2.55 L) of every pixel.

    Parameters
    ----------
    rgb : ndarray of shape (H, W, 3), uint8

    Returns
    -------
    ndarray of shape (H, W), uint8
    """
    out = np.empty(rgb.shape[:2], np.uint8)
    lightness_levels(rgb, *lightness_tables(), out)
    return out
