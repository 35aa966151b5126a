"""Ranges of the arrays of a shard, to detect damage on reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...quantize.labeling import IGNORE


@dataclass(frozen=True)
class Ranges:
    """The allowed values of labels with a number of bins and classes."""

    n_bins: int
    n_classes: int

    def allowed(self, name: str, values: NDArray[Any]) -> NDArray[np.bool_] | None:
        """Return which values of an array are allowed; None if all values of its type are."""
        allowed: NDArray[np.bool_] | None = None
        if name == "label":
            allowed = (values < self.n_bins) | (values == IGNORE)
        elif name == "topk_index":
            allowed = values < self.n_bins
        elif name in ("topk_weight", "features"):
            allowed = np.isfinite(values)
        elif name == "class_id":
            allowed = (values >= -1) & (values < self.n_classes)
        return allowed

    def expected(self, name: str) -> str:
        """Describe the allowed values."""
        return {
            "label": f"a bin below {self.n_bins}, or {IGNORE} for none",
            "topk_index": f"a bin below {self.n_bins}",
            "topk_weight": "a finite number",
            "features": "a finite number",
            "class_id": f"a class below {self.n_classes}, or -1 for none",
        }[name]
