"""`colorprep audit`: which images a training set is better without, and why.

Images are inspected in one pass; duplicates are found by fingerprints, and confirmed by reading
their pixels again. Nothing is deleted: lists name the images to keep and to drop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from ...artifacts import versions
from ...atomic import check_replaceable, write_json
from ...curriculum.scoring import ImageScorer
from ...errors import InputError
from ...images.classes import ClassFrom
from ...images.lists import listed, read_list
from ...images.skip import Skip, count_by_reason
from ...images.source import Source, digest_of, index_of
from ...images.spelling import Spellings
from ...images.stems import Stems
from ...locks import in_turn
from ...progress import Reporter
from ...report.numbers import quantity
from ...scorebook import ScoreBook
from ...workspace import AUDIT, LISTS, Workspace
from ..class_rules import class_rule
from ..passes import Passes, check_strict, open_passes
from ..replaced import telling_replaced
from ..scoring import open_scores
from ..source import ImageParams, image_reader, open_source, warn_of_skips
from .duplicates import find_duplicates
from .files import (
    ClassCounts,
    count_classes,
    sheet_paths,
    shown_on_sheets,
    write_classes,
    write_lists,
    write_sheets,
    write_table,
)
from .findings import REASONS, RULES, Findings, Flags, conclude
from .inspection import RECORD, Inspector, Records

AUDIT_SCHEMA = "colorprep.audit/1"
SHOWN_LEAKS = 20


@dataclass(frozen=True)
class AuditParams:
    """Parameters of `colorprep audit`.

    Attributes
    ----------
    validation : str, Path or None
        A list of images for validation; all others are for training.
    allowed : tuple of str
        Reasons that drop no image.
    class_from : str or int
        Where the class of an image is taken from, see `colorprep.images.classes`.
    output : str, Path or None
        Folder of the tables and pictures; None for ``audit/``.
    """

    images: ImageParams = field(default_factory=ImageParams)
    validation: str | Path | None = None
    allowed: tuple[str, ...] = ()
    output: str | Path | None = None
    class_from: ClassFrom = "top"

    def __post_init__(self) -> None:
        """Reject unknown reasons."""
        unknown = sorted(set(self.allowed) - set(REASONS))
        if unknown:
            raise InputError(
                f"unknown reason: {', '.join(unknown)}; choose from {', '.join(REASONS)}"
            )


@dataclass(frozen=True)
class AuditResult:
    """Result of `colorprep audit`.

    Attributes
    ----------
    keep, drop : Path
        Lists.
    sheets : dict of str to Path
        Contact sheets by reason.
    summary : dict
        Counts, and the rules by which they were made; also in ``summary.json``.
    """

    table: Path
    classes: Path
    summary_path: Path
    keep: Path
    drop: Path
    sheets: dict[str, Path]
    summary: dict[str, Any]


def run(params: AuditParams, workspace: Workspace, reporter: Reporter) -> AuditResult:
    """Audit the images of a source.

    Raises
    ------
    InputError
        If the source has no image, or none of the validation list.
    ColorprepError
        With `images.strict`, at the first bad image.
    """
    folder, lists = workspace.path(params.output or AUDIT), workspace.path(LISTS)
    keep, drop = lists / "keep.txt", lists / "drop.txt"
    table, classes, summary_path = (
        folder / name for name in ("audit.csv", "classes.csv", "summary.json")
    )
    for path in (table, classes, summary_path, keep, drop):
        check_replaceable(path)
    source = open_source(params.images, workspace, reporter, class_from=params.class_from)
    check_strict(source.skipped, params.images.strict)
    validation = _validation(params, source, workspace, reporter)
    rule = class_rule(source, params.class_from, params.images, workspace)
    reader = image_reader(source, None, params.images)
    with open_passes(params.images, reporter) as passes:
        with open_scores(source, params.images, None, workspace, reporter) as book:
            records, skipped = _inspect(source, params.images, passes, book)
        duplicates = find_duplicates(records, reader, passes.engine, reporter)
        warn_of_skips(sorted([*source.skipped, *skipped.values()]), reporter)
        lenient = Passes(passes.engine, reporter)  # with --strict, too: all images were read before
        workspace.own_folder(params.output or AUDIT)
        workspace.own_folder(LISTS)
        findings = conclude(source, records, skipped, duplicates, validation, params.allowed)
        class_counts = count_classes(findings, rule)
        summary = _summary(findings, class_counts, validation, params)
        written = (table, classes, summary_path, keep, drop, *sheet_paths(folder).values())
        with in_turn(folder), telling_replaced(reporter, *written):  # all files of one command
            write_table(table, findings)
            write_lists(keep, drop, findings)
            write_classes(classes, class_counts)
            sheets = write_sheets(folder, findings, reader, lenient)
            write_json(summary_path, summary)
    return AuditResult(table, classes, summary_path, keep, drop, sheets, summary)


def _validation(
    params: AuditParams, source: Source, workspace: Workspace, reporter: Reporter
) -> Flags:
    """Return which images are for validation, (n,) bool."""
    flags = np.zeros(len(source.keys), bool)
    if params.validation is None:
        return flags

    def find(key: str) -> tuple[int, ...] | None:
        """Return a size, which is not used here, and the index."""
        index = index_of(source.keys, key)
        return None if index is None else (0, index)

    path = workspace.input_location(params.validation)
    respell = Spellings(source.keys).get
    of_stem = Stems(lambda: source.keys).get
    found = listed(read_list(path), source.name, find, path.name, respell, of_stem)
    if found.skipped:
        n_missing, first = len(found.skipped), found.skipped[0].key
        images = quantity(n_missing, "image")
        reporter.warn(f"not in the source: {images} of {path.name}, such as {first}")
    flags[found.places[:, 0]] = True
    return flags


def _inspect(
    source: Source, params: ImageParams, passes: Passes, book: ScoreBook
) -> tuple[Records, dict[int, Skip]]:
    """Return the records of all images, and those that could not be read, by index.

    Scores that the book does not know are added to it.
    """
    records = np.zeros(len(source.keys), RECORD)
    skipped: dict[int, Skip] = {}
    scorer = ImageScorer() if book.missing("rgbvar") else None
    task = Inspector(source, params.icc, params.orientation, params.damaged, scorer)
    with passes.each(task, range(len(source.keys)), "inspecting") as results:
        for done in results:
            records[done.indices] = done.records
            skipped.update(done.skipped_by_index)
            book.add(done.scores)
    read = records["read"]
    records["rgbvar"][read] = book.scores["rgbvar"][read]
    return records, skipped


def _summary(
    findings: Findings, classes: ClassCounts, validation: Flags, params: AuditParams
) -> dict[str, Any]:
    """Return the counts, the source and the rules; the same for the same images."""
    source, records = findings.source, findings.records
    images, kept = (sum(counts[i] for counts in classes.values()) for i in (0, 1))
    outside = {"corrupt": len(source.skipped)}
    sampled = records["subsampling"][records["subsampling"] != b""]
    names, n_sampled = np.unique(sampled, return_counts=True)
    published = ("zhang_mask_gray", "ab_range_gray")
    return {
        "schema": AUDIT_SCHEMA,
        "source": {"digest": digest_of(source, range(len(records))), "n_files": len(records)},
        "decoding": params.images.decoding,
        "rules": RULES,
        "allowed": [name for name in REASONS if name in params.allowed],
        "n_images": images,
        "n_kept": kept,
        "n_dropped": images - kept,
        "n_validation": int(np.count_nonzero(validation)),
        "reasons": _counts(findings.reasons, outside),
        "notes": _counts(findings.notes, outside),
        "errors": count_by_reason([*source.skipped, *findings.skipped.values()]),
        "published": {name: int(np.count_nonzero(records[name])) for name in published},
        "subsampling": dict(
            zip((name.decode() for name in names), n_sampled.tolist(), strict=True)
        ),
        "n_sets": len(findings.sets),
        "n_leaks": len(findings.leaks),
        "leaks": [
            _sides(findings.sets[number - 1], source, validation)
            for number in findings.leaks[:SHOWN_LEAKS]
        ],
        "classes": {
            "n_classes": len(classes),
            "images": _spread([counts[0] for counts in classes.values()]),
            "kept": _spread([counts[1] for counts in classes.values()]),
            "emptied": [name for name, counts in classes.items() if counts[1] == 0],
        },
        "shown": shown_on_sheets(findings),
        "versions": versions("numba", "numpy", "pillow", "simplejpeg"),
    }


def _counts(flags: Mapping[str, Flags], outside: Mapping[str, int]) -> dict[str, int]:
    return {
        name: int(np.count_nonzero(those)) + outside.get(name, 0) for name, those in flags.items()
    }


def _sides(members: Sequence[int], source: Source, validation: Flags) -> dict[str, list[str]]:
    """Return the keys of a set of duplicates, by use."""
    sides: dict[str, list[str]] = {"validation": [], "training": []}
    for one in sorted(members):
        sides["validation" if validation[one] else "training"].append(source.keys[one])
    return sides


def _spread(counts: Sequence[int]) -> dict[str, float]:
    return {"smallest": min(counts), "median": median(counts), "largest": max(counts)}
