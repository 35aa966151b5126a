"""Combining lists of images, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain


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
