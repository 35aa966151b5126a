"""Classes in files beside the images, as webdataset keeps them: ``x.cls`` beside ``x.jpg``.

A sidecar holds the class of its image as text, mostly an integer.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ..errors import BadImage, InputError
from .source import Source, index_of

ENDING = ".cls"
LONGEST_CLASS = 255  # bytes, so that a folder can be named like it
SHOWN = 40  # characters of what is no class


def sidecar_of(key: str) -> str:
    """Return the key of the file that holds the class of an image.

    Examples
    --------
    >>> sidecar_of("train.v2/000.seg.png")
    'train.v2/000.cls'
    """
    folder, slash, name = key.rpartition("/")
    return folder + slash + name.partition(".")[0] + ENDING


def read_classes(keys: Sequence[str], sidecars: Source, n_threads: int) -> dict[str, str]:
    """Return the classes of images by their keys, without those that have no sidecar.

    Parameters
    ----------
    sidecars : Source
        The files that hold the classes.

    Raises
    ------
    InputError
        If a file cannot be read, or holds something else than a class.
    """

    def class_in(index: int) -> str:
        """Return the class in a file."""
        key = sidecars.keys[index]
        try:
            return _parsed(sidecars.read(index), key)
        except BadImage as error:
            raise InputError(f"the class in {key} cannot be read: {error.detail}") from error

    with ThreadPoolExecutor(n_threads) as threads:
        classes = list(threads.map(class_in, range(len(sidecars.keys))))
    places = ((key, index_of(sidecars.keys, sidecar_of(key))) for key in keys)
    return {key: classes[place] for key, place in places if place is not None}


def is_class(text: str) -> bool:
    """Return whether a text can be a class: priors by class are written to folders of its name.

    Examples
    --------
    >>> is_class("7"), is_class("a/b"), is_class("..")
    (True, False, False)
    """
    is_plain = text.isprintable() and not {"/", "\\"} & set(text)
    return is_plain and text.strip(".") != "" and len(text.encode()) <= LONGEST_CLASS


def _parsed(data: bytes, key: str) -> str:
    text = data[: LONGEST_CLASS + 1].decode("utf-8", "replace").strip()
    if len(data) > LONGEST_CLASS or not is_class(text):
        raise InputError(
            f"{key} should hold the class of an image in one line, such as 7 or cat, not "
            f"{text[:SHOWN]!r}"
        )
    return text
