"""Exporting shards of labels for other loaders."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from ...atomic import remove_leftovers, replacing, write_json
from ...errors import OutputExists
from ...places import Location
from ...progress import Reporter
from ...shards.exporting import FACTS, Rows, described, export_facts, rows_of
from ...shards.parquet import ENDING as PARQUET
from ...shards.parquet import check_pyarrow, write_parquet
from ...shards.reader import LabelFolder
from ...shards.webdataset import ENDING as TAR
from ...shards.webdataset import write_tar
from ...storage import read_text, sizes_in

Format: TypeAlias = Literal["webdataset", "parquet"]


def export_labels(
    labels: LabelFolder, format: Format, folder: Location, reporter: Reporter
) -> list[Location]:
    """Write a file for each shard, except those that are there already.

    Returns
    -------
    list of Path or Url
        Of all files of the export.

    Raises
    ------
    InputError
        If pyarrow is needed and not installed.
    OutputExists
        If the folder holds an export of other labels, or files of such names.
    """
    writer = _writer(labels, format)
    facts = export_facts(labels, format, writer.ending)
    there = _there(folder, facts)
    write_json(folder / FACTS, facts)
    if isinstance(folder, Path):
        remove_leftovers(folder)
    with reporter.track(len(labels), "images", "exporting") as advance:
        for number, name in enumerate(facts["files"]):
            if name not in there:
                with replacing(folder / name) as temporary:
                    writer.write(temporary, rows_of(labels.shards[number], facts["classes"]))
            advance(len(labels.keys_of_shards[number]))
    return [folder / name for name in (FACTS, *facts["files"])]


class _Writer(NamedTuple):
    ending: str
    write: Callable[[Path, Iterable[Rows]], None]


def _writer(labels: LabelFolder, format: Format) -> _Writer:
    if format == "webdataset":
        return _Writer(TAR, write_tar)
    check_pyarrow()
    return _Writer(PARQUET, partial(write_parquet, facts=described(labels)))


def _there(folder: Location, facts: dict[str, Any]) -> set[str]:
    """Return the names of the files that are there already, if all are of this export."""
    there = set(sizes_in(folder))
    try:
        found = json.loads(read_text(folder / FACTS)) if FACTS in there else None
    except ValueError:
        found = None
    if found != facts and not there.isdisjoint([FACTS, *facts["files"]]):
        raise OutputExists(
            f"{folder} holds an export of other labels, or files of the same names; give another "
            "-o, or remove them"
        )
    return there
