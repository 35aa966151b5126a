"""The protocol that every quantizer implements."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..color.hue_chroma import hue_chroma_lightness_to_rgb
from ..color.lab import Floats, rgb_to_lab
from .decoding import TEMPERATURE
from .soft_encoding import SoftEncoding

Space: TypeAlias = Literal["ab", "hue-chroma"]
Decoding: TypeAlias = Literal["mode", "mean", "annealed-mean"]


def centers_of(centers: Floats, bins: NDArray[np.uint16] | None) -> Floats:
    """Return the centers of some bins, (..., 2) for bins of shape (...); of all bins for None."""
    return centers if bins is None else np.asarray(centers[bins])


class Quantizer(Protocol):
    """A map from colors to Q bins and back.

    Colors have shape (..., 2): (a, b) where `space` is ``"ab"``, (hue in turns, chroma in [0, 1])
    where it is ``"hue-chroma"``.
    """

    @property
    def name(self) -> str:
        """Name of the quantizer on the command line, such as ``ab313``."""

    @property
    def space(self) -> Space:
        """The plane of its colors."""

    @property
    def centers(self) -> Floats:
        """The color that each bin stands for, (Q, 2) float64."""

    @property
    def fingerprint(self) -> str:
        """Digest of everything that decides which color gets which bin."""

    @property
    def parameters(self) -> dict[str, Any]:
        """Values that, with `arrays`, define this quantizer; serializable as JSON."""

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays besides `centers` that define this quantizer."""

    def encode(self, colors: NDArray[Any]) -> NDArray[np.uint16]:
        """Return each color's bin, (...) uint16."""

    def encode_soft(self, colors: NDArray[Any]) -> SoftEncoding:
        """Return each color's distribution over the bins."""

    def decode(
        self,
        probs: NDArray[Any],
        how: Decoding = "annealed-mean",
        temperature: float = TEMPERATURE,
        bins: NDArray[np.uint16] | None = None,
    ) -> Floats:
        """Return the colors that distributions stand for, (..., 2) float64.

        `probs` has shape (..., Q), or (..., k) for distributions over k `bins` of that shape.
        """


class EqualByContent:
    """Makes quantizers equal that give the same labels, so that they share their tables.

    It also shows them in one line, without their arrays.
    """

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and _content(self) == _content(other)

    def __hash__(self) -> int:
        return hash(_content(self)[0])

    def __repr__(self) -> str:
        quantizer: Any = self
        return f"{type(self).__name__}({quantizer.name}, {len(quantizer.centers)} bins)"


def _content(quantizer: Any) -> tuple[str, dict[str, Any]]:
    return quantizer.fingerprint, quantizer.parameters


def fingerprint_of(name: str, arrays: Mapping[str, NDArray[Any]], **values: Any) -> str:
    """Return a digest of a quantizer's name, plain values and arrays.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Hashed as little-endian float64, in order of their names.
    **values
        Serializable as JSON.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    digest = hashlib.sha256(json.dumps([name, values], sort_keys=True).encode())
    for key in sorted(arrays):
        array = np.ascontiguousarray(arrays[key], dtype="<f8")
        digest.update(f"{key}{array.shape}".encode() + array.tobytes())
    return digest.hexdigest()[:32]


def centers_in_ab(centers: Floats, space: Space) -> Floats:
    """Return the ab colors of bin centers in either space.

    Parameters
    ----------
    centers : ndarray of shape (Q, 2), float64
    space : {"ab", "hue-chroma"}
        Hue and chroma are converted at HSL lightness 0.5.

    Returns
    -------
    ndarray of shape (Q, 2), float64, CIELAB units
    """
    if space == "ab":
        return centers
    middle = np.column_stack([centers, np.full(len(centers), 0.5)])
    return rgb_to_lab(hue_chroma_lightness_to_rgb(middle))[:, 1:]
