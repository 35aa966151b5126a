"""Choosing a frozen classifier, and finding it again for what was made with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..workspace import Workspace

if TYPE_CHECKING:  # torch is slow to import
    from ..training.classifier import FrozenClassifier

PACKAGED = "classifier"  # what stands for the packaged classifier on the command line


def chosen_classifier(given: str | Path | None, workspace: Workspace) -> FrozenClassifier | None:
    """Open the classifier that `labels` is given, None without one.

    Parameters
    ----------
    given : str, Path or None
        ``classifier`` for the packaged one, or a file.

    Raises
    ------
    ArtifactError
        If the file is missing, or no classifier.
    ColorprepError
        If the package is not installed.
    """
    return None if given is None else _opened(given, workspace)


def recorded_classifier(
    facts: Mapping[str, Any] | None, given: str | Path | None, workspace: Workspace, what: str
) -> FrozenClassifier | None:
    """Open the classifier of labels, or of a network that was trained on them.

    Parameters
    ----------
    facts : mapping or None
        See `FrozenClassifier.facts`; None without features.
    given : str, Path or None
        ``classifier`` or a file; None finds the packaged one only.
    what : str
        What it was made for, such as ``the labels``, for messages.

    Raises
    ------
    InputError
        If it is another classifier, or one is needed and not given, or the other way round.
    """
    if facts is None:
        if given is not None:
            raise InputError(f"{what} need no features; leave out --features")
        return None
    from ..training.classifier import PACKAGED as PACKAGED_NAME

    if given is None and facts["name"] != PACKAGED_NAME:
        raise InputError(
            f"{what} need the features of {facts['name']}; give that file with --features"
        )
    classifier = _opened(given or PACKAGED, workspace)
    if classifier.digest != facts["digest"]:
        raise InputError(
            f"{what} need the features of {facts['name']} with digest {facts['digest']}, but "
            f"{classifier.name} has digest {classifier.digest}; give the right file with "
            "--features"
        )
    return classifier


@contextmanager
def threads_restored(classifier: FrozenClassifier | None) -> Iterator[None]:
    """Restore torch's number of threads after a pass with a classifier, which sets it to 1."""
    if classifier is None:
        yield
        return
    from ..training.classifier import threads_restored

    with threads_restored():
        yield


def _opened(given: str | Path, workspace: Workspace) -> FrozenClassifier:
    from ..training.classifier import open_classifier

    # The workers of a cluster may run in another folder.
    return open_classifier(None if given == PACKAGED else workspace.input_path(given).absolute())
