"""Shards of labels as parquet files: a row for each image.

An array is a column of bytes of one length: its values in C order, little-endian. Shapes and types
are in the metadata of the schema, as JSON under ``colorprep``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .exporting import Rows

ENDING = ".parquet"


def check_pyarrow() -> None:
    """Raise InputError if pyarrow is not installed."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"writing parquet needs pyarrow ({error}); run pip install 'colorprep[parquet]'"
        ) from error


def write_parquet(path: Path, parts: Iterable[Rows], facts: Mapping[str, Any]) -> None:
    """Write the rows of a shard, a row group for each part.

    Parameters
    ----------
    facts : mapping
        See `colorprep.shards.exporting.described`.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    plain = [("key", pa.string()), ("class", pa.string()), ("class_id", pa.int32())]
    sizes = {
        name: int(np.prod(array["shape"])) * np.dtype(array["dtype"]).itemsize
        for name, array in facts["arrays"].items()
    }
    columns = [*plain, *((name, pa.binary(size)) for name, size in sizes.items())]
    schema = pa.schema(columns, metadata={"colorprep": json.dumps(facts, ensure_ascii=False)})
    names = [name for name, _ in plain]
    with ParquetWriter(
        path, schema, compression="zstd", use_dictionary=names, write_statistics=names
    ) as writer:
        for rows in parts:
            arrays = [_column(rows.arrays[name], size) for name, size in sizes.items()]
            writer.write_table(
                pa.Table.from_arrays(
                    [rows.keys, rows.classes, rows.class_ids, *arrays], schema=schema
                )
            )


def _column(rows: NDArray[Any], size: int) -> Any:
    """Return rows of an array as values of bytes, without a copy."""
    import pyarrow as pa

    data = np.ascontiguousarray(rows, rows.dtype.newbyteorder("<"))
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(size), len(data), [None, pa.py_buffer(data)]
    )
