"""From pixels to labels: by look-up tables, and by the quantizer itself for what is in no table.

The labels of images of one size are a dictionary of arrays, one row per image, with the names that
label shards use:

===============  ==================  ===================================================
array            shape, type         holds
===============  ==================  ===================================================
``lightness``    (N, H, W) u8        round(2.55 L) of every pixel
``ab``           (N, h, w, 2) i8     floor(a), floor(b) of rows and columns 0, stride, ...
``label``        (N, h, w) u16       the bins of the same pixels; 65535 means ignored
``hc``           (N, h, w, 2) u8     floor(256 h) mod 256, min(floor(256 C), 255) of the same
                                     pixels, for quantizers of hue and chroma
``topk_index``   (N, h, w, k) u16    the k likeliest bins, the likeliest first, if requested
``topk_weight``  (N, h, w, k) f16    their probabilities, summing to 1
``rgb``          (N, H, W, 3) u8     every pixel, if requested
===============  ==================  ===================================================
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..color.hue_chroma import from_chroma_plane, rgb_to_hue_chroma_lightness, to_chroma_plane
from ..color.lab import rgb_to_lab
from ..color.lowpass import lowpass
from ..errors import InputError
from .kernels import lightness_levels, look_up, look_up_bins_of_cells, look_up_cells
from .quantizer import Quantizer
from .tables import ab_cells, bin_table, cell_bins, hue_chroma_cells, lightness_tables

IGNORE = 65535

Labels = dict[str, NDArray[Any]]


class Labeler:
    """Labels images by a quantizer; safe to share between threads and to send to processes.

    Parameters
    ----------
    stride : int
        Every stride-th row and column of color is labeled.
    lowpass_factor : float or None
        Blur colors, in the quantizer's plane, before labeling; see `colorprep.color.lowpass`.
    n_soft : int
        Number of bins of each pixel's distribution to keep; 0 for hard labels only.
    keep_rgb : bool
        Keep the pixels, too.

    Raises
    ------
    InputError
        If the distribution of a color has fewer than `n_soft` bins.

    Examples
    --------
    >>> from colorprep import ab_lattice
    >>> labeler = Labeler(ab_lattice(), stride=4)
    >>> labeler.label_map(np.full((8, 8, 3), 99, np.uint8)).tolist()  # gray is bin 120
    [[120, 120], [120, 120]]
    >>> buffers = labeler.buffers(1, 8)
    >>> labeler.label_into(np.full((8, 8, 3), 99, np.uint8), buffers, 0)
    >>> buffers["lightness"].shape, buffers["label"].shape
    ((1, 8, 8), (1, 2, 2))
    """

    def __init__(
        self,
        quantizer: Quantizer,
        stride: int = 1,
        lowpass_factor: float | None = None,
        n_soft: int = 0,
        keep_rgb: bool = False,
    ) -> None:
        if n_soft:
            n_weighted = quantizer.encode_soft(np.zeros((1, 2))).weights.shape[-1]
            if n_soft > n_weighted:
                raise InputError(
                    f"{quantizer.name} gives weight to {n_weighted} bins per color, so it has no "
                    f"{n_soft} soft bins to keep"
                )
        self.quantizer = quantizer
        self.stride = stride
        self.lowpass_factor = lowpass_factor
        self.n_soft = n_soft
        self.keep_rgb = keep_rgb

    @property
    def _hue_chroma(self) -> bool:
        return self.quantizer.space == "hue-chroma"

    def buffers(self, n: int, height: int, width: int | None = None) -> Labels:
        """Return empty arrays for the labels of `n` images of one size; without a width, square."""
        full = (n, height, height if width is None else width)
        small = (n, *(-(-side // self.stride) for side in full[1:]))
        buffers: Labels = {
            "lightness": np.empty(full, np.uint8),
            "ab": np.empty((*small, 2), np.int8),
            "label": np.empty(small, np.uint16),
        }
        if self._hue_chroma:
            buffers["hc"] = np.empty((*small, 2), np.uint8)
        if self.n_soft:
            buffers["topk_index"] = np.empty((*small, self.n_soft), np.uint16)
            buffers["topk_weight"] = np.empty((*small, self.n_soft), np.float16)
        if self.keep_rgb:
            buffers["rgb"] = np.empty((*full, 3), np.uint8)
        return buffers

    def label_map(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint16]:
        """Return the bin of every stride-th pixel.

        Parameters
        ----------
        rgb : ndarray of shape (H, W, 3), uint8

        Returns
        -------
        ndarray of shape (ceil(H / stride), ceil(W / stride)), uint16
        """
        if self.lowpass_factor is not None:
            return self.quantizer.encode(self._colors(rgb))
        height, width = rgb.shape[:2]
        out = np.empty((-(-height // self.stride), -(-width // self.stride)), np.uint16)
        look_up(rgb, bin_table(self.quantizer), self.stride, out)
        return out

    def label_into(self, rgb: NDArray[np.uint8], buffers: Labels, row: int) -> None:
        """Write the labels of an image into one row of `buffers`.

        Parameters
        ----------
        rgb : ndarray of shape (H, W, 3), uint8
        buffers : dict of str to ndarray
            From `Labeler.buffers`.
        """
        lightness_levels(rgb, *lightness_tables(), buffers["lightness"][row])
        look_up_cells(rgb, ab_cells(), self.stride, 128, buffers["ab"][row])
        if self._hue_chroma:
            look_up_cells(rgb, hue_chroma_cells(), self.stride, 0, buffers["hc"][row])
        if self.keep_rgb:
            buffers["rgb"][row] = rgb
        colors = None
        if self.lowpass_factor is not None or self.n_soft:
            colors = self._colors(rgb)
        if self.lowpass_factor is None:
            self._look_up_bins(rgb, buffers, row)
        elif colors is not None:
            buffers["label"][row] = self.quantizer.encode(colors)
            self._write_cells(colors, buffers, row)
        if self.n_soft and colors is not None:
            buffers["topk_index"][row], buffers["topk_weight"][row] = self._likeliest(colors)

    def _look_up_bins(self, rgb: NDArray[np.uint8], buffers: Labels, row: int) -> None:
        bins_of_cells = cell_bins(self.quantizer)
        if bins_of_cells is not None:
            look_up_bins_of_cells(buffers["ab"][row], bins_of_cells, buffers["label"][row])
        else:
            look_up(rgb, bin_table(self.quantizer), self.stride, buffers["label"][row])

    def _colors(self, rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return the colors to label, in the quantizer's space, blurred if requested."""
        step = self.stride
        if self.lowpass_factor is None:
            rgb = rgb[::step, ::step]
        if not self._hue_chroma:
            ab = rgb_to_lab(rgb)[..., 1:]
            return ab if self.lowpass_factor is None else self._blurred(ab)
        hue_chroma = rgb_to_hue_chroma_lightness(rgb)[..., :2]
        if self.lowpass_factor is None:
            return hue_chroma
        return from_chroma_plane(self._blurred(to_chroma_plane(hue_chroma)))

    def _blurred(self, plane: NDArray[np.float64]) -> NDArray[np.float64]:
        assert self.lowpass_factor is not None
        return lowpass(plane, self.lowpass_factor)[:: self.stride, :: self.stride]

    def _write_cells(self, colors: NDArray[np.float64], buffers: Labels, row: int) -> None:
        """Write the cells of the blurred colors, by which soft labels are looked up later."""
        if self._hue_chroma:
            hue, chroma = np.floor(256.0 * np.moveaxis(colors, -1, 0))
            buffers["hc"][row] = np.stack([hue % 256, np.minimum(chroma, 255)], axis=-1)
        else:
            buffers["ab"][row] = np.floor(colors)

    def _likeliest(
        self, colors: NDArray[np.float64]
    ) -> tuple[NDArray[np.uint16], NDArray[np.float64]]:
        """Return the `n_soft` likeliest bins of each color, the likeliest first, and weights."""
        soft = self.quantizer.encode_soft(colors)
        order = np.argsort(-soft.weights, axis=-1, kind="stable")[..., : self.n_soft]
        weights = np.take_along_axis(soft.weights, order, axis=-1)
        weights /= weights.sum(axis=-1, keepdims=True)
        return np.take_along_axis(soft.bins, order, axis=-1), weights


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
