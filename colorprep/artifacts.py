"""The small artifacts: `prior.npz` and `weights.npz`, written and read.

Both are numpy zips without pickles, with a JSON entry `meta` that records the schema, the inputs
and the settings. They hold no date and no path, so equal inputs and settings give equal bytes.
Formats: ``docs/formats.md``.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from itertools import starmap
from pathlib import Path
from tokenize import TokenError
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from . import __version__
from .atomic import replacing
from .balance.lightness import MOST_LEVELS, LightnessLevel
from .balance.prior import Prior
from .balance.weights import Weights
from .color.lab import Floats
from .errors import ArtifactError
from .quantize.quantizer import Quantizer
from .quantize.spec import restore_quantizer

PRIOR_SCHEMA = "colorprep.prior/1"
WEIGHTS_SCHEMA = "colorprep.weights/1"

BOOTSTRAP = "bootstrap_counts"
COMPRESSED = (BOOTSTRAP, "level_cells")

FIXED_N_BINS = {"ab313": 313, "ab529": 529}  # of the quantizers that have no other number

EXTRA_ARRAYS = {
    "gmm": ("means", "covariances", "mixing"),
    "hc-grid": ("sigma",),
    "hc-1d": ("hue_edges", "chroma_edges"),
}

NPY_MAGIC = b"\x93NUMPY"
SUM_TOLERANCE = 1e-6  # for probabilities, which other programs may have rounded

# What numpy raises on damaged files: its own errors, those of zip, and those of its header parser.
NUMPY_ERRORS = (
    *(ValueError, TypeError, AttributeError, KeyError, OverflowError, MemoryError, RecursionError),
    *(OSError, EOFError, SyntaxError, TokenError, NotImplementedError, RuntimeError),
    *(BadZipFile, struct.error, zlib.error),
)

Arrays = dict[str, NDArray[Any]]


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of colorprep and of packages that a result depends on."""
    return {"colorprep": __version__, **{name: _version(name) for name in packages}}


@cache
def _version(package: str) -> str:
    return version(package)  # which reads files; by class, there are many priors


def save_prior(path: str | Path, prior: Prior) -> None:
    """Write a prior, replaced atomically; its `meta` is completed by quantizer and schema.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from colorprep import ab529
    >>> counts = np.arange(529)
    >>> prior = Prior(ab529(), counts, counts / counts.sum(), np.zeros((256, 256), np.int64))
    >>> with TemporaryDirectory() as folder:
    ...     save_prior(Path(folder, "prior.npz"), prior)
    ...     load_prior(Path(folder, "prior.npz")).digest == prior.digest
    True
    """
    path = Path(path)
    cells = "ab_counts" if prior.quantizer.space == "ab" else "hc_counts"
    arrays: Arrays = {
        "centers": prior.quantizer.centers,
        "counts": prior.counts,
        "probs": prior.probs,
        cells: prior.cells,
        **prior.quantizer.arrays,
    }
    if prior.lightness_counts is not None:
        arrays["lightness_counts"] = prior.lightness_counts
    if prior.bootstrap is not None:
        arrays[BOOTSTRAP] = prior.bootstrap
    for name, each in zip(LightnessLevel._fields, zip(*prior.levels, strict=True), strict=False):
        arrays[f"level_{name}"] = np.stack(each)
    meta = {
        "schema": PRIOR_SCHEMA,
        "quantizer": prior.quantizer.name,
        "fingerprint": prior.quantizer.fingerprint,
        "parameters": prior.quantizer.parameters,
        **prior.meta,
    }
    save_arrays(path, arrays, meta)


def load_prior(path: str | Path) -> Prior:
    """Read a prior; see `save_prior` for an example.

    Raises
    ------
    ArtifactError
        If the file is missing, damaged, not a prior, or of a newer schema; if its counts are
        negative or its probabilities are invalid.
    """
    path = Path(path)
    arrays, meta = load_arrays(path, PRIOR_SCHEMA)
    try:
        name, parameters = meta["quantizer"], meta["parameters"]
        quantizer: Quantizer = restore_quantizer(
            name,
            parameters,
            arrays["centers"],
            {key: arrays[key] for key in EXTRA_ARRAYS.get(name, ())},
            meta["fingerprint"],
        )
        cells = arrays["ab_counts" if quantizer.space == "ab" else "hc_counts"]
        counts, probs = arrays["counts"], arrays["probs"]
    except KeyError as error:
        raise ArtifactError(f"{path} is damaged: it lacks {error}; create it again") from error
    except ArtifactError as error:
        raise ArtifactError(f"{path}: {error}") from error
    bootstrap, lightness = arrays.get(BOOTSTRAP), arrays.get("lightness_counts")
    n_bins = len(quantizer.centers)
    _check_counts(path, n_bins, [counts, cells, lightness, bootstrap])
    _check_probs(path, probs, n_bins)
    levels = _levels(path, arrays, n_bins)
    described = ("schema", "quantizer", "fingerprint", "parameters")
    rest = {key: value for key, value in meta.items() if key not in described}
    return Prior(quantizer, counts, probs, cells, lightness, rest, bootstrap, levels)


def _levels(path: Path, arrays: Arrays, n_bins: int) -> tuple[LightnessLevel, ...]:
    """Return the levels of lightness of a prior, checked; none if it has none."""
    names = [f"level_{name}" for name in LightnessLevel._fields]
    levels = tuple(starmap(LightnessLevel, zip(*_rows(path, arrays, names), strict=True)))
    for level in levels:
        _check_counts(path, n_bins, [level.counts, level.cells])
        if level.counts.any() or level.probs.any():
            _check_probs(path, level.probs, n_bins)
    return levels


def _rows(path: Path, arrays: Arrays, names: Sequence[str]) -> list[NDArray[Any]]:
    """Return arrays of one row for each level of lightness; nothing if the file has none."""
    found = [arrays[name] for name in names if name in arrays]
    if not found:
        return []
    numbers = {len(array) if array.ndim > 1 else 0 for array in found}
    if len(found) < len(names) or len(numbers) > 1 or not 1 <= max(numbers) <= MOST_LEVELS:
        raise _damaged(path, f"its arrays {', '.join(names)} are not for the same levels")
    return found


def _check_counts(path: Path, n_bins: int, counts: Sequence[NDArray[Any] | None]) -> None:
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
            raise _damaged(path, f"its counts of {name} have shape {found}, not {expected}")
        if array.dtype.kind not in "iu" or (array.size and array.min() < 0):
            raise _damaged(path, f"its counts of {name} are not all nonnegative integers")


def _check_probs(path: Path, probs: NDArray[Any], n_bins: int) -> None:
    if probs.shape != (n_bins,) or probs.dtype.kind != "f":
        raise _damaged(path, f"its probabilities are not one number for each of its {n_bins} bins")
    if not np.isfinite(probs).all() or probs.min() < 0:
        raise _damaged(path, "some of its probabilities are negative, infinite or NaN")
    if not abs(float(probs.sum()) - 1.0) <= SUM_TOLERANCE:
        raise _damaged(path, f"its probabilities sum to {probs.sum():.6g}, not to 1")


def _damaged(path: Path, what: str) -> ArtifactError:
    return ArtifactError(f"{path} is damaged: {what}; create it again")


def save_weights(path: str | Path, weights: Weights, meta: Mapping[str, Any]) -> None:
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
    path = Path(path)
    arrays = {"weights": weights.weights, "probs": weights.probs}
    if weights.levels:
        arrays["level_weights"] = np.stack([level.weights for level in weights.levels])
        arrays["level_probs"] = np.stack([level.probs for level in weights.levels])
    save_arrays(path, arrays, {"schema": WEIGHTS_SCHEMA, **meta})


def load_weights(path: str | Path) -> tuple[Weights, dict[str, Any]]:
    """Read rebalancing weights and their meta entry; see `save_weights` for an example.

    Raises
    ------
    ArtifactError
        If the file is missing, damaged, without weights, or of a newer schema; if a weight is not
        finite and above 0. Bins without probability may have weight 0, as ``drop`` gives them.
    """
    path = Path(path)
    arrays, meta = load_arrays(path, WEIGHTS_SCHEMA)
    try:
        values, probs = arrays["weights"], arrays["probs"]
    except KeyError as error:
        raise ArtifactError(f"{path} is damaged: it lacks {error}; create it again") from error
    n_bins = FIXED_N_BINS.get(str(meta.get("quantizer")), values.size)
    if values.size != n_bins:
        what = f"it has {values.size} weights for the {n_bins} bins of {meta['quantizer']}"
        raise _damaged(path, what)
    rows = _rows(path, arrays, ["level_weights", "level_probs"])
    levels = tuple(starmap(Weights, zip(*rows, strict=True)))
    for each in (Weights(values, probs), *levels):
        _check_probs(path, each.probs, n_bins)
        dropped = each.probs == 0 if meta.get("zero_bins") == "drop" else None
        check_weights(path, each.weights, dropped)
    return Weights(values, probs, levels), meta


def check_weights(path: Path, values: NDArray[Any], dropped: NDArray[np.bool_] | None) -> None:
    """Raise ArtifactError unless values are rebalancing weights: (Q,), finite, and above 0.

    Parameters
    ----------
    path : Path
        For the message.
    dropped : ndarray of shape (Q,), bool, or None
        Bins whose weight may be 0.
    """
    if values.ndim != 1 or values.dtype.kind != "f":
        raise _damaged(path, f"its weights have shape {values.shape}, but should be a vector")
    if not np.isfinite(values).all():
        raise _damaged(path, "some of its weights are infinite or NaN")
    low = values <= 0 if dropped is None else (values < 0) | ((values == 0) & ~dropped)
    if low.any():
        bin_ = int(np.argmax(low))
        raise _damaged(path, f"the weight of bin {bin_} is {values[bin_]}, but should be above 0")


def holds_bare_array(path: Path) -> bool:
    """Return whether a file is .npy by content, whatever its name; False if it is missing."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(NPY_MAGIC)) == NPY_MAGIC
    except OSError:
        return False


def load_npy(path: Path) -> NDArray[Any]:
    """Read an .npy file.

    Raises
    ------
    ArtifactError
        If the file is missing or damaged.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise ArtifactError(f"there is no file {path}") from None
    except NUMPY_ERRORS as error:
        raise _unreadable(path, error) from error
    if not isinstance(array, np.ndarray):
        raise _unreadable(path, "it is a zip of several arrays")
    return array


def _unreadable(path: Path, why: object) -> ArtifactError:
    # numpy takes an unreadable file for a pickle, and its message says how to load one unsafely.
    why = "it is not an array" if "pickle" in str(why) else why
    return ArtifactError(f"{path} is damaged or not an .npy file ({why}); create it again")


def load_vector(path: Path) -> Floats:
    """Read a vector of numbers from an .npy file, such as a published prior.

    Returns
    -------
    ndarray of shape (Q,), float64

    Raises
    ------
    ArtifactError
        If the file is missing or holds something else.
    """
    array = load_npy(path)
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        raise ArtifactError(f"{path} should hold a vector of numbers, such as a (313,) prior")
    return array.astype(np.float64)


def load_arrays(path: Path, schema: str) -> tuple[Arrays, dict[str, Any]]:
    """Read the arrays and the meta entry of an artifact.

    Parameters
    ----------
    schema : str
        The schema to expect, such as ``colorprep.prior/1``; empty to accept any artifact.

    Raises
    ------
    ArtifactError
        If the file is missing, damaged, of another kind or of a newer schema.
    """
    if holds_bare_array(path):
        wanted = schema.partition("/")[0].removeprefix("colorprep.") or "colorprep"
        raise ArtifactError(f"{path} is a bare .npy array, but a {wanted} .npz is needed")
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        # numpy returns the bytes of an entry that is not an .npy file.
        if bare := [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]:
            raise ValueError(f"its entry {bare[0]} is not an array")
        meta = json.loads(str(arrays.pop("meta")))
        if not isinstance(meta, dict):
            raise ValueError("its entry meta is not a JSON object")
    except FileNotFoundError:
        raise ArtifactError(f"there is no file {path}{_how_to_make(schema)}") from None
    except NUMPY_ERRORS as error:
        why = "it is not a numpy zip" if "pickle" in str(error) else error  # as in `_unreadable`
        raise ArtifactError(
            f"{path} is damaged or not a colorprep file ({why}); give another, or create it again"
        ) from error
    check_schema(path, str(meta.get("schema")), schema)
    return arrays, meta


def check_schema(path: Path, found: str, expected: str) -> None:
    """Raise ArtifactError if an artifact is of another kind, or of a newer schema.

    Parameters
    ----------
    path : Path
        For the message.
    found, expected : str
        Such as ``colorprep.prior/1``; if `expected` is empty, any schema is accepted.
    """
    kind, _, number = found.partition("/")
    expected_kind, _, expected_number = expected.partition("/")
    if expected and kind != expected_kind:
        wanted = expected_kind.removeprefix("colorprep.")
        raise ArtifactError(
            f"{path} is a file of {kind.removeprefix('colorprep.')}, not of {wanted}"
        )
    if expected and not (number.isdigit() and int(number) <= int(expected_number)):
        raise ArtifactError(
            f"{path} has schema {found}, newer than the {expected} that this version reads; "
            "update colorprep"
        )


def _how_to_make(schema: str) -> str:
    if schema.startswith("colorprep.prior") or schema.startswith("colorprep.weights"):
        return "; make it with `colorprep prior --dir FOLDER`"
    return ""


def save_arrays(path: Path, arrays: Arrays, meta: Mapping[str, Any]) -> None:
    """Write arrays and a meta entry, which holds the schema, as a numpy zip; see `load_arrays`.

    Replicates of a bootstrap are so similar, and cells of levels so often empty, that a file with
    them is compressed a hundredfold; others are not compressed.
    """
    # numpy dates the entries of its zips 1980, so equal contents give equal bytes.
    save = np.savez_compressed if arrays.keys() & set(COMPRESSED) else np.savez
    text = np.array(json.dumps(meta, ensure_ascii=True))
    with replacing(path) as temporary, temporary.open("wb") as stream:
        save(stream, allow_pickle=False, **arrays, meta=text)
