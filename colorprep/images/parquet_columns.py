"""Which columns of a parquet file hold images and classes, by its schema.

Hugging Face `datasets` writes an image as a struct of ``bytes`` and ``path``, and the features of a
data set, such as the names of its classes, as JSON into the metadata of the schema. Other programs
write columns of bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..errors import InputError

# Columns that are taken if several would do.
IMAGE_NAMES = ("image", "img", "jpg", "jpeg", "png", "webp", "picture", "photo", "image_bytes")
CLASS_NAMES = ("label", "class", "cls", "class_name", "category")
# Parts of the names of columns of text that hold addresses of images.
ADDRESSES = ("url", "uri", "path", "image", "file")
SHOWN = 12  # columns in a message


class ImageColumn(NamedTuple):
    """Where images are in a parquet file.

    Attributes
    ----------
    data : str
        The path of the column of their bytes, such as ``image.bytes``.
    names : str or None
        That of the column of their paths, if there is one.
    """

    data: str
    names: str | None


class ClassColumn(NamedTuple):
    """Where classes are in a parquet file.

    Attributes
    ----------
    names : list of str or None
        The names of classes 0, 1, ...; None if the values of the column are the classes.
    """

    column: str
    names: list[str] | None


def image_column(schema: Any, chosen: str | None, shown: str) -> ImageColumn:
    """Find the column that holds images.

    Parameters
    ----------
    schema : pyarrow.Schema
    chosen : str or None
        The name of the column; None to find it.
    shown : str
        The file, for messages.

    Raises
    ------
    InputError
        If there is none, or several would do.
    """
    fitting = [field.name for field in schema if _holds_bytes(field.type)]
    if not fitting:
        raise _no_image_column(schema, chosen, shown)
    usual = [name for name in fitting if name in IMAGE_NAMES] or fitting
    name = _only_one(usual, fitting, chosen, shown, "images; choose it by --image-column NAME")
    kind = schema.field(name).type
    if not _is_struct(kind):
        return ImageColumn(name, None)
    has_paths = any(field.name == "path" and _is_text(field.type) for field in kind)
    return ImageColumn(f"{name}.bytes", f"{name}.path" if has_paths else None)


def class_column(schema: Any, chosen: str | None, shown: str) -> ClassColumn:
    """Find the column that holds classes; see `image_column`.

    Those that Hugging Face `datasets` declares to be classes are preferred.
    """
    features = _features(schema)
    fitting = [field.name for field in schema if _holds_classes(field.type)]
    declared = [name for name in fitting if features.get(name, {}).get("_type") == "ClassLabel"]
    usual = declared or [name for name in fitting if name in CLASS_NAMES]
    name = _only_one(
        usual, fitting, chosen, shown, "classes; choose it by --class-from column:NAME"
    )
    return ClassColumn(name, features.get(name, {}).get("names"))


def _only_one(
    usual: list[str], fitting: list[str], chosen: str | None, shown: str, what: str
) -> str:
    """Return the chosen one of the fitting columns, or else the only usual one."""
    if chosen is not None:
        usual = [name for name in fitting if name == chosen]
    if len(usual) == 1:
        return usual[0]
    missing = f"has no column {chosen!r} of {what}" if chosen is not None else ""
    which = missing or f"has {len(usual) or 'no'} columns that are likely to hold {what}"
    columns = f"columns of such a type: {_some(fitting)}" if fitting else "none is of such a type"
    raise InputError(f"{shown} {which}; {columns}")


def _no_image_column(schema: Any, chosen: str | None, shown: str) -> InputError:
    texts = [field.name for field in schema if _is_text(field.type)]
    likely = [name for name in texts if any(part in name.lower() for part in ADDRESSES)]
    addresses = [name for name in texts if name == chosen] or likely
    if addresses:
        return InputError(
            f"{shown} holds addresses of images ({_some(addresses)}), not images; download them "
            f"first, as with `img2dataset --url_list {shown} --input_format parquet --url_col "
            f"{addresses[0]} --output_format webdataset`"
        )
    return InputError(
        f"{shown} has no column of images, which is one of bytes, or of structs with a field "
        f"`bytes`; its columns are {_some(schema.names)}"
    )


def _features(schema: Any) -> dict[str, dict[str, Any]]:
    """Return the features that Hugging Face `datasets` declares, by column; else none."""
    declared = (schema.metadata or {}).get(b"huggingface", b"{}")
    features = json.loads(declared).get("info", {}).get("features", {})
    return {name: feature for name, feature in features.items() if isinstance(feature, dict)}


def _holds_bytes(kind: Any) -> bool:
    if _is_struct(kind):
        return any(field.name == "bytes" and _is_bytes(field.type) for field in kind)
    return _is_bytes(kind)


def _holds_classes(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_integer(kind)) or _is_text(kind)


def _is_struct(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_struct(kind))


def _is_bytes(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
