"""Three trees of pictures, for other programs: originals, the same in gray, and in new colors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...atomic import replacing
from ...images.skip import Skip
from ...locks import sole_process
from ...progress import Reporter
from ...report.numbers import quantity
from ...workspace import Workspace
from ..pictures import PhotographSource, choose_targets, write_png
from ..replaced import telling_replaced
from .pairs import Pair

ORIGINAL, GRAY, COLORIZED = "original", "grayscale", "colorized"
TREES = (ORIGINAL, GRAY, COLORIZED)


@dataclass(frozen=True)
class PictureTrees:
    """Writes the pictures of pairs.

    Attributes
    ----------
    paths : mapping of str to mapping of str to Path or None
        By tree and key; None for one whose picture would replace another's.
    reporter : Reporter
        Receives the pictures that are replaced.
    """

    paths: Mapping[str, Mapping[str, Path | None]]
    reporter: Reporter

    def write(self, key: str, pair: Pair) -> None:
        """Write the three pictures of a pair, each replaced atomically.

        Raises
        ------
        UnusableName
            If the file system does not allow the name.
        """
        pictures = {ORIGINAL: pair.original, GRAY: pair.gray, COLORIZED: pair.prediction}
        for tree, pixels in pictures.items():
            path = self.paths[tree][key]
            if path is not None:
                with telling_replaced(self.reporter, path), replacing(path) as temporary:
                    write_png(temporary, pixels)


@contextmanager
def opened_trees(
    folder: str | Path | None,
    read: Sequence[PhotographSource],
    workspace: Workspace,
    reporter: Reporter,
) -> Iterator[PictureTrees | None]:
    """Choose the paths of pictures, and keep other processes out of their folder meanwhile.

    Parameters
    ----------
    folder : str, Path or None
        Of the trees, whose own folders are created and marked; None for no pictures.
    read : sequence of PhotographSource
        The originals, and other images that are read; none is replaced.

    Raises
    ------
    InputError
        If a picture would replace an image that is read.
    OutputError
        If a folder cannot be created, or another process writes there.
    """
    if folder is None:
        yield None
        return
    originals, *others = read
    whole, paths = workspace.path(folder), {}
    for tree in TREES:
        targets = choose_targets([originals], whole / tree, others)
        paths[tree] = dict(zip(originals.source.keys, targets.paths[0], strict=True))
    _warn_of_names(targets.skipped, reporter)
    with sole_process(whole, "written to", reporter):
        for tree in TREES:
            workspace.own_folder(Path(folder, tree))
        yield PictureTrees(paths, reporter)


def _warn_of_names(skipped: Sequence[Skip], reporter: Reporter) -> None:
    if skipped:
        images = quantity(len(skipped), "image")
        reporter.warn(
            f"pictures of {images}, such as {skipped[0].key}, are not written, since "
            "they would replace those of images with nearly the same name"
        )
