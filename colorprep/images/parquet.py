"""Images in the rows of parquet files, as archives of one column of images.

The key of an image is its path, if each row of the file has one, and these are different paths of
images. Otherwise rows are numbered: row 12 of ``train-00.parquet`` is ``train-00-000012.jpg``, with
the ending of the format of the first image, so that keys are in the order of the rows.
"""

from __future__ import annotations

from typing import Any

from ..errors import InputError
from .formats import HEAD_BYTES, format_of
from .members import Members, key_of, why_unsafe
from .parquet_columns import ImageColumn, image_column
from .parquet_file import columns_of, is_null, open_parquet, read_column, refusing_damage
from .parquet_rows import KEPT
from .ranges import RangedFile
from .source import has_image_ending, is_listable

PATHS_AT_ONCE = 1 << 16
ENDINGS = {"JPEG": ".jpg", "TIFF": ".tif"}  # by format; others are called like their format
LEAST_DIGITS = 6  # of the number of a row


def parquet_members(file: RangedFile, stem: str, chosen: str | None) -> Members:
    """Index the rows of a parquet file.

    Parameters
    ----------
    stem : str
        With which the keys of numbered rows begin.
    chosen : str or None
        The name of the column of images; None to find it.

    Returns
    -------
    Members
        Places are the number of the column, and the number of the row. Sizes are unknown.

    Raises
    ------
    InputError
        If the file is damaged, or holds no images.
    """
    parquet = open_parquet(file)
    column = image_column(parquet.schema_arrow, chosen, file.shown)
    members = Members()
    if not parquet.metadata.num_rows:
        return members
    if is_null(parquet.metadata, column.data):
        _refuse_paths_alone(parquet.metadata, column, file.shown)
        members.notes.append(_no_image(column, file.shown))
        return members
    with refusing_damage(file):
        paths = _paths(parquet, column, members.notes, file.shown)
        keys = _numbered(stem, parquet, column, file.shown) if paths is None else paths
    place = columns_of(parquet.metadata).index(column.data)
    for row, key in enumerate(keys):
        members.add_file(key, -1, place, row)
    return members


def _refuse_paths_alone(metadata: Any, column: ImageColumn, shown: str) -> None:
    if column.names is not None and not is_null(metadata, column.names):
        raise InputError(
            f"{shown} holds paths of images ({column.names}), not images ({column.data} is empty); "
            "give the folder of these paths, or write the file by push_to_hub of Hugging Face "
            "`datasets`, which puts the images into it"
        )


def _no_image(column: ImageColumn, shown: str) -> str:
    return f"{shown} holds no image: all rows of its column {column.data} are empty"


def _paths(parquet: Any, column: ImageColumn, notes: list[str], shown: str) -> list[str] | None:
    """Return the paths of the images, if they can be keys; note why if they cannot."""
    if column.names is None or is_null(parquet.metadata, column.names):
        return None
    blocks = read_column(parquet, column.names, PATHS_AT_ONCE)
    paths: list[str | None] = [path for block in blocks for path in block.to_pylist()]
    seen: set[str] = set()
    for path in paths:
        if path is None or not _is_key(path) or path in seen:
            what = f"repeat ({path})" if path in seen else f"are not all paths of images ({path})"
            notes.append(f"the rows of {shown} are numbered, since their paths {what}")
            return None
        seen.add(path)
    found = [path for path in paths if path is not None]
    if found != sorted(found) and _largest_group(parquet.metadata) > KEPT:
        notes.append(
            f"the rows of {shown} are not in the order of their paths, in which images are read, "
            "and its row groups are large, so that most of a group is read for each image; write "
            "it anew with small ones, as by `pyarrow.parquet.write_table(..., row_group_size=100)`"
        )
    return found


def _is_key(path: str) -> bool:
    is_plain = key_of(path) == path and why_unsafe(path) is None
    return is_plain and is_listable(path) and has_image_ending(path)


def _largest_group(metadata: Any) -> int:
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    return max(int(group.total_byte_size) for group in groups)


def _ending_of_first_image(parquet: Any, column: ImageColumn, shown: str) -> str:
    for block in read_column(parquet, column.data, 1):
        data = block[0].as_py()
        if data:
            found = format_of(data[:HEAD_BYTES])
            if found is None:
                raise InputError(
                    f"the column {column.data} of {shown} does not hold images: its first value is "
                    f"of no known format; choose another one by --image-column"
                )
            return ENDINGS.get(found, f".{found.lower()}")
    raise InputError(_no_image(column, shown))


def _numbered(stem: str, parquet: Any, column: ImageColumn, shown: str) -> list[str]:
    ending = _ending_of_first_image(parquet, column, shown)
    n_rows: int = parquet.metadata.num_rows
    n_digits = max(LEAST_DIGITS, len(str(n_rows - 1)))
    return [f"{stem}-{row:0{n_digits}d}{ending}" for row in range(n_rows)]
