"""Bins as text, as swatches in tables, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, SupportsIndex

import numpy as np
from matplotlib.colors import to_hex
from numpy.typing import NDArray

from ...quantize.quantizer import Quantizer
from ..figures.gamut import bin_colors
from ..page import Swatch


def bin_name(quantizer: Quantizer, index: SupportsIndex) -> str:
    """Name a bin by its center.

    Examples
    --------
    >>> from colorprep import ab_lattice
    >>> bin_name(ab_lattice(), 120), bin_name(ab_lattice(), 0)
    ('a 0, b 0', 'a −90, b 50')
    """
    first, second = quantizer.centers[index]
    if quantizer.space == "ab":
        return f"a {_rounded(first)}, b {_rounded(second)}"
    return f"hue {360 * first:.0f}°, chroma {second:.2f}"


def bin_swatches(
    quantizer: Quantizer, bins: NDArray[np.intp], texts: Sequence[str] | None = None
) -> list[Swatch]:
    """Return swatches of bins with texts beside them; None takes the names of the bins."""
    colors = map(to_hex, bin_colors(quantizer, bins))
    names = [bin_name(quantizer, i) for i in bins]
    if texts is None:
        return [Swatch(color, name, "bin") for color, name in zip(colors, names, strict=True)]
    return [Swatch(*swatch) for swatch in zip(colors, texts, names, strict=True)]


def bin_facts(quantizer: Quantizer, index: SupportsIndex, **values: Any) -> dict[str, Any]:
    """Return a bin as plain values for JSON: its number, its center, and the given values."""
    center = [float(value) for value in quantizer.centers[index]]
    return {"bin": int(index), "center": center, **values}


def _rounded(value: float) -> str:
    whole = round(value)
    return f"−{-whole}" if whole < 0 else str(whole)
