"""Arrays in files: numpy zips with a meta entry, and bare .npy files, written and read.

A zip has no pickles, and a JSON entry `meta` that records its schema. It holds no date and no path,
so equal contents give equal bytes.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from tokenize import TokenError
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ..atomic import replacing
from ..color.lab import Floats
from ..errors import ArtifactError
from ..places import Location
from ..storage import opened

COMPRESSED = ("bootstrap_counts", "level_cells")

NPY_MAGIC = b"\x93NUMPY"

# What numpy raises on damaged files: its own errors, those of zip, and those of its header parser.
NUMPY_ERRORS = (
    *(ValueError, TypeError, AttributeError, KeyError, OverflowError, MemoryError, RecursionError),
    *(OSError, EOFError, SyntaxError, TokenError, NotImplementedError, RuntimeError),
    *(BadZipFile, struct.error, zlib.error),
)

Arrays = dict[str, NDArray[Any]]


def holds_bare_array(path: Location) -> bool:
    """Return whether a file is .npy by content, whatever its name; False if it is missing."""
    try:
        with opened(path) as stream:
            return stream.read(len(NPY_MAGIC)) == NPY_MAGIC
    except OSError:
        return False


def load_npy(path: Location) -> NDArray[Any]:
    """Read an .npy file.

    Raises
    ------
    ArtifactError
        If the file is missing or damaged.
    """
    try:
        with opened(path) as stream:
            array = np.load(stream, allow_pickle=False)
    except FileNotFoundError:
        raise ArtifactError(f"there is no file {path}") from None
    except NUMPY_ERRORS as error:
        raise _unreadable(path, error) from error
    if not isinstance(array, np.ndarray):
        raise _unreadable(path, "it is a zip of several arrays")
    return array


def _unreadable(path: Location, why: object) -> ArtifactError:
    # numpy takes an unreadable file for a pickle, and its message says how to load one unsafely.
    why = "it is not an array" if "pickle" in str(why) else why
    return ArtifactError(f"{path} is damaged or not an .npy file ({why}); create it again")


def load_vector(path: Location) -> Floats:
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


def load_arrays(path: Location, schema: str) -> tuple[Arrays, dict[str, Any]]:
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
        with opened(path) as stream, np.load(stream, allow_pickle=False) as archive:
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


def check_schema(path: Location, found: str, expected: str) -> None:
    """Raise ArtifactError if an artifact is of another kind, or of a newer schema.

    Parameters
    ----------
    path : Path or Url
        For the message.
    found, expected : str
        Such as ``colorprep.prior/1``; if `expected` is empty, any schema is accepted.
    """
    kind, _, number = found.partition("/")
    expected_kind, _, expected_number = expected.partition("/")
    if expected and kind != expected_kind:
        raise ArtifactError(f"{path} holds {_in_words(kind)}; give {_in_words(expected_kind)}")
    if expected and not (number.isdigit() and int(number) <= int(expected_number)):
        raise ArtifactError(
            f"{path} has schema {found}, newer than the {expected} that this version reads; "
            "update colorprep"
        )


def _in_words(kind: str) -> str:
    """Return what an artifact is, by the name in its schema."""
    name = kind.removeprefix("colorprep.").replace("-", " ")
    article = "an" if name.startswith(tuple("aeiou")) else "a"
    return name if name.endswith("s") else f"{article} {name}"


def _how_to_make(schema: str) -> str:
    if schema.startswith("colorprep.prior") or schema.startswith("colorprep.weights"):
        return "; make it with `colorprep prior --dir FOLDER`"
    return ""


def save_arrays(path: Location, arrays: Arrays, meta: Mapping[str, Any]) -> None:
    """Write arrays and a meta entry, which holds the schema, as a numpy zip; see `load_arrays`.

    Replicates of a bootstrap are so similar, and cells of levels so often empty, that a file with
    them is compressed a hundredfold; others are not compressed.
    """
    # numpy dates the entries of its zips 1980, so equal contents give equal bytes.
    save = np.savez_compressed if arrays.keys() & set(COMPRESSED) else np.savez
    text = np.array(json.dumps(meta, ensure_ascii=True))
    with replacing(path) as temporary, temporary.open("wb") as stream:
        save(stream, allow_pickle=False, **arrays, meta=text)
