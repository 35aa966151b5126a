"""The output of an audit: the table, the lists, the classes and contact sheets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ...atomic import replacing, write_csv
from ...images.classes import ClassRule, class_of
from ...images.decoding import Pixels
from ...images.reader import ImageReader
from ...report.gallery import TILE, montage
from ..passes import Passes
from ..thumbnails import thumbnails
from .findings import Findings, Row

SHOWN = 100  # images on a contact sheet
COLUMNS = 10

_FIGURES = ("rgbvar", "chroma", "tone_residual", "tone_limit", "border")
_FLAGS = ("zhang_mask_gray", "ab_range_gray", "cmyk")
COLUMNS_OF_TABLE = (
    "key",
    "reasons",
    "notes",
    "set",
    "stays",
    "width",
    "height",
    "subsampling",
    "profile",
    *_FLAGS,
    *_FIGURES,
    "error",
)

ClassCounts = dict[str, tuple[int, int]]


def write_table(path: Path, findings: Findings) -> None:
    """Write a .csv with the columns `COLUMNS_OF_TABLE` and a line for each image."""
    write_csv(path, COLUMNS_OF_TABLE, (_line(findings, row) for row in findings.rows()))


def _line(findings: Findings, row: Row) -> list[Any]:
    judged = [row.key, ";".join(row.reasons), ";".join(row.notes)]
    number = 0 if row.index is None else findings.set_numbers[row.index]
    stays = findings.source.keys[findings.sets[number - 1][0]] if number else ""
    error = "" if row.skip is None else f"{row.skip.reason}: {row.skip.detail}"
    return [*judged, number or "", stays, *_facts(findings, row), error]


def write_lists(keep: Path, drop: Path, findings: Findings) -> None:
    """Write the keys of the images that stay, and of those that are dropped."""
    for path, dropped in ((keep, False), (drop, True)):
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
            for row in findings.rows():
                if bool(row.reasons) is dropped:
                    stream.write(f"{row.key}\n")


def count_classes(findings: Findings, class_from: ClassRule) -> ClassCounts:
    """Return the number of images of each class, and of those that stay."""
    images: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for row in findings.rows():
        name = class_of(row.key, class_from)
        images[name] += 1
        kept[name] += not row.reasons
    return {name: (images[name], kept[name]) for name in sorted(images)}


def write_classes(path: Path, classes: ClassCounts) -> None:
    """Write how many images each class has, and keeps."""
    rows = ((name, *counts) for name, counts in classes.items())
    write_csv(path, ("class", "images", "kept"), rows)


def sheet_paths(folder: Path) -> dict[str, Path]:
    """Return the path of the contact sheet of each reason."""
    return {reason: folder / f"{reason}.jpg" for reason in ("gray", "toned", "duplicate", "tiny")}


def shown_on_sheets(findings: Findings) -> dict[str, list[str]]:
    """Return the keys of the images on the sheet of each reason, in their order there.

    On that of duplicates, each dropped image follows the one that stays.
    """
    return {
        reason: [findings.source.keys[index] for index in _shown(reason, findings)]
        for reason in sheet_paths(Path())
        if findings.reasons.get(reason, np.zeros(0, bool)).any()
    }


def write_sheets(
    folder: Path, findings: Findings, reader: ImageReader, passes: Passes
) -> dict[str, Path]:
    """Draw some of the dropped images, a sheet for each reason.

    Parameters
    ----------
    reader : ImageReader
        Of the same source, at native size.
    passes : Passes
        Read the images again.

    Returns
    -------
    dict of str to Path
        By reason. An earlier sheet of a reason that now drops nothing is removed.
    """
    shown, sheets = {}, {}
    for reason, path in sheet_paths(folder).items():
        if findings.reasons.get(reason, np.zeros(0, bool)).any():
            shown[reason], sheets[reason] = _shown(reason, findings), path
        else:
            path.unlink(missing_ok=True)
    if not shown:
        return {}
    small = thumbnails(chain(*shown.values()), reader, passes, TILE, "drawing sheets")
    for reason, path in sheets.items():
        picture = _sheet(reason, findings, shown[reason], small)
        with replacing(path) as temporary:
            picture.save(temporary, "JPEG", quality=90)
    return sheets


def _facts(findings: Findings, row: Row) -> Iterator[Any]:
    """Yield the columns from the width to the figures; empty if the image cannot be read."""
    record = None if row.index is None else findings.records[row.index]
    if record is None or not record["read"]:
        yield from [""] * (4 + len(_FLAGS) + len(_FIGURES))
        return
    yield from (int(record["width"]), int(record["height"]))
    yield from (record["subsampling"].decode(), record["profile"].decode())
    yield from (int(record[name]) for name in _FLAGS)
    yield from ("" if np.isnan(record[name]) else f"{record[name]:.4f}" for name in _FIGURES)


def _shown(reason: str, findings: Findings) -> list[int]:
    """Return the indices of the images of a sheet, the most doubtful ones first.

    Of duplicates, each one that stays comes before one that is dropped; exact ones come last.
    """
    if reason == "duplicate":
        pairs = [(members[0], other) for members in findings.sets for other in members[1:]]
        exact = findings.notes["exact-double"]
        pairs.sort(key=lambda pair: bool(exact[pair[1]]))
        return [one for pair in pairs[: SHOWN // 2] for one in pair]
    dropped = np.flatnonzero(findings.reasons[reason])
    records = findings.records[dropped]
    doubtful = {
        "gray": records["chroma"],
        "toned": records["tone_residual"] / np.maximum(records["tone_limit"], 1e-9),
        "tiny": np.minimum(records["height"], records["width"]),
    }[reason]
    order = np.argsort(-doubtful, kind="stable")
    return [int(index) for index in dropped[order][:SHOWN]]


def _sheet(
    reason: str, findings: Findings, shown: Sequence[int], small: Mapping[int, Pixels]
) -> Image.Image:
    """Draw a contact sheet of dropped images; duplicates beside the image that stays."""
    names = [findings.source.keys[index] for index in shown]
    n_dropped = int(findings.reasons[reason].sum())
    headings: Sequence[str] = ()
    title = f"{reason}: {n_dropped:,} dropped, the most doubtful first"
    if reason == "duplicate":
        title = f"{reason}: {n_dropped:,} dropped, each beside the one that stays"
        headings = ("stays", "goes") * (COLUMNS // 2)
    black = np.zeros((1, 1, 3), np.uint8)  # where an image cannot be read any more
    tiles = [small.get(index, black) for index in shown]
    return montage(tiles, title, COLUMNS, TILE, headings, names).picture()
