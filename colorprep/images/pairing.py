"""Which images of two sources belong together: those of the same path, name or place in order.

Extensions do not count, nor does a suffix that a program adds to the names of its pictures, such as
``_fake_B`` of pix2pix.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .skip import Skip
from .spelling import Spellings

Match: TypeAlias = Literal["stem", "name", "order"]

SHARED = {
    "stem": "path, without extension,",
    "name": "file name, without extension,",
}


class Pairing(NamedTuple):
    """Which images belong together.

    Attributes
    ----------
    indices : ndarray of shape (n, 2), int64
        Of an image in the first source and its partner in the second, in order of the keys of the
        first.
    only_first, only_second : list of Skip
        The images of each source that have no partner.
    n_without_suffix : int
        Images of the second source that are passed over, since their stems have no such suffix.
    """

    indices: NDArray[np.int64]
    only_first: list[Skip]
    only_second: list[Skip]
    n_without_suffix: int


def pair_up(
    first: Sequence[str],
    second: Sequence[str],
    names: tuple[str, str],
    match: Match = "stem",
    suffix: str = "",
) -> Pairing:
    """Find out which images belong together.

    Parameters
    ----------
    first, second : sequence of str
        The keys of two sources, in order.
    names : tuple of str
        The names of the sources, for messages.
    match : {"stem", "name", "order"}
        Images belong together if their paths are the same without extension, if their file names
        are, or if they are at the same place in order.
    suffix : str
        Taken off the stems of the second source; its other images are passed over.

    Raises
    ------
    InputError
        If none belong together; if a source has two images of the same path or name without
        extension; or if images are matched by order and the sources differ in their number.

    Examples
    --------
    >>> pair_up(["a.png", "b.png"], ["b.jpg", "c.jpg"], ("made", "photographs")).indices
    array([[1, 0]])
    >>> made = ["x/a_fake_B.png", "x/a_real_A.png"]
    >>> pair_up(["a.jpg"], made, ("photographs", "made"), "name", "_fake_B").indices
    array([[0, 0]])
    """
    ending = [i for i, key in enumerate(second) if stem_of(key).endswith(suffix)]
    if not ending:
        raise InputError(
            f"no image of {names[1]} has a name that ends in {suffix!r} before its extension; the "
            f"first one is {second[0]}"
        )
    n_without_suffix = len(second) - len(ending)
    if match == "order":
        return Pairing(_in_order(len(first), ending, names), [], [], n_without_suffix)
    of_first = _by_label(first, range(len(first)), names[0], match)
    of_second = _spelled_as(of_first, _by_label(second, ending, names[1], match, suffix))
    pairs = [(i, of_second[label]) for label, i in of_first.items() if label in of_second]
    if not pairs:
        raise InputError(
            f"no image of {names[0]} has the same {SHARED[match]} as one of {names[1]}; "
            f"the first ones are {first[0]} and {second[ending[0]]}, "
            f"{_remedy(first[0], second[ending[0]], match, suffix)}"
        )
    what = "path" if match == "stem" else "name"
    return Pairing(
        np.array(pairs, np.int64),
        _unpaired(
            (first[i] for label, i in of_first.items() if label not in of_second), names[1], what
        ),
        _unpaired(
            (second[i] for label, i in of_second.items() if label not in of_first), names[0], what
        ),
        n_without_suffix,
    )


def _in_order(n_first: int, second: Sequence[int], names: tuple[str, str]) -> NDArray[np.int64]:
    """Return the indices of all images of the first source, beside the given ones of the second."""
    if n_first != len(second):
        raise InputError(
            f"--match order needs as many pictures as originals, but {names[0]} has {n_first:,} "
            f"images and {names[1]} has {len(second):,}; match them by stem or name"
        )
    return np.column_stack([np.arange(n_first), second]).astype(np.int64)


def _remedy(first: str, second: str, match: Match, suffix: str) -> str:
    """Say what to do if nothing matches, from the first image of each source."""
    tried: tuple[Match, ...] = ("stem", "name") if match == "stem" else ("name",)
    for other in tried:
        label, found = _label(first, other), _label(second, other)
        by_name = " --match name" if other != match else ""
        if by_name and label == found.removesuffix(suffix):
            return "whose names are the same: --match name matches images by their names alone"
        if found.startswith(label) and found != label:
            return f"which --suffix {found.removeprefix(label)}{by_name} would match"
    if match == "name":
        return "but both sources should have files of the same names"
    return (
        "but both sources should have the same folders, as `colorprep colorize FOLDER` writes them"
    )


def stem_of(key: str) -> str:
    """Return a key without its extension, if it has one."""
    folder, slash, name = key.rpartition("/")
    return folder + slash + (name.rpartition(".")[0] or name)


def _by_label(
    keys: Sequence[str], chosen: Iterable[int], name: str, match: Match, suffix: str = ""
) -> dict[str, int]:
    """Return the indices of the chosen images by what they are matched by."""
    found: dict[str, int] = {}
    for index in chosen:
        label = _label(keys[index], match).removesuffix(suffix)
        if label in found:
            raise InputError(
                f"{keys[found[label]]} and {keys[index]} of {name} have the same "
                f"{SHARED[match].replace(',', '')}, so either could be meant; leave one of them out"
            )
        found[label] = index
    return found


def _label(key: str, match: Match) -> str:
    """Return what an image is matched by: its path or its name, without extension."""
    stem = stem_of(key)
    return stem.rpartition("/")[2] if match == "name" else stem


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


def _unpaired(keys: Iterable[str], other: str, what: str) -> list[Skip]:
    return [Skip(key, "unpaired", f"{other} has no image of this {what}") for key in keys]
