"""Which images `colorprep train` trains on and which it holds out, by lists or at random."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...errors import InputError
from ...images.classes import class_names
from ...images.lists import match, read_list
from ...printable import first_of
from ...progress import Reporter
from ...report.numbers import quantity
from ...shards.reader import LabelFolder
from ...storage import size_of
from ...training.data.curriculum import Curriculum, CurriculumStage, split_keys
from ...training.options import StageLists
from ...workspace import Workspace

EVERY_IMAGE = "all"
SHOWN = 10  # top folders that a message names


def parse_held_out(text: str) -> float | str:
    """Read LIST|FOLDER/|FRACTION; a number is a fraction."""
    try:
        return float(text)
    except ValueError:
        return text


def parse_curriculum(text: str) -> StageLists:
    """Read LIST:EPOCHS,LIST:EPOCHS,...; the list ``all`` stands for all images.

    Raises
    ------
    InputError
        If the text has another form.
    """
    stages: list[tuple[str | None, int]] = []
    for part in text.split(","):
        list_, _, n_epochs = part.strip().rpartition(":")
        if not list_ or not n_epochs.isdecimal() or int(n_epochs) < 1:
            raise InputError(
                f"a curriculum is LIST:EPOCHS,LIST:EPOCHS,... with {EVERY_IMAGE!r} for all images "
                f"and 1 epoch or more each; got {part.strip()!r}"
            )
        stages.append((None if list_ == EVERY_IMAGE else list_, int(n_epochs)))
    return tuple(stages)


def split_labels(
    labels: LabelFolder, held_out: float | str | Path, workspace: Workspace, reporter: Reporter
) -> tuple[list[str], list[str]]:
    """Split the images of labels into training and validation.

    Parameters
    ----------
    held_out : float, str or Path
        A fraction, chosen by a hash of the key; a list; or a folder within the keys, whose images
        at any depth are held out. A name that ends in a slash is a folder, and so is one of no
        list under which there are images.

    Returns
    -------
    training, validation : list of str
        Keys in the order of the labels.

    Raises
    ------
    InputError
        If the list cannot be read, list or folder have no image of the labels, or all of them.
    """
    keys = labels.keys
    if isinstance(held_out, float | int):
        return split_keys(keys, held_out)
    folder = _folder(held_out, keys, workspace)
    if folder is not None:
        chosen = set(_under(folder, keys))
    else:
        chosen = set(_listed(held_out, keys, workspace, reporter))
    if len(chosen) == len(keys):
        raise InputError(
            f"{held_out} holds out all images of {labels.path}, so none is left to train on"
        )
    return [key for key in keys if key not in chosen], [key for key in keys if key in chosen]


def held_out_shown(held_out: float | str | Path, workspace: Workspace) -> float | str:
    """Return what was held out, for the record of a run; the path of a list as in messages."""
    if isinstance(held_out, float | int):
        return held_out
    is_folder = str(held_out).endswith("/")
    return str(held_out) if is_folder else workspace.shown(workspace.input_location(held_out))


def narrowed(
    training: Sequence[str],
    validation: Sequence[str],
    list_: str | Path,
    workspace: Workspace,
    reporter: Reporter,
) -> list[str]:
    """Return the images of a list that may be trained on.

    Parameters
    ----------
    training, validation : sequence of str
        Keys, see `split_labels`.

    Returns
    -------
    list of str
        In the order of `training`.

    Raises
    ------
    InputError
        If the list cannot be read, or none of its images may be trained on.
    """
    chosen = set(_listed(list_, [*training, *validation], workspace, reporter))
    kept = [key for key in training if key in chosen]
    if not kept:
        raise InputError(
            f"all images of {list_} are held out for validation, so none is left to train on; hold "
            "out others with --val"
        )
    if len(kept) < len(chosen):
        n_held_out = quantity(len(chosen) - len(kept), "image")
        reporter.note(f"held out for validation: {n_held_out} of {list_}")
    return kept


def curriculum_of(
    stages: StageLists,
    training: Sequence[str],
    validation: Sequence[str],
    workspace: Workspace,
    reporter: Reporter,
) -> Curriculum | None:
    """Return the curriculum of some lists, None without any.

    Raises
    ------
    InputError
        As `narrowed`, for each list.
    """
    if not stages:
        return None
    made = []
    for list_, n_epochs in stages:
        keys = None
        if list_ is not None:
            keys = tuple(narrowed(training, validation, list_, workspace, reporter))
        made.append(CurriculumStage(keys, n_epochs))
    return Curriculum(tuple(made))


def _folder(held_out: str | Path, keys: Sequence[str], workspace: Workspace) -> str | None:
    """Return the folder of keys that is meant, ending in a slash; None for a list."""
    prefix = str(held_out).removeprefix("./").rstrip("/") + "/"
    if str(held_out).endswith("/"):
        return prefix
    is_list = size_of(workspace.input_location(held_out)) is not None
    return None if is_list or not any(key.startswith(prefix) for key in keys) else prefix


def _under(folder: str, keys: Sequence[str]) -> list[str]:
    """Return the images of the labels under a folder, directly or in its subfolders."""
    found = [key for key in keys if key.startswith(folder)]
    if not found:
        tops = class_names(keys)
        there = f"the top folders are {first_of(tops, SHOWN)}" if tops else "they are in no folders"
        raise InputError(
            f"no image of the labels is in the folder {folder} to hold out; {there}: give one of "
            "their folders, a list or a fraction with --val"
        )
    return found


def _listed(
    list_: str | Path, keys: Sequence[str], workspace: Workspace, reporter: Reporter
) -> list[str]:
    found, missing = match(read_list(workspace.input_location(list_)), keys)
    if not found:
        raise InputError(
            f"none of the {len(missing)} images listed in {list_} is among the labels; a line is "
            f"a path within the images that were labeled, such as {keys[0]}"
        )
    if missing:
        reporter.warn(
            f"left out, since they are not among the labels: {quantity(len(missing), 'image')} "
            f"listed in {list_}, such as {missing[0]}"
        )
    return found
