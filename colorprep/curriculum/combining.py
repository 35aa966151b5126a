"""Combining lists of images, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Literal, NamedTuple, TypeAlias

VocMode: TypeAlias = Literal[1, 2, 3]


def merge(first: Iterable[str], others: Sequence[Iterable[str]]) -> list[str]:
    """Return the keys of all lists: the first list, then what the next one adds, and so on.

    Each key comes once.

    Examples
    --------
    >>> merge("ab", ["bc", "d"])
    ['a', 'b', 'c', 'd']
    """
    return list(dict.fromkeys(chain(first, *others)))


def subtract(first: Iterable[str], others: Sequence[Iterable[str]]) -> list[str]:
    """Return the keys of the first list that are in no other, each once, in its order.

    Examples
    --------
    >>> subtract("abcd", ["bx", "d"])
    ['a', 'c']
    """
    gone = set(chain(*others))
    return [key for key in dict.fromkeys(first) if key not in gone]


def intersect(first: Iterable[str], others: Sequence[Iterable[str]]) -> list[str]:
    """Return the keys that all lists have, each once, in the order of the first.

    Examples
    --------
    >>> intersect("abcd", ["dba", "bd"])
    ['b', 'd']
    """
    kept = set(first).intersection(*others)
    return [key for key in dict.fromkeys(first) if key in kept]


class Divided(NamedTuple):
    """Keys to train on, and keys held out for validation."""

    train: list[str]
    val: list[str]


class VocLists(NamedTuple):
    """The lists of PASCAL VOC 2012, and of Berkeley's further masks of its images.

    The published lists have 1464, 1449, 8498 and 2857 images, 12,031 together.
    """

    voc_train: Sequence[str]
    voc_val: Sequence[str]
    berkeley_train: Sequence[str]
    berkeley_val: Sequence[str]


def divide_voc(lists: VocLists, mode: VocMode) -> Divided:
    """Divide the images of PASCAL VOC and Berkeley as one of the three modes of Keras-FCN.

    Parameters
    ----------
    mode : {1, 2, 3}
        Validation is on VOC's list for validation: on all of it (published: 1449 images); without
        Berkeley's images for training (904); or without all of Berkeley's (346).

    Returns
    -------
    Divided
        Training is on the rest of all lists: 10,582, 11,127 or 11,685 images.

    References
    ----------
    Hariharan et al., "Semantic contours from inverse detectors", ICCV 2011.

    Examples
    --------
    >>> divide_voc(VocLists("a", "bcd", "ab", "c"), mode=2)
    Divided(train=['a', 'b'], val=['c', 'd'])
    """
    kept_for_training = {1: [], 2: [lists.berkeley_train], 3: lists[2:]}[mode]
    val = subtract(lists.voc_val, kept_for_training)
    return Divided(subtract(merge((), lists), [val]), val)
