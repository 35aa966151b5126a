"""Opening parquet files by pyarrow, wherever they are.

A column of a file is read in blocks of rows, never a whole file at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import InputError
from .ranges import RangedFile, RangedStream

START = b"PAR1"
LEAST_READ = 1 << 20  # bytes that are read from a column at once


def open_parquet(file: RangedFile, metadata: Any = None) -> Any:
    """Open a parquet file.

    Parameters
    ----------
    metadata : pyarrow.parquet.FileMetaData or None
        Those of the file, if they have been read already.

    Returns
    -------
    pyarrow.parquet.ParquetFile
        It may raise pyarrow's errors and those of `RangedFile.read` when rows are read.

    Raises
    ------
    InputError
        If pyarrow is not installed, or the file is damaged.
    """
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise InputError(
            f"{file.shown} is a parquet file, for which pyarrow is needed; run pip install "
            "'colorprep[parquet]'"
        ) from error
    with refusing_damage(file):
        return ParquetFile(
            RangedStream(file),
            metadata=metadata,
            buffer_size=max(LEAST_READ, file.read_ahead),
            pre_buffer=False,  # else whole row groups are read at once, however large
        )


@contextmanager
def refusing_damage(file: RangedFile) -> Iterator[None]:
    """Turn pyarrow's errors into one that names the file."""
    from pyarrow import ArrowException

    try:
        yield
    except (ArrowException, OSError) as error:
        raise InputError(
            f"the parquet file {file.shown} is damaged or cut short ({error}); copy or download it "
            "again"
        ) from error


def columns_of(metadata: Any) -> list[str]:
    """Return the paths of all columns, such as ``image.bytes`` for a field of a struct."""
    return [metadata.schema.column(number).path for number in range(metadata.num_columns)]


def is_null(metadata: Any, path: str) -> bool:
    """Return whether no row has a value in a column, as far as the file's statistics tell."""
    number = columns_of(metadata).index(path)
    groups = list(map(metadata.row_group, range(metadata.num_row_groups)))
    statistics = [group.column(number).statistics for group in groups]
    return all(
        each is not None and each.has_null_count and each.null_count == group.num_rows
        for each, group in zip(statistics, groups, strict=True)
    )


def read_column(
    parquet: Any, path: str, n_rows: int, groups: list[int] | None = None
) -> Iterator[Any]:
    """Read a column in blocks of rows, and no other column.

    Parameters
    ----------
    parquet : pyarrow.parquet.ParquetFile
    path : str
        Of the column, see `columns_of`.
    n_rows : int
        In a block.
    groups : list of int or None
        Row groups to read; None for all.

    Yields
    ------
    pyarrow.Array
    """
    for batch in parquet.iter_batches(n_rows, groups, [path], use_threads=False):
        column = batch.column(0)
        # A struct of one field; its nulls are those of the field.
        yield column if column.type.num_fields == 0 else column.flatten()[0]
