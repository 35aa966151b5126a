"""What a classifier recognizes in pictures: a measure of whether their colors make sense to it.

A picture is recognized if its class is the likeliest one (top-1), or among the five likeliest ones
(top-5). The classifier is one of

========  ======================================  ===============================================
kind      what it is                              what it sees of a picture
========  ======================================  ===============================================
packaged  EfficientNet-Lite0 for the classes of   224 x 224 pixels in the middle of the middle
          ImageNet, see `training.classifier`     square, which is resized to 256 x 256
file      TorchScript or `torch.export`, see      the same
          `training.classifier`
run       trained by colorprep on the classes of  the picture at the size of its labels, stretched
          labels, with the head ``classes``       or cut to it as they were
========  ======================================  ===============================================

The published judge is VGG-16, which recognized 68.3% of ImageNet's photographs, and 52.7% without
their colors; no package brings its weights.

References
----------
Zhang, Isola, Efros, ECCV 2016 ("semantic interpretability").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...errors import ArtifactError, InputError
from ...images.classes import ClassFrom
from ...images.decoding import Pixels
from ...images.digests import digest_of_file
from ...images.resizing import middle_square, resize
from ..checkpoint import Checkpoint, load_checkpoint
from ..classifier import FrozenClassifier, open_classifier
from ..models import run_network
from ..models.efficientnet_lite import SIDE
from ..prediction import photograph_batch

SQUARE = 256  # to which the middle of a picture is resized before `SIDE` pixels are cut out
TOPS = (1, 5)
HEAD = "classes"

Kind: TypeAlias = Literal["packaged", "file", "run"]
Scores: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Recognizer:
    """A classifier that knows its classes; can be shared by threads.

    Attributes
    ----------
    name : str
        `classifier.PACKAGED`, or the name of the file or of the run's folder.
    digest : str
        Of the file with its weights.
    classes : tuple of str
        In the order of its scores.
    view : str
        What it sees of a picture, for the protocol.
    scores : callable
        From a picture (H, W, 3) uint8 to a score for each class, the likeliest one's the highest.
    class_from : str or int
        How the class of an image was found in its training, see `colorprep.images.classes`.
    """

    kind: Kind
    name: str
    digest: str
    classes: tuple[str, ...]
    view: str
    scores: Callable[[Pixels], Scores]
    class_from: ClassFrom = "top"

    @property
    def tops(self) -> tuple[int, ...]:
        """Those of `TOPS` that it can fail."""
        return tuple(top for top in TOPS if top < len(self.classes))

    def rank(self, picture: Pixels, class_id: int) -> int:
        """Return how many classes score higher than the given one; see `rank_of`.

        Raises
        ------
        ArtifactError
            If the scores are not finite.
        """
        scores = self.scores(picture)
        if not np.isfinite(scores).all():
            raise ArtifactError(
                f"the classifier {self.name} returned a score that is not finite; use another one"
            )
        return rank_of(scores, class_id)


def rank_of(scores: Scores, class_id: int) -> int:
    """Return how many classes score higher; of equal scores, those of earlier classes do.

    Examples
    --------
    >>> [rank_of(np.array([0.2, 0.5, 0.2], np.float32), class_id) for class_id in range(3)]
    [1, 0, 2]
    """
    own = scores[class_id]
    return int((scores > own).sum() + (scores[:class_id] == own).sum())


def packaged_recognizer() -> Recognizer:
    """Open the packaged classifier.

    Raises
    ------
    ColorprepError
        If its package is not installed.
    """
    return _frozen("packaged", open_classifier(None), imagenet_classes())


def recognizer_in_file(path: Path, classes: Sequence[str] | None) -> Recognizer:
    """Open the classifier in a file.

    Parameters
    ----------
    classes : sequence of str or None
        In the order of its outputs; None for those of ImageNet, if it has 1000 outputs.

    Raises
    ------
    ArtifactError
        If the file is missing, or no classifier.
    InputError
        If it has another number of outputs.
    """
    classifier = open_classifier(path)
    known = imagenet_classes() if classes is None else classes
    if len(known) != classifier.length:
        named = "ImageNet has" if classes is None else "--classes names"
        raise InputError(
            f"{path} returns {classifier.length:,} scores, but {named} {len(known):,} classes; "
            "give --classes FILE with the name of a class a line, in the order of the scores"
        )
    return _frozen("file", classifier, known)


def recognizer_of_run(path: Path, device: torch.device) -> Recognizer:
    """Open a classifier that colorprep trained.

    Parameters
    ----------
    path : Path
        Of a checkpoint in the run's folder.

    Raises
    ------
    ArtifactError
        If it is missing or damaged.
    InputError
        If it does not predict classes.
    """
    checkpoint = load_checkpoint(path)
    if HEAD not in checkpoint.heads or "classes" not in checkpoint.config:
        raise InputError(
            f"{path} predicts {' and '.join(checkpoint.heads)}, not the class of a picture; give a "
            "run of `colorprep train --recipe classifier`"
        )
    checkpoint.model.to(device)
    settings = checkpoint.settings
    how = "middle-square" if settings.get("fit") == "crop" else "stretched"
    return Recognizer(
        "run",
        path.parent.name,
        digest_of_file(path),
        tuple(checkpoint.config["classes"]),
        f"{how}-{settings['size']}",
        partial(_run_scores, checkpoint, device),
        settings.get("class_from", "top"),
    )


def imagenet_classes() -> tuple[str, ...]:
    """Return the synsets of ImageNet's 1000 classes (ILSVRC 2012), sorted as classifiers do."""
    return tuple((files("colorprep.training") / "imagenet.txt").read_text("ascii").split())


def _frozen(kind: Kind, classifier: FrozenClassifier, classes: Sequence[str]) -> Recognizer:
    view = f"middle-square-{SQUARE},middle-{SIDE}"
    scores = partial(_frozen_scores, classifier)
    return Recognizer(kind, classifier.name, classifier.digest, tuple(classes), view, scores)


def _frozen_scores(classifier: FrozenClassifier, picture: Pixels) -> Scores:
    return _as_scores(classifier.outputs(middle_view(picture)))


def middle_view(picture: Pixels) -> Tensor:
    """Return what a frozen classifier sees of a picture, (1, 3, 224, 224), RGB from 0 to 1."""
    start = (SQUARE - SIDE) // 2
    middle = resize(middle_square(picture), SQUARE)[start : start + SIDE, start : start + SIDE]
    return torch.tensor(middle).movedim(-1, 0)[None].float() / 255.0


@torch.no_grad()
def _run_scores(checkpoint: Checkpoint, device: torch.device, picture: Pixels) -> Scores:
    size = checkpoint.settings["size"]
    seen = middle_square(picture) if checkpoint.settings.get("fit") == "crop" else picture
    batch = photograph_batch(seen, size, device)
    heads = run_network(checkpoint.model, batch, checkpoint.channels, (size, size))
    return _as_scores(heads[HEAD][0])


def _as_scores(outputs: Tensor) -> Scores:
    scores: Scores = outputs.float().cpu().numpy()
    return scores
