"""Which images `colorprep train` trains on and which it holds out, by lists or at random."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...errors import InputError
from ...images.lists import match, read_list
from ...progress import Reporter
from ...shards.reader import LabelFolder
from ...training.data.curriculum import Curriculum, CurriculumStage, split_keys
from ...training.options import StageLists
from ...workspace import Workspace

EVERY_IMAGE = "all"


def parse_held_out(text: str) -> float | str:
    """Read LIST|FRACTION; a number is a fraction."""
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
        A fraction, chosen by a hash of the key; or a list.

    Returns
    -------
    training, validation : list of str
        Keys in the order of the labels.

    Raises
    ------
    InputError
        If the list cannot be read, names no image of the labels, or names all of them.
    """
    keys = labels.keys
    if isinstance(held_out, float | int):
        return split_keys(keys, held_out)
    chosen = set(_listed(held_out, keys, workspace, reporter))
    if len(chosen) == len(keys):
        raise InputError(
            f"{held_out} holds out all images of {labels.path}, so none is left to train on"
        )
    return [key for key in keys if key not in chosen], [key for key in keys if key in chosen]


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
        reporter.note(f"{len(chosen) - len(kept)} images of {list_} are held out for validation")
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


def _listed(
    list_: str | Path, keys: Sequence[str], workspace: Workspace, reporter: Reporter
) -> list[str]:
    found, missing = match(read_list(workspace.input_path(list_)), keys)
    if not found:
        raise InputError(
            f"none of the {len(missing)} images listed in {list_} is among the labels; a line is "
            f"a path within the images that were labeled, such as {keys[0]}"
        )
    if missing:
        reporter.warn(
            f"{len(missing)} images listed in {list_} are not among the labels, such as "
            f"{missing[0]}; they are left out"
        )
    return found
