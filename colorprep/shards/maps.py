"""Label maps, the other form of labels: one .npy an image, in the tree of the source."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..artifacts import load_npy
from ..errors import ArtifactError
from ..places import Location
from ..storage import size_of

ENDING = ".npy"


def map_path(folder: Location, key: str) -> Location:
    """Return where the label map of an image is written."""
    return folder / f"{key}{ENDING}"


def map_size(folder: Location, key: str) -> int | None:
    """Return the size of an image's label map in bytes, None if it is missing."""
    return size_of(map_path(folder, key))


def in_the_way(keys: Iterable[str]) -> set[str]:
    """Return the keys whose label map would have the path of a folder of other label maps.

    Examples
    --------
    >>> in_the_way(["a.jpg", "a.jpg.npy/b.jpg"])
    {'a.jpg'}
    """
    found = set()
    for key in keys:
        end = key.find(f"{ENDING}/")
        while end >= 0:
            found.add(key[:end])
            end = key.find(f"{ENDING}/", end + 1)
    return found


def read_map(folder: Location, key: str, shape: tuple[int, int]) -> NDArray[np.uint16]:
    """Read the label map of an image.

    Parameters
    ----------
    shape : tuple of int
        The expected shape: the image's height and width over the stride, rounded up.

    Raises
    ------
    ArtifactError
        If it is missing, damaged, or does not fit the image.
    """
    path = map_path(folder, key)
    if map_size(folder, key) is None:
        raise ArtifactError(f"the label map {path} is missing; {_REMEDY}")
    try:
        label = load_npy(path)
    except ArtifactError as error:
        raise ArtifactError(f"the label map {error}; {_REMEDY}") from error
    if label.shape != shape or label.dtype != np.uint16:
        raise ArtifactError(
            f"{path} holds {label.dtype} of shape {label.shape}, but its image needs uint16 of "
            f"shape {shape}; {_REMEDY}"
        )
    return np.asarray(label)


_REMEDY = "remove it and run the same `colorprep labels` again"
