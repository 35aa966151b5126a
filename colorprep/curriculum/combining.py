"""Combining lists of images, in the order that they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain


def merge(first: Iterable[str], others: Sequence[Iterable[str]]) -> list[str]:
    """Return what is in any list: the first list, then what is new in the next, and so on.

    Parameters
    ----------
    first : iterable of str
    others : sequence of iterable of str

    Returns
    -------
    list of str
        Each once.
    """
    return list(dict.fromkeys(chain(first, *others)))


def subtract(first: Iterable[str], others: Sequence[Iterable[str]]) -> list[str]:
    """Return what is in the first list and in no other, each once, in its order."""
    gone = set(chain(*others))
    return [key for key in dict.fromkeys(first) if key not in gone]


def intersect(first: Iterable[str], others: Sequence[Iterable[str]]) -> list[str]:
    """Return what is in every list, each once, in the order of the first."""
    kept = set(first).intersection(*others)
    return [key for key in dict.fromkeys(first) if key in kept]
