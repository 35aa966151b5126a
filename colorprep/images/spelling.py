"""Names that Unicode treats as equal although their bytes differ.

An accented letter is one code point, or a letter and a mark: Linux does not change names, the older
file system of macOS decomposes them, and editors compose them. A name is always looked up unchanged
first; another spelling is used only if there is exactly one.

References
----------
.. [1] Unicode Standard Annex 15, Unicode Normalization Forms.
       https://www.unicode.org/reports/tr15/
"""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache, cached_property


def composed(name: str) -> str:
    """Return the normal form of a name, which is the same for all its spellings."""
    return unicodedata.normalize("NFC", name)


class Spellings:
    """Finds keys by other spellings.

    Parameters
    ----------
    keys : iterable of str
        Read when the first name that is not plain ASCII is looked up.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = keys

    @cached_property
    def _by_composed(self) -> dict[str, list[str]]:
        found = defaultdict(list)
        for key in self._keys:
            if not key.isascii():
                found[composed(key)].append(key)
        return dict(found)

    def get(self, name: str) -> str | None:
        """Return the only key that is another spelling of a name; None if not exactly one is."""
        if name.isascii():
            return None
        keys = self._by_composed.get(composed(name), ())
        return keys[0] if len(keys) == 1 else None


class FolderSpellings:
    """Finds files of a folder by other spellings of their paths."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._names = cache(self._read_names)

    def get(self, name: str) -> str | None:
        """Return the only path that is another spelling of a name; None if not exactly one is."""
        if name.isascii():
            return None
        found = [""]
        for part in name.split("/"):
            wanted = composed(part)
            found = [
                f"{folder}/{child}" if folder else child
                for folder in found
                for child in self._names(folder).get(wanted, ())
            ]
        return found[0] if len(found) == 1 else None

    def _read_names(self, folder: str) -> dict[str, list[str]]:
        names = defaultdict(list)
        try:
            for name in os.listdir(os.path.join(self._root, folder)):  # noqa: PTH118, PTH208
                names[composed(name)].append(name)
        except OSError:
            pass  # a file, or missing
        return dict(names)


def spelled_alike(lists: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return lists of paths in which each path is spelled as at its first occurrence.

    Returns
    -------
    list of list of str
        A path is unchanged if one list contains two spellings of it, which are then two files.
    """
    first: dict[str, str] = {}
    distinct = set()  # forms of which one list has two spellings
    for paths in lists:
        here: dict[str, str] = {}
        for path in paths:
            if not path.isascii():
                form = composed(path)
                first.setdefault(form, path)
                if here.setdefault(form, path) != path:
                    distinct.add(form)

    def respelled(path: str) -> str:
        """Return the first spelling of a path."""
        form = composed(path)
        return path if form in distinct else first.get(form, path)

    return [[path if path.isascii() else respelled(path) for path in paths] for paths in lists]
