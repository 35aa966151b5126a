"""`colorprep lists split`: divide images at random into train, val and test."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ...curriculum import sampling
from ...errors import InputError
from ...images.classes import ClassFrom, ClassRule, class_of
from ...images.lists import ListForm, in_form
from ...images.skip import Skip
from ...images.source import Source
from ...progress import Reporter
from ...storage import size_of
from ...workspace import LISTS, Workspace
from ..class_rules import class_rule
from ..source import ImageParams, open_source, report_skips
from .writing import WrittenList, check_not_read, numbered_classes, write_keys


@dataclass(frozen=True)
class SplitParams:
    """Parameters of `colorprep lists split`.

    Attributes
    ----------
    images : ImageParams
        Only the source, its list and `follow` are used.
    val, test : float
        Fractions of each class below 1, or numbers of images of each class; if one is 0, its list
        is not written.
    class_from : str or int
        Where the class of an image is taken from, see `colorprep.images.classes`.
    output : str, Path or None
        Folder of the lists; None for ``lists/``.
    """

    images: ImageParams = field(default_factory=ImageParams)
    val: float = 0.1
    test: float = 0.1
    seed: int = 0
    form: ListForm = "keys"
    output: str | Path | None = None
    class_from: ClassFrom = "top"

    def __post_init__(self) -> None:
        """Refuse shares that leave nothing to split."""
        sampling.check_shares(self.val, self.test)


@dataclass(frozen=True)
class SplitResult:
    """Result of `colorprep lists split`.

    Attributes
    ----------
    parts : dict of str to WrittenList
        By ``train``, ``val`` and ``test``, without those whose share is 0.
    """

    parts: dict[str, WrittenList]
    skipped: list[Skip]


def split(params: SplitParams, workspace: Workspace, reporter: Reporter) -> SplitResult:
    """Split the images of a source at random, each class by the same shares.

    Raises
    ------
    InputError
        If a part would get no image, or an output is the list that narrows the source.
    """
    folder = workspace.location(params.output or LISTS)
    paths = {part: folder / f"{part}.txt" for part in sampling.Split._fields}
    check_not_read(paths.values(), [params.images.list], workspace)
    source = open_source(params.images, workspace, reporter, class_from=params.class_from)
    report_skips(source.skipped, len(source.keys), reporter)
    rule = class_rule(source, params.class_from, params.images, workspace)
    parts = _divided(source, params, rule)
    numbered = numbered_classes(
        params.form, source, params.images, workspace, reporter, params.class_from
    )
    workspace.make_own(folder)
    written = {}
    for part, path in paths.items():
        if part in parts:
            lines = in_form(parts[part], params.form, source.name, numbered, rule)
            written[part] = write_keys(path, parts[part], lines, workspace, reporter, rule)
        elif size_of(path) is not None:
            reporter.warn(
                f"{path} is from an earlier run and may contain images that are now in another "
                "list; remove it"
            )
    return SplitResult(written, list(source.skipped))


def _divided(source: Source, params: SplitParams, rule: ClassRule) -> dict[str, list[str]]:
    """Return the keys of each part whose share is not 0."""
    keys = list(source.keys)
    classes = [class_of(key, rule) for key in keys]
    parts = sampling.split(keys, classes, params.val, params.test, params.seed)._asdict()
    wanted = {"train": True, "val": params.val > 0, "test": params.test > 0}
    for part, chosen in parts.items():
        if wanted[part] and not chosen:
            raise InputError(
                f"{part} would get no image: {source.name} contains {len(keys)}, too few for the "
                f"fractions {params.val:g} for val and {params.test:g} for test; choose others"
            )
    return {part: chosen for part, chosen in parts.items() if wanted[part]}
