"""Checks of what artifacts contain, whenever they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..balance.lightness import MOST_LEVELS
from ..errors import ArtifactError
from ..places import Location
from .arrays import Arrays

SUM_TOLERANCE = 1e-6  # for probabilities, which other programs may have rounded


def level_rows(path: Location, arrays: Arrays, names: Sequence[str]) -> list[NDArray[Any]]:
    """Return arrays of one row for each level of lightness; nothing if the file has none."""
    found = [arrays[name] for name in names if name in arrays]
    if not found:
        return []
    numbers = {len(array) if array.ndim > 1 else 0 for array in found}
    if len(found) < len(names) or len(numbers) > 1 or not 1 <= max(numbers) <= MOST_LEVELS:
        raise damaged(path, f"its arrays {', '.join(names)} are not for the same levels")
    return found


def check_counts(path: Location, n_bins: int, counts: Sequence[NDArray[Any] | None]) -> None:
    """Raise ArtifactError unless counts of bins, cells and so on are valid."""
    names = ("bins", "cells", "lightness levels", "replicates")
    shapes: list[tuple[int | None, ...]] = [(n_bins,), (256, 256), (256,), (None, n_bins)]
    for name, shape, array in zip(names, shapes, counts, strict=False):
        if array is None:
            continue
        lengths = zip(array.shape, shape, strict=False)
        if array.ndim != len(shape) or any(n not in (m, None) for m, n in lengths):
            expected = " x ".join("R" if n is None else str(n) for n in shape)
            found = " x ".join(map(str, array.shape))
            raise damaged(path, f"its counts of {name} have shape {found}, not {expected}")
        if array.dtype.kind not in "iu" or (array.size and array.min() < 0):
            raise damaged(path, f"its counts of {name} are not all nonnegative integers")


def check_probs(path: Location, probs: NDArray[Any], n_bins: int) -> None:
    """Raise ArtifactError unless probabilities are valid, and sum to 1."""
    if probs.shape != (n_bins,) or probs.dtype.kind != "f":
        raise damaged(path, f"its probabilities are not one number for each of its {n_bins} bins")
    if not np.isfinite(probs).all() or probs.min() < 0:
        raise damaged(path, "some of its probabilities are negative, infinite or NaN")
    if not abs(float(probs.sum()) - 1.0) <= SUM_TOLERANCE:
        raise damaged(path, f"its probabilities sum to {probs.sum():.6g}, not to 1")


def check_weights(path: Location, values: NDArray[Any], dropped: NDArray[np.bool_] | None) -> None:
    """Raise ArtifactError unless values are rebalancing weights: (Q,), finite, and above 0.

    Parameters
    ----------
    path : Path
        For the message.
    dropped : ndarray of shape (Q,), bool, or None
        Bins whose weight may be 0.
    """
    if values.ndim != 1 or values.dtype.kind != "f":
        raise damaged(path, f"its weights have shape {values.shape}, but should be a vector")
    if not np.isfinite(values).all():
        raise damaged(path, "some of its weights are infinite or NaN")
    low = values <= 0 if dropped is None else (values < 0) | ((values == 0) & ~dropped)
    if low.any():
        bin_ = int(np.argmax(low))
        raise damaged(path, f"the weight of bin {bin_} is {values[bin_]}, but should be above 0")


def damaged(path: Location, what: str) -> ArtifactError:
    """Return the error to raise for a file that contains something invalid."""
    return ArtifactError(f"{path} is damaged: {what}; create it again")
