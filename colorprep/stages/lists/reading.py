"""Reading several lists, to combine them: by the images of a source, or as paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, permutations
from pathlib import Path

from ...errors import InputError
from ...images.classes import class_names
from ...images.lists import ListForm, hiding_folder, in_form, plain_paths, resolve
from ...images.skip import Skip
from ...images.source import Source
from ...progress import Reporter
from ...workspace import Workspace
from ..source import ImageParams, open_listed, read_given_list, report_skips, warn_of_skips
from .writing import numbered_classes


@dataclass(frozen=True)
class ReadLists:
    """The keys of several lists.

    Attributes
    ----------
    images : ImageParams
        Names the source, and one of the lists, which says that the source is narrowed by them.
    source : Source or None
        The images of all lists; None if their lines were compared as paths.
    by_list : list of list of str
        The keys of each list, in its order.
    skipped : list of Skip
        Lines that are not in the source, or not text.
    """

    images: ImageParams
    source: Source | None
    by_list: list[list[str]]
    skipped: list[Skip]

    def lines(
        self, keys: Sequence[str], form: ListForm, workspace: Workspace, reporter: Reporter
    ) -> list[str]:
        """Return the lines of some of the keys in one of the forms."""
        if self.source is not None:
            numbered = numbered_classes(form, self.source, self.images, workspace, reporter)
            return in_form(keys, form, self.source.name, numbered)
        if form == "labeled":
            reporter.warn(
                "without --dir the classes are numbered as in this list alone; give --dir SOURCE "
                "for their numbers in the source"
            )
        return in_form(keys, form, "", class_names(keys))


def read_lists(
    names: Sequence[str | Path],
    folder: str | Path | None,
    workspace: Workspace,
    reporter: Reporter,
) -> ReadLists:
    """Read lists, and look their lines up in a source; without one, compare them as paths.

    Raises
    ------
    InputError
        If a list cannot be read, or the source has none of the images.
    """
    lists = [read_given_list(name, workspace, may_be_empty=True) for name in names]
    images = ImageParams(folder, names[0])
    if folder is None:
        by_list, skipped = plain_paths(lists, [str(name) for name in names])
        warn_of_skips(skipped, reporter)
        _warn_of_hiding_folders(names, by_list, reporter)
        return ReadLists(images, None, by_list, skipped)
    # Narrowed to the lines of all lists, so that files with any name are found.
    lines = list(chain(*lists))
    source = open_listed(images, workspace, reporter, lines, names_of(names))
    report_skips(source.skipped, len(source.keys), reporter)
    by_list = [resolve(lines, source) for lines in lists]
    return ReadLists(images, source, by_list, list(source.skipped))


def check_form(form: ListForm, folder: str | Path | None) -> None:
    """Raise InputError if a form needs a source that is not given."""
    if form == "prefixed" and folder is None:
        raise InputError("--form prefixed needs --dir, whose name is the prefix of each key")


def names_of(lists: Sequence[str | Path]) -> str:
    """Return the names of lists for messages."""
    return " and ".join(map(str, lists))


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
