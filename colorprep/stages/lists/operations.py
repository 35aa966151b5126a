"""`colorprep lists merge`, `subtract` and `intersect`: combine lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from ...curriculum import combining
from ...errors import InputError
from ...images.lists import ListForm
from ...images.skip import Skip
from ...progress import Reporter
from ...workspace import LISTS, Workspace
from .reading import check_form, names_of, read_lists
from .writing import WrittenList, check_not_read, write_keys

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
        check_form(self.form, self.folder)


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
    path = workspace.location(params.output or Path(LISTS, name))
    check_not_read([path], params.lists, workspace)
    listed = read_lists(params.lists, params.folder, workspace, reporter)
    keys = operation(listed.by_list[0], listed.by_list[1:])
    if not keys:
        raise InputError(_why_empty(params))
    lines = listed.lines(keys, params.form, workspace, reporter)
    return CombineResult(
        write_keys(path, keys, lines, workspace, reporter),
        [len(set(keys)) for keys in listed.by_list],
        listed.skipped,
    )


def _why_empty(params: CombineParams) -> str:
    first, others = params.lists[0], names_of(params.lists[1:])
    if params.operation == "intersect":
        what = f"no image is both in {first} and in {others}"
    else:
        what = f"every image of {first} is also in {others}, so none is left"
    return f"{what}; no list is written"
