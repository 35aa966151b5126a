"""Which images of two sources belong together: those of the same path without the extension."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .skip import Skip
from .spelling import Spellings


class Pairing(NamedTuple):
    """Which images belong together.

    Attributes
    ----------
    indices : ndarray of shape (n, 2), int64
        Of an image in the first source and its partner in the second, in order of the keys of the
        first.
    only_first, only_second : list of Skip
        The images of each source that have no partner.
    """

    indices: NDArray[np.int64]
    only_first: list[Skip]
    only_second: list[Skip]


def pair_up(first: Sequence[str], second: Sequence[str], names: tuple[str, str]) -> Pairing:
    """Find out which images belong together.

    Parameters
    ----------
    first, second : sequence of str
        The keys of two sources.
    names : tuple of str
        The names of the sources, for messages.

    Raises
    ------
    InputError
        If none belong together, or a source has two images of the same path without extension.

    Examples
    --------
    >>> pair_up(["a.png", "b.png"], ["b.jpg", "c.jpg"], ("made", "photographs")).indices
    array([[1, 0]])
    """
    of_first, of_second = _by_stem(first, names[0]), _by_stem(second, names[1])
    of_second = _spelled_as(of_first, of_second)
    pairs = [(i, of_second[stem]) for stem, i in of_first.items() if stem in of_second]
    if not pairs:
        raise InputError(
            f"no image of {names[0]} has the same path, without extension, as one of {names[1]}; "
            f"the first ones are {first[0]} and {second[0]}, but both sources should have the same "
            "folders, as `colorprep colorize FOLDER` writes them"
        )
    return Pairing(
        np.array(pairs, np.int64),
        _unpaired((first[i] for stem, i in of_first.items() if stem not in of_second), names[1]),
        _unpaired((second[i] for stem, i in of_second.items() if stem not in of_first), names[0]),
    )


def stem_of(key: str) -> str:
    """Return a key without its extension, if it has one."""
    folder, slash, name = key.rpartition("/")
    return folder + slash + (name.rpartition(".")[0] or name)


def _by_stem(keys: Sequence[str], name: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for index, key in enumerate(keys):
        stem = stem_of(key)
        if stem in found:
            raise InputError(
                f"{keys[found[stem]]} and {key} of {name} have the same path without extension, so "
                "either could be meant; leave one of them out"
            )
        found[stem] = index
    return found


def _spelled_as(first: dict[str, int], second: dict[str, int]) -> dict[str, int]:
    """Return the second with stems spelled as in the first, if the match is one to one."""
    only_first = Spellings(stem for stem in first if stem not in second)
    only_second = Spellings(stem for stem in second if stem not in first)
    respelled = {}
    for stem, index in second.items():
        other = only_first.get(stem) if stem not in first else None
        fits = other is not None and only_second.get(other) == stem
        respelled[other if other is not None and fits else stem] = index
    return respelled


def _unpaired(keys: Iterable[str], other: str) -> list[Skip]:
    return [Skip(key, "unpaired", f"{other} has no image of this path") for key in keys]
