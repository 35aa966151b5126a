"""What `colorprep info` says of files of arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...artifacts import load_arrays, load_prior, load_weights
from ...errors import ArtifactError
from ...report.numbers import quantity
from ...scorebook import SCHEMA as SCORES_SCHEMA
from .facts import Facts, without_schema
from .prior_facts import facts_of_prior, facts_of_vector


def of_npz(path: Path) -> Facts:
    """Return what a prior, weights or scores are."""
    kind = str(load_arrays(path, "")[1].get("schema"))
    if kind.startswith("colorprep.weights"):
        return _of_weights(path)
    if kind.startswith("colorprep.scores"):
        return _of_scores(path)
    return facts_of_prior(load_prior(path))


def _of_weights(path: Path) -> Facts:
    weights, meta = load_weights(path)
    return {
        "what": f"rebalancing weights of the {len(weights.weights)} bins of {meta['quantizer']}",
        **({"levels_of_lightness": len(weights.levels)} if weights.levels else {}),
        **{key: value for key, value in meta.items() if key not in ("schema", "quantizer")},
    }


def _of_scores(path: Path) -> Facts:
    _, meta = load_arrays(path, SCORES_SCHEMA)
    return {
        "what": f"scores of {quantity(meta['n_images'], 'image')}; the file may be deleted",
        **without_schema(meta),
    }


def of_npy(path: Path) -> Facts:
    """Return what a single array is, as far as its shape tells."""
    try:
        array: NDArray[Any] = np.load(path, allow_pickle=False, mmap_mode="r")
    except (ValueError, OSError, EOFError) as error:
        raise ArtifactError(f"{path} cannot be read as an .npy file: {error}") from error
    facts: Facts = {"what": "an array", "shape": list(array.shape), "dtype": str(array.dtype)}
    if array.ndim == 1 and len(array) in (313, 529) and array.dtype.kind in "fiu":
        return {**facts, **facts_of_vector(path, array)}
    if array.ndim == 2 and array.dtype == np.uint16:
        facts["what"] = "a label map"
        facts["bins"] = int(len(np.unique(array)))
    elif array.ndim == 2 and array.shape[1] == 2:
        facts["what"] = "centers of bins"
    elif array.ndim == 2 and array.shape[1] == array.shape[0] + 1:
        facts["what"] = "a matrix of soft targets times weights"
    return facts
