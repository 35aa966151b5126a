"""Separate bins of hue and of chroma, as in colorizer-fcn's one-hot labels.

K edges equally spaced from 0 to 1, both ends included, make K - 1 bins and a last one for the value
1 alone, which no hue and only pure colors' chroma has. The two labels are stored as one joint bin,
chroma bin * K + hue bin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..color.lab import Floats
from ..errors import InputError
from . import decoding
from .quantizer import Decoding, EqualByContent, Space, centers_of, fingerprint_of
from .soft_encoding import SoftEncoding


@dataclass(frozen=True, eq=False, repr=False)
class HueChromaBins(EqualByContent):
    """Joint bins of separately binned hue and chroma.

    Attributes
    ----------
    hue_edges, chroma_edges : ndarray of shape (K,), float64
        Ascending; a value belongs to the last edge that does not exceed it.
    """

    hue_edges: Floats
    chroma_edges: Floats

    @property
    def name(self) -> str:
        """Name of the quantizer on the command line."""
        return "hc-1d"

    @property
    def space(self) -> Space:
        """The plane of its colors."""
        return "hue-chroma"

    @cached_property
    def centers(self) -> Floats:
        """The middles of the bins as (hue, chroma), hue varying fastest; (K * K, 2) float64."""
        hue, chroma = _middles(self.hue_edges), _middles(self.chroma_edges)
        return np.column_stack([np.tile(hue, len(chroma)), np.repeat(chroma, len(hue))])

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the name and the edges."""
        return fingerprint_of(self.name, self.arrays)

    @property
    def parameters(self) -> dict[str, Any]:
        """Empty: the edges define the bins."""
        return {}

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The edges."""
        return {"hue_edges": self.hue_edges, "chroma_edges": self.chroma_edges}

    def encode(self, colors: NDArray[Any]) -> NDArray[np.uint16]:
        """Return each color's joint bin.

        Parameters
        ----------
        colors : ndarray of shape (..., 2), hue in turns and chroma in [0, 1]

        Returns
        -------
        ndarray of shape (...), uint16
        """
        colors = np.asarray(colors, np.float64)
        hue = np.digitize(colors[..., 0] % 1.0, self.hue_edges) - 1
        chroma = np.digitize(np.clip(colors[..., 1], 0.0, 1.0), self.chroma_edges) - 1
        bins: NDArray[np.uint16] = (chroma * len(self.hue_edges) + hue).astype(np.uint16)
        return bins

    def encode_soft(self, colors: NDArray[Any]) -> SoftEncoding:
        """Return the hard bin with weight 1, since these labels are one-hot."""
        index = self.encode(colors)[..., None]
        return SoftEncoding(index, np.ones(index.shape))

    def decode(
        self,
        probs: NDArray[Any],
        how: Decoding = "annealed-mean",
        temperature: float = decoding.TEMPERATURE,
        bins: NDArray[np.uint16] | None = None,
    ) -> Floats:
        """Return the hue and chroma of distributions; hues are averaged on their circle."""
        return decoding.decode_hue_chroma(probs, centers_of(self.centers, bins), how, temperature)


def hue_chroma_bins(components: int = 32) -> HueChromaBins:
    """Return separate bins of hue and chroma.

    Parameters
    ----------
    components : int
        Number of edges on each axis, 2 to 255.

    Returns
    -------
    HueChromaBins
        With components * components joint bins.

    Raises
    ------
    InputError
        If `components` is out of range.

    Examples
    --------
    >>> bins = hue_chroma_bins(32)
    >>> divmod(int(bins.encode([0.5, 0.25])), 32)  # bins of chroma and of hue
    (7, 15)
    """
    if not 2 <= components <= 255:
        raise InputError(f"hc-1d takes 2 to 255 components on each axis, got {components}")
    edges = np.linspace(0.0, 1.0, components)
    return HueChromaBins(edges, edges)


def _middles(edges: Floats) -> Floats:
    return np.append((edges[:-1] + edges[1:]) / 2.0, edges[-1])
