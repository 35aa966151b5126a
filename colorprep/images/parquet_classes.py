"""Classes in a column of parquet files, beside the column of images."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from .archive import ArchiveSource
from .classes import DeclaredClasses
from .parquet_columns import class_column
from .parquet_file import open_parquet, read_column, refusing_damage
from .ranges import RangedFile
from .sidecars import is_class
from .source import Source
from .volumes import Volume

ROWS_AT_ONCE = 1 << 16


def read_class_column(source: Source, chosen: str | None) -> dict[str, str]:
    """Return the classes of images by their keys, without those that have none.

    Parameters
    ----------
    chosen : str or None
        The name of the column; None to find it.

    Returns
    -------
    dict
        `DeclaredClasses` if all files declare the same classes.

    Raises
    ------
    InputError
        If the source is not one of parquet files, a file has no such column, or several that
        would do, or a value cannot be a class.

    Warns
    -----
    UserWarning
        If files declare different classes.
    """
    volumes = source.volumes if isinstance(source, ArchiveSource) else []
    if not isinstance(source, ArchiveSource) or {each.kind for each in volumes} != {"parquet"}:
        raise InputError(
            f"--class-from column reads a column of parquet files, but {source.name} is no source "
            "of these alone; give another --class-from"
        )
    numbers, rows = source.places[:, 0], source.places[:, -1]
    classes: dict[str, str] = {}
    declared: list[list[str] | None] = []
    for number, volume in enumerate(volumes):
        names, of_rows = _classes_in(volume.file, chosen)
        declared.append(names)
        of_volume = np.flatnonzero(numbers == number).tolist()
        classes |= {source.keys[index]: of_rows[rows[index]] for index in of_volume}
    named = {key: name for key, name in classes.items() if name}
    common = _common(declared, volumes)
    return named if common is None else DeclaredClasses(named, common)


def _common(declared: Sequence[list[str] | None], volumes: Sequence[Volume]) -> list[str] | None:
    """Return what all files declare; None, with a warning, if they differ."""
    first = declared[0]
    for names, volume in zip(declared, volumes, strict=True):
        if names != first:
            warnings.warn(
                f"{volumes[0].file.shown} and {volume.file.shown} declare different classes, so "
                "class ids follow the order of their names, not the numbers in the files",
                stacklevel=3,
            )
            return None
    return first


def has_class_column(source: Source) -> bool:
    """Return whether the first file of a source has a column that can only be that of classes."""
    if not isinstance(source, ArchiveSource) or source.volumes[0].kind != "parquet":
        return False
    file = source.volumes[0].file
    try:
        class_column(open_parquet(file).schema_arrow, None, file.shown)
    except InputError:
        return False
    return True


def _classes_in(file: RangedFile, chosen: str | None) -> tuple[list[str] | None, list[str]]:
    """Return the classes that a file declares, if it does, and that of each row; empty for none."""
    parquet = open_parquet(file)
    column, names = class_column(parquet.schema_arrow, chosen, file.shown)
    with refusing_damage(file):
        blocks = read_column(parquet, column, ROWS_AT_ONCE)
        values = [value for block in blocks for value in block.to_pylist()]
    name_of = _namer(names)
    found = {value: name_of(value) for value in set(values)}
    for value, name in found.items():
        if name and not is_class(name):
            raise InputError(
                f"the column {column} of {file.shown} should hold classes, each a line of text "
                f"without a slash, such as 7 or cat, not {value!r} ({name!r})"
            )
    return names, [found[value] for value in values]


def _namer(names: list[str] | None) -> Callable[[Any], str]:
    """Return a function from the values of a column to names of classes."""
    if names is None:
        return lambda value: "" if value is None else str(value).strip()
    # Hugging Face marks an image whose class is not known by -1.
    return lambda value: names[value] if value is not None and 0 <= value < len(names) else ""
