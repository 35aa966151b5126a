"""`colorprep lists random` and `tiny`: draw images at random, covering their classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...curriculum import sampling
from ...errors import InputError
from ...images.classes import ClassFrom, class_of
from ...images.lists import ListForm, in_form
from ...images.skip import Skip
from ...images.source import Source
from ...progress import Reporter
from ...workspace import LISTS, Workspace
from ..class_rules import class_rule
from ..source import ImageParams, open_source, report_skips
from .writing import WrittenList, check_not_read, numbered_classes, write_keys

TINY = 9
TINY_PATH = Path(LISTS, "tiny.txt")


@dataclass(frozen=True)
class DrawParams:
    """Parameters of `colorprep lists random` and `tiny`.

    Attributes
    ----------
    images : ImageParams
        Only the source, its list and `follow` are used.
    per_class : bool
        Whether `n_images` are drawn of each class, not in all.
    n_classes : int or None
        With `per_class`, how many classes are drawn; None for all.
    class_from : str or int
        Where the class of an image is taken from, see `colorprep.images.classes`.
    output : str, Path or None
        None for ``lists/random-N.txt``, or ``lists/random-N-per-class.txt``.
    """

    images: ImageParams = field(default_factory=ImageParams)
    n_images: int = TINY
    seed: int = 0
    form: ListForm = "keys"
    output: str | Path | None = None
    per_class: bool = False
    n_classes: int | None = None
    class_from: ClassFrom = "top"

    def __post_init__(self) -> None:
        """Refuse to draw no images."""
        if self.n_images < 1:
            raise InputError(f"the number of images must be 1 or more; got {self.n_images}")
        if self.n_classes is not None and not self.per_class:
            raise InputError("--n-classes counts the classes of --per-class; give both")


@dataclass(frozen=True)
class DrawResult:
    """Result of `colorprep lists random` and `tiny`.

    Attributes
    ----------
    n_images, n_classes : int
        Of the source.
    """

    drawn: WrittenList
    n_images: int
    n_classes: int
    skipped: list[Skip]


def draw(params: DrawParams, workspace: Workspace, reporter: Reporter) -> DrawResult:
    """Draw images of a source at random, covering its classes, and list them in order of keys.

    Raises
    ------
    InputError
        If the source or a class contains fewer images, or the output is the list that narrows it.
    """
    name = f"random-{params.n_images}{'-per-class' if params.per_class else ''}.txt"
    path = workspace.location(params.output or Path(LISTS, name))
    check_not_read([path], [params.images.list], workspace)
    source = open_source(params.images, workspace, reporter, class_from=params.class_from)
    report_skips(source.skipped, len(source.keys), reporter)
    rule = class_rule(source, params.class_from, params.images, workspace)
    classes = [class_of(key, rule) for key in source.keys]
    chosen = _drawn(params, source, classes)
    numbered = numbered_classes(
        params.form, source, params.images, workspace, reporter, params.class_from
    )
    lines = in_form(chosen, params.form, source.name, numbered, rule)
    drawn = write_keys(path, chosen, lines, workspace, reporter, rule)
    return DrawResult(drawn, len(source.keys), len(set(classes)), list(source.skipped))


def _drawn(params: DrawParams, source: Source, classes: Sequence[str]) -> list[str]:
    """Return the keys that are drawn, sorted."""
    keys = list(source.keys)
    if params.per_class:
        n_images, n_classes = params.n_images, params.n_classes
        return sampling.draw_per_class(keys, classes, n_images, params.seed, n_classes)
    if params.n_images > len(keys):
        raise InputError(
            f"{params.n_images} images are requested, but there are only {len(keys)} in "
            f"{source.name}; request {len(keys)} or fewer"
        )
    return sorted(sampling.covering_order(keys, classes, params.seed)[: params.n_images])
