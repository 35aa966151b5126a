"""Reading images out of the row groups of parquet files.

A parquet file has no offsets of its values: a row group is read and decompressed from its start. So
a process keeps the rows that it read last, in blocks, for all its threads: images that are read in
the order of their rows are decompressed once, and large row groups are never in memory as a whole.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from functools import cached_property
from itertools import accumulate
from typing import Any, Generic, TypeVar

from ..errors import BadImage
from .parquet_file import columns_of, open_parquet, read_column
from .ranges import RangedFile
from .sorting import Place

BLOCK = 16 << 20  # bytes of images that are read at once
KEPT = 64 << 20  # bytes of blocks that a process keeps
MOST_COLUMNS = 256  # whose footers a process keeps
MOST_GROUPS = 4  # row groups that a process is in the midst of

T = TypeVar("T")


def read_row(file: RangedFile, place: Place, size: int) -> bytes:
    """Return the image in a row; see `Source.read`."""
    number, row = place
    name = (file.shown, file.size, file.changed, number)
    data = _COLUMNS.get(name, lambda: _Column(name, file, number)).value(row)
    if not data:
        raise BadImage("empty", "the row has no image")
    return data


class _Recent(Generic[T]):
    """Values by name, of which those used last are kept, up to a total weight."""

    def __init__(self, most: int, weight: Callable[[T], int] = lambda value: 1) -> None:
        self._most, self._weight = most, weight
        self._values: OrderedDict[Hashable, T] = OrderedDict()
        self._total = 0
        self._lock = threading.RLock()

    def find(self, name: Hashable) -> T | None:
        with self._lock:
            if name in self._values:
                self._values.move_to_end(name)
            return self._values.get(name)

    def add(self, name: Hashable, value: T) -> T:
        with self._lock:
            if name in self._values:
                self._total -= self._weight(self._values.pop(name))
            self._values[name] = value
            self._total += self._weight(value)
            while self._total > self._most and len(self._values) > 1:
                self._total -= self._weight(self._values.popitem(last=False)[1])
            return value

    def get(self, name: Hashable, make: Callable[[], T]) -> T:
        with self._lock:
            found = self.find(name)
            return self.add(name, make()) if found is None else found


class _Column:
    """A column of images in a file."""

    def __init__(self, name: tuple[Hashable, ...], file: RangedFile, number: int) -> None:
        self.name, self._file, self._number = name, file, number

    @cached_property
    def _metadata(self) -> Any:
        return open_parquet(self._file).metadata

    @cached_property
    def _starts(self) -> list[int]:
        """The first row of each group, and the number of all rows."""
        groups = range(self._metadata.num_row_groups)
        n_rows = (self._metadata.row_group(group).num_rows for group in groups)
        return list(accumulate(n_rows, initial=0))

    def n_rows_in(self, group: int) -> tuple[int, int]:
        """Return the number of rows of a group, and of one block of it."""
        facts = self._metadata.row_group(group)
        n_bytes: int = facts.column(self._number).total_uncompressed_size
        return facts.num_rows, max(1, BLOCK * facts.num_rows // max(n_bytes, BLOCK))

    def blocks(self, group: int, n_rows: int) -> Iterator[Any]:
        path = columns_of(self._metadata)[self._number]
        return read_column(open_parquet(self._file, self._metadata), path, n_rows, [group])

    def value(self, row: int) -> bytes | None:
        group = bisect_right(self._starts, row) - 1
        found = _GROUPS.get((*self.name, group), lambda: _Group(self, group))
        return found.value(row - self._starts[group])


class _Group:
    """A row group, which is read forwards."""

    def __init__(self, column: _Column, number: int) -> None:
        self._column, self._number = column, number
        self._lock = threading.Lock()
        self._blocks: Iterator[Any] | None = None
        self._next = 0  # the number of the next block

    @cached_property
    def _n_rows(self) -> tuple[int, int]:
        return self._column.n_rows_in(self._number)

    def value(self, row: int) -> bytes | None:
        number, row = divmod(row, self._n_rows[1])
        block = _BLOCKS.find(self._name(number))
        if block is None:
            with self._lock:
                block = _BLOCKS.find(self._name(number))  # another thread may have read it
                if block is None:
                    block = self._read_up_to(number)
        value: bytes | None = block[row].as_py()
        return value

    def _name(self, number: int) -> Hashable:
        return (*self._column.name, self._number, number)

    def _read_up_to(self, number: int) -> Any:
        """Read up to a block, and return it; those before it are kept too, for other threads."""
        from pyarrow import ArrowException

        n_rows, n_in_block = self._n_rows
        blocks, self._blocks = self._blocks, None  # nothing to go on with after an error
        if blocks is None or number < self._next:
            blocks, self._next = self._column.blocks(self._number, n_in_block), 0
        try:
            for block in blocks:
                _BLOCKS.add(self._name(self._next), block)
                self._next += 1
                if self._next > number:
                    break
        except (ArrowException, OSError) as error:
            raise BadImage("unreadable", f"in the parquet file: {error}") from error
        if self._next * n_in_block < n_rows:
            self._blocks = blocks
        return block


_COLUMNS: _Recent[_Column] = _Recent(MOST_COLUMNS)
_GROUPS: _Recent[_Group] = _Recent(MOST_GROUPS)
_BLOCKS: _Recent[Any] = _Recent(KEPT, lambda block: int(block.nbytes))
