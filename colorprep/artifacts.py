"""The small artifacts: `prior.npz` and `weights.npz`, written and read.

Both are uncompressed numpy zips without pickles, with a `meta` entry of JSON that says what they
are, from what, and how they were made. They hold no date and no place, so equal inputs and
settings give equal bytes. Formats: ``docs/formats.md``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from . import __version__
from .atomic import replacing
from .balance.prior import Prior
from .balance.weights import Weights
from .color.lab import Floats
from .errors import ArtifactError
from .quantize.quantizer import Quantizer
from .quantize.spec import restore_quantizer

PRIOR_SCHEMA = "colorprep.prior/1"
WEIGHTS_SCHEMA = "colorprep.weights/1"

Arrays = dict[str, NDArray[Any]]


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of colorprep and of packages that a result depends on."""
    return {"colorprep": __version__, **{name: version(name) for name in packages}}


def save_prior(path: Path, prior: Prior) -> None:
    """Write a prior.

    Parameters
    ----------
    path : Path
        Replaced atomically.
    prior : Prior
        Its `meta` is completed by the quantizer and the schema.
    """
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
        arrays["bootstrap_counts"] = prior.bootstrap
    meta = {
        "schema": PRIOR_SCHEMA,
        "quantizer": prior.quantizer.name,
        "fingerprint": prior.quantizer.fingerprint,
        "parameters": prior.quantizer.parameters,
        **prior.meta,
    }
    save_arrays(path, arrays, meta)


def load_prior(path: Path) -> Prior:
    """Read a prior.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Prior

    Raises
    ------
    ArtifactError
        If the file is missing, damaged, no prior, or of a newer schema.
    """
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
        raise ArtifactError(f"{path} is damaged: it lacks {error}; make it again") from error
    except ArtifactError as error:
        raise ArtifactError(f"{path}: {error}") from error
    if not len(counts) == len(probs) == len(quantizer.centers):
        raise ArtifactError(f"{path} is damaged: its arrays differ in length; make it again")
    described = ("schema", "quantizer", "fingerprint", "parameters")
    rest = {key: value for key, value in meta.items() if key not in described}
    bootstrap = arrays.get("bootstrap_counts")
    if bootstrap is not None and bootstrap.shape[1:] != counts.shape:
        raise ArtifactError(f"{path} is damaged: its replicates are of other bins; make it again")
    lightness = arrays.get("lightness_counts")
    return Prior(quantizer, counts, probs, cells, lightness, rest, bootstrap)


EXTRA_ARRAYS = {
    "gmm": ("means", "covariances", "mixing"),
    "hc-grid": ("sigma",),
    "hc-1d": ("hue_edges", "chroma_edges"),
}


def save_weights(path: Path, weights: Weights, meta: Mapping[str, Any]) -> None:
    """Write rebalancing weights.

    Parameters
    ----------
    path : Path
        Replaced atomically.
    weights : Weights
    meta : mapping
        How they were made; fit for JSON.
    """
    arrays = {"weights": weights.weights, "probs": weights.probs}
    save_arrays(path, arrays, {"schema": WEIGHTS_SCHEMA, **meta})


def load_weights(path: Path) -> tuple[Weights, dict[str, Any]]:
    """Read rebalancing weights.

    Parameters
    ----------
    path : Path

    Returns
    -------
    weights : Weights
    meta : dict

    Raises
    ------
    ArtifactError
        If the file is missing, damaged, holds no weights, or is of a newer schema.
    """
    arrays, meta = load_arrays(path, WEIGHTS_SCHEMA)
    try:
        return Weights(arrays["weights"], arrays["probs"]), meta
    except KeyError as error:
        raise ArtifactError(f"{path} is damaged: it lacks {error}; make it again") from error


def load_vector(path: Path) -> Floats:
    """Read a bare vector of numbers, such as a published prior.

    Parameters
    ----------
    path : Path
        An .npy file.

    Returns
    -------
    ndarray of shape (Q,), float64

    Raises
    ------
    ArtifactError
        If the file is missing or holds something else.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise ArtifactError(f"there is no file {path}") from None
    except (ValueError, OSError, EOFError) as error:
        raise ArtifactError(f"{path} cannot be read as an .npy file: {error}") from error
    if not isinstance(array, np.ndarray) or array.ndim != 1 or array.dtype.kind not in "fiu":
        raise ArtifactError(f"{path} should hold a vector of numbers, such as a (313,) prior")
    return array.astype(np.float64)


def load_arrays(path: Path, schema: str) -> tuple[Arrays, dict[str, Any]]:
    """Read the arrays and the meta entry of an artifact.

    Parameters
    ----------
    path : Path
    schema : str
        What it must be, as in ``colorprep.prior/1``; empty takes any of ours.

    Returns
    -------
    arrays : dict of str to ndarray
    meta : dict

    Raises
    ------
    ArtifactError
        If the file is missing, damaged, of another kind or of a newer schema.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        meta = json.loads(str(arrays.pop("meta")))
    except FileNotFoundError:
        raise ArtifactError(f"there is no file {path}{_how_to_make(schema)}") from None
    except (ValueError, OSError, EOFError, KeyError, AttributeError, BadZipFile) as error:
        # What numpy cannot make out it takes for a pickle, and tells how to open it unsafely.
        why = "no numpy zip" if "pickle" in str(error) else error
        raise ArtifactError(
            f"{path} is damaged or no file of colorprep's ({why}); give another, or make it again"
        ) from error
    check_schema(path, str(meta.get("schema")), schema)
    return arrays, meta


def check_schema(path: Path, found: str, expected: str) -> None:
    """Raise ArtifactError unless an artifact is of the kind and not newer than we know.

    Parameters
    ----------
    path : Path
        For the message.
    found, expected : str
        As in ``colorprep.prior/1``; an empty expectation takes anything.
    """
    kind, _, number = found.partition("/")
    expected_kind, _, expected_number = expected.partition("/")
    if expected and kind != expected_kind:
        wanted = expected_kind.removeprefix("colorprep.")
        raise ArtifactError(f"{path} holds {kind.removeprefix('colorprep.')}, not {wanted}")
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
    """Write arrays and a meta entry, which holds the schema, as a numpy zip; see `load_arrays`."""
    # numpy dates the entries of its zips 1980, so equal contents give equal bytes.
    text = np.array(json.dumps(meta, ensure_ascii=True))
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays, meta=text)
