"""`colorprep lists random` and `tiny`: draw images at random, covering their classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ...curriculum.sampling import covering_order
from ...errors import InputError
from ...images.lists import ListForm, in_form
from ...images.skip import Skip
from ...images.source import top_folder
from ...progress import Reporter
from ...workspace import LISTS, Workspace
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
    output : str, Path or None
        None for ``lists/random-N.txt``.
    """

    images: ImageParams = field(default_factory=ImageParams)
    n_images: int = TINY
    seed: int = 0
    form: ListForm = "keys"
    output: str | Path | None = None

    def __post_init__(self) -> None:
        """Refuse to draw no images."""
        if self.n_images < 1:
            raise InputError(f"the number of images must be 1 or more; got {self.n_images}")


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
        If the source contains fewer images, or the output is the list that narrows it.
    """
    path = workspace.path(params.output or Path(LISTS, f"random-{params.n_images}.txt"))
    check_not_read([path], [params.images.list], workspace)
    source = open_source(params.images, workspace, reporter)
    report_skips(source.skipped, len(source.keys), reporter)
    if params.n_images > len(source.keys):
        raise InputError(
            f"{params.n_images} images are requested, but there are only {len(source.keys)} in "
            f"{source.name}; request {len(source.keys)} or fewer"
        )
    keys, classes = list(source.keys), list(map(top_folder, source.keys))
    chosen = sorted(covering_order(keys, classes, params.seed)[: params.n_images])
    numbered = numbered_classes(params.form, source, params.images, workspace, reporter)
    lines = in_form(chosen, params.form, source.name, numbered)
    drawn = write_keys(path, chosen, lines, workspace, reporter)
    return DrawResult(drawn, len(keys), len(set(classes)), list(source.skipped))
