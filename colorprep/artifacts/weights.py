"""`weights.npz`, written and read."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import starmap
from pathlib import Path
from typing import Any

import numpy as np

from ..balance.weights import Weights
from ..errors import ArtifactError
from ..places import Url, location_of
from .arrays import load_arrays, save_arrays
from .checks import check_probs, check_weights, damaged, level_rows

WEIGHTS_SCHEMA = "colorprep.weights/1"

FIXED_N_BINS = {"ab313": 313, "ab529": 529}  # of the quantizers that have no other number


def save_weights(path: str | Path | Url, weights: Weights, meta: Mapping[str, Any]) -> None:
    """Write rebalancing weights, replaced atomically.

    Parameters
    ----------
    meta : mapping
        How they were made, in plain values fit for JSON.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from colorprep import rebalancing_weights
    >>> weights = rebalancing_weights(np.array([0.2, 0.8]))
    >>> with TemporaryDirectory() as folder:
    ...     save_weights(Path(folder, "weights.npz"), weights, {"lambda": 0.5})
    ...     load_weights(Path(folder, "weights.npz"))[1]
    {'schema': 'colorprep.weights/1', 'lambda': 0.5}
    """
    path = location_of(path)
    arrays = {"weights": weights.weights, "probs": weights.probs}
    if weights.levels:
        arrays["level_weights"] = np.stack([level.weights for level in weights.levels])
        arrays["level_probs"] = np.stack([level.probs for level in weights.levels])
    save_arrays(path, arrays, {"schema": WEIGHTS_SCHEMA, **meta})


def load_weights(path: str | Path | Url) -> tuple[Weights, dict[str, Any]]:
    """Read rebalancing weights and their meta entry; see `save_weights` for an example.

    Raises
    ------
    ArtifactError
        If the file is missing, damaged, without weights, or of a newer schema; if a weight is not
        finite and above 0. Bins without probability may have weight 0, as ``drop`` gives them.
    """
    path = location_of(path)
    arrays, meta = load_arrays(path, WEIGHTS_SCHEMA)
    try:
        values, probs = arrays["weights"], arrays["probs"]
    except KeyError as error:
        raise ArtifactError(f"{path} is damaged: it lacks {error}; create it again") from error
    n_bins = FIXED_N_BINS.get(str(meta.get("quantizer")), values.size)
    if values.size != n_bins:
        what = f"it has {values.size} weights for the {n_bins} bins of {meta['quantizer']}"
        raise damaged(path, what)
    rows = level_rows(path, arrays, ["level_weights", "level_probs"])
    levels = tuple(starmap(Weights, zip(*rows, strict=True)))
    for each in (Weights(values, probs), *levels):
        check_probs(path, each.probs, n_bins)
        dropped = each.probs == 0 if meta.get("zero_bins") == "drop" else None
        check_weights(path, each.weights, dropped)
    return Weights(values, probs, levels), meta
