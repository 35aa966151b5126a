"""The output of `colorprep evaluate`: figures, a table of images, the worst and best pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ...atomic import check_replaceable, replacing, write_csv, write_json
from ...color.lab import Floats
from ...errors import OutputExists
from ...images.decoding import Pixels
from ...metrics.protocol import protocol_hash
from ...metrics.resampling import Measured
from ...report.gallery import gallery
from .comparing import Compared
from .pairs import Pairs

EVALUATION_SCHEMA = "colorprep.evaluation/1"
FIGURES = "evaluation.json"
TABLE = "evaluation.csv"
SHEET = "worst-and-best.jpg"
SHOWN = 5
QUALITY = 90


def check_outputs(folder: Path) -> None:
    """Raise OutputExists if the files could not be written, before any work is done."""
    if folder.exists() and not folder.is_dir():
        raise OutputExists(f"{folder} is a file, not a folder; choose another with -o")
    for path in output_paths(folder):
        check_replaceable(path)


def output_paths(folder: Path) -> tuple[Path, Path, Path]:
    """Return the paths of the figures, the table and the sheet."""
    return (folder / FIGURES, folder / TABLE, folder / SHEET)


def measured_facts(measured: Mapping[str, Measured]) -> dict[str, Any]:
    """Return figures by name, for JSON."""
    return {name: figure._asdict() for name, figure in measured.items()}


def write_figures(
    folder: Path, protocol: str, measured: Mapping[str, Measured], provenance: Mapping[str, Any]
) -> None:
    """Write ``evaluation.json``; `provenance` describes what was compared."""
    facts = {
        "schema": EVALUATION_SCHEMA,
        "protocol": protocol,
        "protocol_hash": protocol_hash(protocol),
        **measured_facts(measured),
        **provenance,
    }
    write_json(folder / FIGURES, facts)


def write_table(folder: Path, keys: Sequence[str], columns: Mapping[str, Floats]) -> None:
    """Write ``evaluation.csv``, a line for each image; floats read back exactly."""
    rows = zip(keys, *(column.tolist() for column in columns.values()), strict=True)
    write_csv(folder / TABLE, ["key", *columns], rows)


def write_sheet(folder: Path, pairs: Pairs, size: int | None, compared: Sequence[Compared]) -> None:
    """Write a sheet of the worst and the best pictures by CIEDE2000.

    Parameters
    ----------
    pairs : Pairs
        Read again, of which a few are shown.
    size : int or None
        The size at which they were compared.
    """
    ordered = sorted(compared, key=lambda pair: -pair.figures["ciede2000"])
    n_rows = min(SHOWN, max(1, len(ordered) // 2))
    worst, best = ordered[:n_rows], ordered[::-1][:n_rows]
    rows = [
        [*_gray_picture_original(pairs, size, bad), *_gray_picture_original(pairs, size, good)]
        for bad, good in zip(worst, best, strict=True)
    ]
    captions = ["gray", "the worst", "original", "gray", "the best", "original"]
    names = [
        [pairs.key(bad.index), pairs.key(good.index)] for bad, good in zip(worst, best, strict=True)
    ]
    with replacing(folder / SHEET) as temporary:
        # Color at full resolution, since the sheet is about color.
        sheet = gallery(rows, captions, names=names)
        sheet.save(temporary, "JPEG", quality=QUALITY, subsampling=0)


def _gray_picture_original(pairs: Pairs, size: int | None, compared: Compared) -> list[Pixels]:
    pair = pairs.read(compared.index).at(size)
    gray = np.asarray(Image.fromarray(pair.original).convert("L").convert("RGB"))
    return [gray, pair.prediction, pair.original]
