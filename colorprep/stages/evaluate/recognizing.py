"""What a classifier recognizes in pictures, in their originals, and in those without color."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...images.classes import ClassFrom, class_ids, class_of
from ...images.digests import digest_of_bytes
from ...images.lists import read_list
from ...metrics.protocol import SHOWN_DIGITS
from ...runs import BEST, CONFIG
from ...training.devices import choose_device
from ...training.judging.recognition import (
    Recognizer,
    packaged_recognizer,
    recognizer_in_file,
    recognizer_of_run,
)
from ...workspace import Workspace
from ..class_rules import shown_classes
from .pairs import Pair
from .params import PACKAGED, EvaluateParams


@dataclass(frozen=True, eq=False)
class Recognition:
    """Measures what a classifier recognizes.

    Attributes
    ----------
    class_ids : sequence of int
        The true class of each pair.
    class_from : str or int
        The rule by which it was found, see `colorprep.images.classes`.
    """

    recognizer: Recognizer
    class_ids: Sequence[int]
    class_from: ClassFrom

    def figures(self, index: int, pair: Pair) -> dict[str, float]:
        """Return for a pair whether its pictures are recognized, 1 or 0, and the differences.

        Returns
        -------
        dict of str to float
            ``top1`` of the picture, ``top1_original``, ``top1_gray`` of the original without its
            colors, ``top1_over_gray`` and ``top1_under_original``, by which the picture is better
            than the gray one, and worse than the original; the same for ``top5``, unless there are
            no more than five classes.
        """
        pictures = (pair.prediction, pair.original, pair.gray)
        ranks = [self.recognizer.rank(each, self.class_ids[index]) for each in pictures]
        figures: dict[str, float] = {}
        for top in self.recognizer.tops:
            picture, original, gray = (float(rank < top) for rank in ranks)
            figures |= {
                f"top{top}": picture,
                f"top{top}_original": original,
                f"top{top}_gray": gray,
                f"top{top}_over_gray": picture - gray,
                f"top{top}_under_original": original - picture,
            }
        return figures

    def facts(self) -> dict[str, Any]:
        """Return what identifies the classifier and the classes, for JSON."""
        return {
            "kind": self.recognizer.kind,
            "name": self.recognizer.name,
            "digest": self.recognizer.digest,
            "n_classes": len(self.recognizer.classes),
            "classes_digest": self._classes_digest,
            "view": self.recognizer.view,
            "class_from": self.class_from,
        }

    @property
    def protocol(self) -> str:
        """Its definition in the protocol; files and runs are named by their digests alone."""
        known = self.recognizer
        name = known.name if known.kind == PACKAGED else known.kind
        return (
            f"top-1,top-5,{name},{known.digest[:SHOWN_DIGITS]},{known.view},gray:of-lightness,"
            f"class:{self.class_from},classes:{self._classes_digest[:SHOWN_DIGITS]}"
        )

    @property
    def _classes_digest(self) -> str:
        return digest_of_bytes("\n".join(self.recognizer.classes).encode())


def open_recognition(
    params: EvaluateParams, keys: Sequence[str], workspace: Workspace
) -> Recognition:
    """Open the classifier of an evaluation, and find the true class of every image.

    Parameters
    ----------
    keys : sequence of str
        Of the originals, pair by pair.

    Raises
    ------
    ArtifactError
        If the classifier is missing or damaged.
    InputError
        If it does not know the class of an image.
    ColorprepError
        If the packaged classifier is not installed.
    """
    recognizer = _recognizer(params, workspace)
    rule = recognizer.class_from if params.class_from is None else params.class_from
    ids = class_ids(keys, recognizer.classes, rule)
    for key, number in zip(keys, ids, strict=True):
        if number < 0:
            raise InputError(
                f"the classifier {recognizer.name} does not know the class {class_of(key, rule)!r} "
                f"of {key}, found by --class-from {rule}; its classes are "
                f"{shown_classes(recognizer.classes)}. Give another --class-from, choose images "
                "with --list, or give a classifier of these classes: a run of `colorprep train "
                "--recipe classifier`, or a file with --classes"
            )
    return Recognition(recognizer, ids, rule)


def _recognizer(params: EvaluateParams, workspace: Workspace) -> Recognizer:
    if params.classifier == PACKAGED:
        return packaged_recognizer()
    assert params.classifier is not None
    path = workspace.input_path(params.classifier)
    of_run = path.is_dir() or (path.parent / CONFIG).is_file()
    if of_run and params.classes is not None:
        raise InputError(f"{params.classifier} is a run, which knows its classes; omit --classes")
    if of_run:
        checkpoint = path / BEST if path.is_dir() else path
        return recognizer_of_run(checkpoint, choose_device(params.device))
    listed = params.classes is not None
    classes = _class_list(workspace.input_path(params.classes)) if listed else None
    return recognizer_in_file(path.absolute(), classes)


def _class_list(path: Path) -> list[str]:
    """Return the names of classes, one a line.

    Raises
    ------
    InputError
        If the file cannot be read, or names a class twice.
    """
    names = [line.strip() for line in read_list(path)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"{path} names the class {twice[0]} twice; give each class one line")
    return names
