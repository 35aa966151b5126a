"""`colorprep lists voc-berkeley`: the training and validation images of Keras-FCN."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...curriculum.combining import VocLists, VocMode, divide_voc
from ...errors import InputError
from ...images.lists import ListForm
from ...images.skip import Skip
from ...progress import Reporter
from ...workspace import LISTS, Workspace
from .reading import check_form, read_lists
from .writing import WrittenList, check_not_read, write_keys


@dataclass(frozen=True)
class VocParams:
    """Parameters of `colorprep lists voc-berkeley`.

    Attributes
    ----------
    voc_train, voc_val, berkeley_train, berkeley_val : str or Path
        The published lists.
    mode : {1, 2, 3}
        See `colorprep.curriculum.combining.divide_voc`.
    folder : str, Path or None
        The source in which lines are looked up; None compares them as paths.
    form : {"keys", "prefixed", "labeled"}
        `prefixed` needs a source.
    output : str, Path or None
        Folder of the lists; None for ``lists/``.
    """

    voc_train: str | Path
    voc_val: str | Path
    berkeley_train: str | Path
    berkeley_val: str | Path
    mode: VocMode = 2
    folder: str | Path | None = None
    form: ListForm = "keys"
    output: str | Path | None = None

    def __post_init__(self) -> None:
        """Refuse a prefix without a source."""
        check_form(self.form, self.folder)


@dataclass(frozen=True)
class VocResult:
    """Result of `colorprep lists voc-berkeley`.

    Attributes
    ----------
    skipped : list of Skip
        Lines that are not in the source, or not text.
    """

    train: WrittenList
    val: WrittenList
    skipped: list[Skip]


def divide(params: VocParams, workspace: Workspace, reporter: Reporter) -> VocResult:
    """Write the lists of images to train on and to validate with.

    Raises
    ------
    InputError
        If a list cannot be read, no image is left for one of the two, or an output is one of the
        lists.
    """
    given = (params.voc_train, params.voc_val, params.berkeley_train, params.berkeley_val)
    folder = workspace.location(params.output or LISTS)
    paths = [folder / "train.txt", folder / "val.txt"]
    check_not_read(paths, given, workspace)
    listed = read_lists(given, params.folder, workspace, reporter)
    parts = divide_voc(VocLists(*listed.by_list), params.mode)
    for part, keys in parts._asdict().items():
        if not keys:
            raise InputError(
                f"mode {params.mode} leaves no image for {part}; no list is written: check that "
                "the four lists come in the order of --help, or choose another --mode"
            )
    workspace.make_own(folder)
    train, val = (
        write_keys(
            path, keys, listed.lines(keys, params.form, workspace, reporter), workspace, reporter
        )
        for path, keys in zip(paths, parts, strict=True)
    )
    return VocResult(train, val, listed.skipped)
