"""Ranges of the arrays of a shard, so that damage is detected when they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...quantize.labeling import IGNORE


@dataclass(frozen=True)
class Ranges:
    """The values that are allowed in labels of so many bins and classes.

    Attributes
    ----------
    n_bins, n_classes : int
    """

    n_bins: int
    n_classes: int

    def allowed(self, name: str, values: NDArray[Any]) -> NDArray[np.bool_] | None:
        """Return which values of an array are allowed; None if all values of its type are.

        Parameters
        ----------
        name : str
            Of an array of a shard.
        values : ndarray
            Any part of it.
        """
        allowed: NDArray[np.bool_] | None = None
        if name == "label":
            allowed = (values < self.n_bins) | (values == IGNORE)
        elif name == "topk_index":
            allowed = values < self.n_bins
        elif name == "topk_weight":
            allowed = np.isfinite(values)
        elif name == "class_id":
            allowed = (values >= -1) & (values < self.n_classes)
        return allowed

    def expected(self, name: str) -> str:
        """Describe which values are allowed."""
        return {
            "label": f"a bin below {self.n_bins}, or {IGNORE} for none",
            "topk_index": f"a bin below {self.n_bins}",
            "topk_weight": "a finite number",
            "class_id": f"a class below {self.n_classes}, or -1 for none",
        }[name]
