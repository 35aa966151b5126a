"""Writing lists: where they go, how their classes are numbered, which files they never replace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from ...errors import InputError
from ...images.classes import ClassFrom, ClassRule, class_names, class_of
from ...images.lists import ListForm
from ...images.source import Source
from ...places import Location, resolved
from ...progress import Reporter
from ...workspace import LISTS, Workspace
from ..class_rules import class_rule
from ..replaced import replace_list
from ..source import ImageParams, open_source


@dataclass(frozen=True)
class WrittenList:
    """The path of a list, and what it contains."""

    path: Location
    n_images: int
    n_classes: int


def write_keys(
    path: Location,
    keys: Sequence[str],
    lines: Iterable[str],
    workspace: Workspace,
    reporter: Reporter,
    class_from: ClassRule = "top",
) -> WrittenList:
    """Write a list of keys as `lines`, see `in_form`; mark ``lists/`` if the list goes there."""
    if path.parent == workspace.path(LISTS):
        workspace.own_folder(LISTS)
    replace_list(path, lines, reporter)
    return WrittenList(path, len(keys), len({class_of(key, class_from) for key in keys}))


def check_not_read(
    outputs: Iterable[Location], inputs: Iterable[str | Path | None], workspace: Workspace
) -> None:
    """Raise InputError if an output would replace a list that is an input."""
    read = {resolved(workspace.location(path)) for path in inputs if path is not None}
    for path in outputs:
        if resolved(path) in read:
            raise InputError(
                f"{path} is one of the lists that are read, which are never changed; name another "
                "output with -o"
            )


def numbered_classes(
    form: ListForm,
    source: Source,
    images: ImageParams,
    workspace: Workspace,
    reporter: Reporter,
    class_from: ClassFrom = "top",
) -> list[str]:
    """Return the classes in order of their numbers, if the form has numbers.

    They are the classes of the whole source, even if `images` has a list that narrows it, so that
    all lists of the source number them in the same way.
    """
    if form != "labeled":
        return []
    if images.list is None:
        return class_names(source.keys, class_rule(source, class_from, images, workspace))
    everything = replace(images, list=None)
    whole = open_source(everything, workspace, reporter, class_from=class_from)
    rule = class_rule(whole, class_from, images, workspace)
    return class_names(chain(whole.keys, source.keys), rule)
