"""What networks take beside a photograph: its class, and the features of a frozen classifier."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import ArtifactError, InputError
from ..images.classes import class_ids, class_of
from ..progress import Reporter
from ..quantize.decoding import TEMPERATURE
from ..training.checkpoint import Checkpoint
from ..training.classifier import FrozenClassifier
from ..training.models.inputs import takes
from ..training.models.outputs import HEADS
from ..workspace import Workspace
from .class_rules import shown_classes
from .classifying import recorded_classifier


def classifier_of(
    checkpoint: Checkpoint, given: str | Path | None, workspace: Workspace
) -> FrozenClassifier | None:
    """Return the classifier whose features a network takes, None if it takes none.

    Raises
    ------
    InputError
        If the network needs the file of a classifier and it is not given, or the other way round.
    """
    takes_features = "features" in takes(checkpoint.model)
    facts = checkpoint.settings.get("features") if takes_features else None
    return recorded_classifier(facts, given, workspace, "this network's photographs")


def warn_of_temperature(checkpoint: Checkpoint, temperature: float, reporter: Reporter) -> None:
    """Warn of a temperature other than the default for a network that predicts no probabilities."""
    if temperature != TEMPERATURE and HEADS[checkpoint.head].logits is None:
        reporter.warn(
            "the temperature changes nothing: this network predicts colors, not probabilities"
        )


def class_id_of(checkpoint: Checkpoint, name: str | None) -> int | None:
    """Return the id of a class for a network, None if it does not take the class.

    Raises
    ------
    InputError
        If the network takes the class and does not know it, or takes none and one is given.
    """
    if "class" not in takes(checkpoint.model):
        if name is not None:
            raise InputError("this network does not take the class of a photograph; omit --class")
        return None
    classes = _classes(checkpoint)
    if name is None:
        raise InputError(
            "this network takes the class of a photograph; give it with --class, one of "
            f"{shown_classes(classes)}"
        )
    if name not in classes:
        raise InputError(
            f"this network knows no class {name!r}; its classes are {shown_classes(classes)}"
        )
    return classes.index(name)


def class_ids_of(checkpoint: Checkpoint, keys: Iterable[str]) -> list[int] | None:
    """Return the class ids of images for a network, None if it does not take the class.

    The class of an image is found as in the labels of its training.

    Raises
    ------
    InputError
        If it takes the class of an image and does not know it.
    """
    if "class" not in takes(checkpoint.model):
        return None
    classes, rule = _classes(checkpoint), checkpoint.settings.get("class_from", "top")
    keys = list(keys)
    ids = class_ids(keys, classes, rule)
    for key, number in zip(keys, ids, strict=True):
        if number < 0:
            raise InputError(
                f"this network takes the class of an image, and does not know that of {key}: by "
                f"--class-from {rule} it is {class_of(key, rule)!r}, and the network's classes are "
                f"{shown_classes(classes)}; give images in such folders, or choose some with --list"
            )
    return ids


def _classes(checkpoint: Checkpoint) -> list[str]:
    if "classes" not in checkpoint.config:
        raise ArtifactError(
            "the checkpoint does not name the classes that its network takes; use one that "
            "`colorprep train` wrote"
        )
    return list(checkpoint.config["classes"])
