"""Exporting shards of labels for other loaders."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from ...atomic import remove_leftovers, replacing, write_json
from ...errors import OutputExists
from ...progress import Reporter
from ...shards.exporting import Rows, described, export_facts, rows_of
from ...shards.parquet import ENDING as PARQUET
from ...shards.parquet import check_pyarrow, write_parquet
from ...shards.reader import LabelFolder
from ...shards.webdataset import ENDING as TAR
from ...shards.webdataset import write_tar

Format: TypeAlias = Literal["webdataset", "parquet"]
FACTS = "export.json"


def export_labels(
    labels: LabelFolder, format: Format, folder: Path, reporter: Reporter
) -> list[Path]:
    """Write a file for each shard, except those that are there already.

    Returns
    -------
    list of Path
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
    paths = [folder / name for name in facts["files"]]
    _check(folder, paths, facts)
    write_json(folder / FACTS, facts)
    remove_leftovers(folder)
    with reporter.track(len(labels), "images", "exporting") as advance:
        for path, shard in zip(paths, labels.shards, strict=True):
            if not path.exists():
                with replacing(path) as temporary:
                    writer.write(temporary, rows_of(shard, facts["classes"]))
            advance(len(shard))
    return [folder / FACTS, *paths]


class _Writer(NamedTuple):
    ending: str
    write: Callable[[Path, Iterable[Rows]], None]


def _writer(labels: LabelFolder, format: Format) -> _Writer:
    if format == "webdataset":
        return _Writer(TAR, write_tar)
    check_pyarrow()
    return _Writer(PARQUET, partial(write_parquet, facts=described(labels)))


def _check(folder: Path, paths: list[Path], facts: dict[str, Any]) -> None:
    """Refuse a folder that holds anything other than a part of this export."""
    try:
        found = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        found = facts if not any(path.exists() for path in paths) else None
    except ValueError:
        found = None
    if found != facts:
        raise OutputExists(
            f"{folder} holds an export of other labels, or files of the same names; give another "
            "-o, or remove them"
        )
