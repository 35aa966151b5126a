"""`colorprep lists`: draw, split and combine lists of images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, permutations
from pathlib import Path
from typing import Literal, TypeAlias

from ..curriculum import combining, sampling
from ..errors import InputError
from ..images.lists import (
    ListForm,
    hiding_folder,
    in_form,
    plain_paths,
    read_list,
    resolve,
)
from ..images.skip import Skip
from ..images.source import Source, top_folder
from ..progress import Reporter
from ..workspace import LISTS, Workspace
from .replaced import replace_list
from .source import ImageParams, open_listed, open_source, report_skips, warn_of_skips

TINY = 9
TINY_PATH = Path(LISTS, "tiny.txt")

Operation: TypeAlias = Literal["merge", "subtract", "intersect"]
_OPERATIONS = {
    "merge": (combining.merge, "merged.txt"),
    "subtract": (combining.subtract, "subtracted.txt"),
    "intersect": (combining.intersect, "intersected.txt"),
}


@dataclass(frozen=True)
class DrawParams:
    """What `colorprep lists random` and `tiny` are to do.

    Attributes
    ----------
    images : ImageParams
        Only the source and its list are used.
    n_images : int
    seed : int
    form : {"keys", "prefixed", "labeled"}
    output : str, Path or None
        None for ``lists/random-N.txt``.
    """

    images: ImageParams = field(default_factory=ImageParams)
    n_images: int = TINY
    seed: int = 0
    form: ListForm = "keys"
    output: str | Path | None = None

    def __post_init__(self) -> None:
        """Refuse to draw nothing."""
        if self.n_images < 1:
            raise InputError(f"the number of images is 1 or more; got {self.n_images}")


@dataclass(frozen=True)
class SplitParams:
    """What `colorprep lists split` is to do.

    Attributes
    ----------
    images : ImageParams
        Only the source and its list are used.
    val, test : float
        Shares of each class; a share of 0 writes no list.
    seed : int
    form : {"keys", "prefixed", "labeled"}
    output : str, Path or None
        Folder of the lists; None for ``lists/``.
    """

    images: ImageParams = field(default_factory=ImageParams)
    val: float = 0.1
    test: float = 0.1
    seed: int = 0
    form: ListForm = "keys"
    output: str | Path | None = None

    def __post_init__(self) -> None:
        """Refuse shares that leave nothing to split."""
        sampling.check_shares(self.val, self.test)


@dataclass(frozen=True)
class CombineParams:
    """What `colorprep lists merge`, `subtract` and `intersect` are to do.

    Attributes
    ----------
    operation : {"merge", "subtract", "intersect"}
    lists : sequence of str or Path
        The first gives the order.
    folder : str, Path or None
        The source that lines are looked up in; None compares them as paths.
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
        """Refuse what lacks a list, or a source."""
        least = 1 if self.operation == "merge" else 2
        if len(self.lists) < least:
            raise InputError(f"{self.operation} takes {least} or more lists")
        if self.form == "prefixed" and self.folder is None:
            raise InputError("--form prefixed needs --dir, whose name goes before each key")


@dataclass(frozen=True)
class WrittenList:
    """A list that was written.

    Attributes
    ----------
    path : Path
    n_images, n_classes : int
    """

    path: Path
    n_images: int
    n_classes: int


@dataclass(frozen=True)
class DrawResult:
    """What `colorprep lists random` or `tiny` did.

    Attributes
    ----------
    drawn : WrittenList
    n_images, n_classes : int
        Of the source.
    skipped : list of Skip
    """

    drawn: WrittenList
    n_images: int
    n_classes: int
    skipped: list[Skip]


@dataclass(frozen=True)
class SplitResult:
    """What `colorprep lists split` did.

    Attributes
    ----------
    parts : dict of str to WrittenList
        By ``train``, ``val``, ``test``; without those that have no share.
    skipped : list of Skip
    """

    parts: dict[str, WrittenList]
    skipped: list[Skip]


@dataclass(frozen=True)
class CombineResult:
    """Result of `colorprep lists merge`, `subtract` or `intersect`.

    Attributes
    ----------
    combined : WrittenList
    n_listed : list of int
        The number of different images in each list.
    skipped : list of Skip
        Lines that are not in the source, or not text.
    """

    combined: WrittenList
    n_listed: list[int]
    skipped: list[Skip]


def draw(params: DrawParams, workspace: Workspace, reporter: Reporter) -> DrawResult:
    """Draw images of a source by chance, so that they cover its classes, and list them by key.

    Parameters
    ----------
    params : DrawParams
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    DrawResult

    Raises
    ------
    InputError
        If the source holds fewer images, or the output is the list that narrows it.
    """
    path = workspace.path(params.output or Path(LISTS, f"random-{params.n_images}.txt"))
    _check_not_read([path], [params.images.list], workspace)
    source = open_source(params.images, workspace, reporter)
    report_skips(source.skipped, len(source.keys), reporter)
    if params.n_images > len(source.keys):
        raise InputError(
            f"{params.n_images} images are asked for, but there are only {len(source.keys)} in "
            f"{source.name}; ask for {len(source.keys)} or fewer"
        )
    keys, classes = list(source.keys), list(map(top_folder, source.keys))
    chosen = sorted(sampling.covering_order(keys, classes, params.seed)[: params.n_images])
    numbered = _numbered_classes(params.form, source, params.images, workspace, reporter)
    _own_folder(path, workspace)
    replace_list(path, in_form(chosen, params.form, source.name, numbered), reporter)
    drawn = WrittenList(path, len(chosen), _n_classes(chosen))
    return DrawResult(drawn, len(keys), len(set(classes)), list(source.skipped))


def split(params: SplitParams, workspace: Workspace, reporter: Reporter) -> SplitResult:
    """Split the images of a source by chance, each class by the same shares.

    Parameters
    ----------
    params : SplitParams
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    SplitResult

    Raises
    ------
    InputError
        If a part would get no image, or an output is the list that narrows the source.
    """
    folder = workspace.path(params.output or LISTS)
    paths = {part: folder / f"{part}.txt" for part in sampling.Split._fields}
    _check_not_read(paths.values(), [params.images.list], workspace)
    source = open_source(params.images, workspace, reporter)
    report_skips(source.skipped, len(source.keys), reporter)
    keys, classes = list(source.keys), list(map(top_folder, source.keys))
    parts = sampling.split(keys, classes, params.val, params.test, params.seed)._asdict()
    wanted = {"train": True, "val": params.val > 0, "test": params.test > 0}
    for part, chosen in parts.items():
        if wanted[part] and not chosen:
            raise InputError(
                f"no image would go to {part}: {source.name} holds {len(keys)}, too few for shares "
                f"of {params.val:g} for val and {params.test:g} for test; choose other shares"
            )
    numbered = _numbered_classes(params.form, source, params.images, workspace, reporter)
    workspace.own_folder(params.output or LISTS)
    written = {}
    for part, chosen in parts.items():
        if wanted[part]:
            replace_list(paths[part], in_form(chosen, params.form, source.name, numbered), reporter)
            written[part] = WrittenList(paths[part], len(chosen), _n_classes(chosen))
        elif paths[part].exists():
            reporter.warn(
                f"{paths[part]} is from an earlier run and may hold images that are now in another "
                "list; remove it"
            )
    return SplitResult(written, list(source.skipped))


def combine(params: CombineParams, workspace: Workspace, reporter: Reporter) -> CombineResult:
    """Merge, subtract or intersect lists, in the order of the first.

    Parameters
    ----------
    params : CombineParams
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    CombineResult

    Raises
    ------
    InputError
        If a list cannot be read, no image is left, or the output is one of the lists.
    """
    operation, name = _OPERATIONS[params.operation]
    path = workspace.path(params.output or Path(LISTS, name))
    _check_not_read([path], params.lists, workspace)
    lists = [read_list(workspace.input_path(list_), may_be_empty=True) for list_ in params.lists]
    source = None
    if params.folder is None:
        found, skipped = plain_paths(lists, [str(name) for name in params.lists])
        warn_of_skips(skipped, reporter)
        _warn_of_hiding_folders(params.lists, found, reporter)
    else:
        source = _source_of_listed(params, lists, workspace, reporter)
        report_skips(source.skipped, len(source.keys), reporter)
        found, skipped = [resolve(lines, source) for lines in lists], list(source.skipped)
    keys = operation(found[0], found[1:])
    if not keys:
        raise InputError(_why_empty(params))
    _own_folder(path, workspace)
    replace_list(path, _lines_of(keys, params, source, workspace, reporter), reporter)
    return CombineResult(
        WrittenList(path, len(keys), _n_classes(keys)),
        [len(set(paths)) for paths in found],
        skipped,
    )


def _source_of_listed(
    params: CombineParams,
    lists: Sequence[Sequence[str]],
    workspace: Workspace,
    reporter: Reporter,
) -> Source:
    """Open the source narrowed to the lines of all lists, so that files of any name are found."""
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
        # One list stands for all of them: the source is narrowed, so the whole must be asked.
        images = ImageParams(params.folder, params.lists[0])
        numbered = _numbered_classes(params.form, source, images, workspace, reporter)
        return in_form(keys, params.form, source.name, numbered)
    if params.form == "labeled":
        reporter.warn(
            "without --dir the classes are numbered as they come in this list alone; give --dir "
            "SOURCE for their numbers in the source"
        )
    return in_form(keys, params.form, "", _class_names(keys))


def _numbered_classes(
    form: ListForm, source: Source, images: ImageParams, workspace: Workspace, reporter: Reporter
) -> list[str]:
    """Return the classes in order of their numbers: all of the source, so that its lists agree."""
    if form != "labeled":
        return []
    if images.list is None:
        return _class_names(source.keys)
    whole = open_source(replace(images, list=None), workspace, reporter)
    return _class_names(chain(whole.keys, source.keys))


def _class_names(keys: Iterable[str]) -> list[str]:
    return sorted(set(map(top_folder, keys)) - {""})


def _n_classes(keys: Iterable[str]) -> int:
    return len(set(map(top_folder, keys)))


def _own_folder(path: Path, workspace: Workspace) -> None:
    """Mark the workspace's folder of lists, if a list goes there."""
    if path.parent == workspace.path(LISTS):
        workspace.own_folder(LISTS)


def _check_not_read(
    outputs: Iterable[Path], inputs: Iterable[str | Path | None], workspace: Workspace
) -> None:
    """Refuse to replace a list that is read."""
    read = {workspace.path(path).resolve() for path in inputs if path is not None}
    for path in outputs:
        if path.resolve() in read:
            raise InputError(
                f"{path} is one of the lists that are read, which are never changed; name another "
                "output with -o"
            )


def _warn_of_hiding_folders(
    names: Sequence[str | Path], found: Sequence[Sequence[str]], reporter: Reporter
) -> None:
    """Warn where lists seem to name the same images in different forms."""
    for (name, paths), (other, others) in permutations(zip(names, found, strict=True), 2):
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
        what = f"every image of {first} is in {others} as well, so none is left"
    return f"{what}; no list is written"


def _names(lists: Sequence[str | Path]) -> str:
    return " and ".join(map(str, lists))
