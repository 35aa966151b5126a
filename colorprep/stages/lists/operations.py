"""`colorprep lists merge`, `subtract` and `intersect`: combine lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, permutations
from pathlib import Path
from typing import Literal, TypeAlias

from ...curriculum import combining
from ...errors import InputError
from ...images.lists import ListForm, hiding_folder, in_form, plain_paths, resolve
from ...images.skip import Skip
from ...images.source import Source
from ...progress import Reporter
from ...workspace import LISTS, Workspace
from ..source import ImageParams, open_listed, read_given_list, report_skips, warn_of_skips
from .writing import WrittenList, check_not_read, class_names, numbered_classes, write_keys

Operation: TypeAlias = Literal["merge", "subtract", "intersect"]
_OPERATIONS = {
    "merge": (combining.merge, "merged.txt"),
    "subtract": (combining.subtract, "subtracted.txt"),
    "intersect": (combining.intersect, "intersected.txt"),
}


@dataclass(frozen=True)
class CombineParams:
    """Parameters of `colorprep lists merge`, `subtract` and `intersect`.

    Attributes
    ----------
    lists : sequence of str or Path
        The result is in the order of the first.
    folder : str, Path or None
        The source in which lines are looked up; None compares them as paths.
    form : {"keys", "prefixed", "labeled"}
        `prefixed` needs a source.
    output : str, Path or None
        None for ``lists/merged.txt``, ``subtracted.txt`` or ``intersected.txt``.
    """

    operation: Operation
    lists: Sequence[str | Path]
    folder: str | Path | None = None
    form: ListForm = "keys"
    output: str | Path | None = None

    def __post_init__(self) -> None:
        """Refuse too few lists, and a prefix without a source."""
        least = 1 if self.operation == "merge" else 2
        if len(self.lists) < least:
            raise InputError(f"{self.operation} takes {least} or more lists")
        if self.form == "prefixed" and self.folder is None:
            raise InputError("--form prefixed needs --dir, whose name is the prefix of each key")


@dataclass(frozen=True)
class CombineResult:
    """Result of `colorprep lists merge`, `subtract` or `intersect`.

    Attributes
    ----------
    n_listed : list of int
        The number of different images in each list.
    skipped : list of Skip
        Lines that are not in the source, or not text.
    """

    combined: WrittenList
    n_listed: list[int]
    skipped: list[Skip]


def combine(params: CombineParams, workspace: Workspace, reporter: Reporter) -> CombineResult:
    """Merge, subtract or intersect lists, in the order of the first.

    Raises
    ------
    InputError
        If a list cannot be read, no image is left, or the output is one of the lists.
    """
    operation, name = _OPERATIONS[params.operation]
    path = workspace.path(params.output or Path(LISTS, name))
    check_not_read([path], params.lists, workspace)
    lists = [read_given_list(list_, workspace, may_be_empty=True) for list_ in params.lists]
    source = None
    if params.folder is None:
        keys_by_list, skipped = plain_paths(lists, [str(name) for name in params.lists])
        warn_of_skips(skipped, reporter)
        _warn_of_hiding_folders(params.lists, keys_by_list, reporter)
    else:
        source = _source_of_listed(params, lists, workspace, reporter)
        report_skips(source.skipped, len(source.keys), reporter)
        keys_by_list, skipped = [resolve(lines, source) for lines in lists], list(source.skipped)
    keys = operation(keys_by_list[0], keys_by_list[1:])
    if not keys:
        raise InputError(_why_empty(params))
    lines = _lines_of(keys, params, source, workspace, reporter)
    return CombineResult(
        write_keys(path, keys, lines, workspace, reporter),
        [len(set(listed)) for listed in keys_by_list],
        skipped,
    )


def _source_of_listed(
    params: CombineParams,
    lists: Sequence[Sequence[str]],
    workspace: Workspace,
    reporter: Reporter,
) -> Source:
    """Open the source narrowed to the lines of all lists, so that files with any name are found."""
    lines = list(chain(*lists))
    images = ImageParams(params.folder)
    return open_listed(images, workspace, reporter, lines, _names(params.lists))


def _lines_of(
    keys: Sequence[str],
    params: CombineParams,
    source: Source | None,
    workspace: Workspace,
    reporter: Reporter,
) -> list[str]:
    if source is not None:
        # Any of the lists will do: it says that the source is narrowed, and so not whole.
        images = ImageParams(params.folder, params.lists[0])
        numbered = numbered_classes(params.form, source, images, workspace, reporter)
        return in_form(keys, params.form, source.name, numbered)
    if params.form == "labeled":
        reporter.warn(
            "without --dir the classes are numbered as in this list alone; give --dir SOURCE for "
            "their numbers in the source"
        )
    return in_form(keys, params.form, "", class_names(keys))


def _warn_of_hiding_folders(
    names: Sequence[str | Path], keys_by_list: Sequence[Sequence[str]], reporter: Reporter
) -> None:
    """Warn of lists that seem to name the same images in different forms."""
    named = zip(names, keys_by_list, strict=True)
    for (name, paths), (other, others) in permutations(named, 2):
        folder = hiding_folder(paths, others)
        if folder is not None:
            reporter.warn(
                f"every line of {name} starts with {folder}/, and without it some are in {other}: "
                f"if {folder} is the source, give it with --dir, so that these are the same images"
            )


def _why_empty(params: CombineParams) -> str:
    first, others = params.lists[0], _names(params.lists[1:])
    if params.operation == "intersect":
        what = f"no image is both in {first} and in {others}"
    else:
        what = f"every image of {first} is also in {others}, so none is left"
    return f"{what}; no list is written"


def _names(lists: Sequence[str | Path]) -> str:
    return " and ".join(map(str, lists))
