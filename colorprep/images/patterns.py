"""Patterns of paths and URLs: braces, such as ``train-{000..146}.tar``, ``*`` and ``[0-9]``.

What exists is never a pattern, but for braces in a URL. On a disk, ``?`` stands for a character; in
a URL, it begins the query.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from ..errors import InputError
from ..places import is_url, shown_url
from ..retrying import patiently
from ..stores import no_answer, no_permission, store_of

_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)")
MOST = 1_000_000  # places that one pattern stands for


def matches(place: str | Path) -> list[str | Path]:
    """Return the paths or URLs that a pattern stands for; the place itself if it is none.

    Those that braces stand for may be missing.

    Raises
    ------
    InputError
        If nothing matches.
    """
    if not is_url(place) and os.path.lexists(place):
        return [place]
    found = [match for each in braced(str(place)) for match in _globbed(each)]
    return [each if is_url(each) else Path(each) for each in found]


def braced(text: str) -> Iterator[str]:
    """Yield what the braces in a text stand for, as in a shell: ``{a,b}`` and ``{00..12}``.

    Examples
    --------
    >>> list(braced("train-{08..10}.{tar,zip}"))[:3]
    ['train-08.tar', 'train-08.zip', 'train-09.tar']
    """
    literals = _BRACES.split(text)
    choices = [_choices(inner) for inner in literals[1::2]]
    n_matches = 1
    for each in choices:
        n_matches *= len(each)
    if n_matches > MOST:
        raise InputError(f"{text} stands for {n_matches:,} paths, more than {MOST:,}")
    for chosen in product(*choices):
        parts = [*zip(literals[::2], chosen, strict=False)]
        yield "".join(f"{literal}{choice}" for literal, choice in parts) + literals[-1]


def _choices(inner: str) -> list[str]:
    """Return what one pair of braces stands for; itself if it holds neither a range nor a comma."""
    numbers = _RANGE.fullmatch(inner)
    if numbers:
        first, last = numbers.groups()
        width = max(len(first), len(last)) if first.startswith("0") else 0
        return [f"{n:0{width}d}" for n in range(int(first), int(last) + 1)] or [f"{{{inner}}}"]
    return inner.split(",") if "," in inner else [f"{{{inner}}}"]


def _globbed(pattern: str) -> list[str]:
    if is_url(pattern):
        found = _globbed_in_store(pattern) if glob.has_magic(_path_in(pattern)) else [pattern]
    else:
        found = sorted(glob.glob(pattern)) if glob.has_magic(pattern) else [pattern]  # noqa: PTH207
    if not found:
        raise InputError(
            f"nothing matches {shown_url(pattern)}; check the pattern, and put it into quotes, so "
            "that the shell leaves it alone"
        )
    return found


def _path_in(url: str) -> str:
    """Return the path of a URL after the bucket or host, which may be an address in brackets."""
    return shown_url(url).partition("://")[2].partition("/")[2]


def _globbed_in_store(pattern: str) -> list[str]:
    store, root = store_of(pattern)
    try:
        if patiently(lambda: store.exists(root)):
            return [pattern]
        found = patiently(lambda: store.glob(root))
    except PermissionError as error:
        raise no_permission(pattern, error, "list") from error
    except Exception as error:
        raise no_answer(pattern, error) from error
    # What goes before the path, such as a password, and after it, such as a signature, is kept.
    before, after = pattern.partition("?")[0].split(root, 1)[0], pattern.partition("?")[1:]
    return sorted(f"{before}{path}{''.join(after)}" for path in found)
