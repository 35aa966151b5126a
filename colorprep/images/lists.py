"""Lists of images: one path a line, in the forms that published lists have.

===========  ========================  ==========================================================
form         line                      holds
===========  ========================  ==========================================================
`keys`       ``n01/x.JPEG``            the key
`prefixed`   ``train/n01/x.JPEG``      the source's name before it
`labeled`    ``/n01/x.JPEG 7``         a slash before it, and after it the number of its class
===========  ========================  ==========================================================

All of them are read, also mixed. What a line means is certain only beside the source, as the name
of a folder or a number at the end may be part of the key; without one, lines are compared as paths.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from ..atomic import write_text
from ..errors import InputError
from .skip import Skip
from .source import Found, Source, has_image_ending, in_order, top_folder

ListForm: TypeAlias = Literal["keys", "prefixed", "labeled"]
LIST_FORMS: tuple[ListForm, ...] = get_args(ListForm)


def read_list(path: Path, may_be_empty: bool = False) -> list[str]:
    """Read a list of images.

    Parameters
    ----------
    path : Path
        One path a line; empty lines are passed over.
    may_be_empty : bool
        Whether a list of nothing will do, as what an audit drops where all is well.

    Returns
    -------
    list of str

    Raises
    ------
    InputError
        If the file cannot be read as UTF-8 text, is a table, or lists nothing.
    """
    if path.suffix.lower() == ".csv":
        raise InputError(
            f"{path} is a table, not a list; give the list of one image path a line, .txt, that "
            "stands beside it"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot read the list {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"cannot read the list {path}: it is not UTF-8 text") from error
    if "\0" in text:
        raise InputError(f"cannot read the list {path}: it is a binary file, not a list of paths")
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines and not may_be_empty:
        raise InputError(f"the list {path} is empty: it should hold one image path a line")
    return lines


def write_list(path: Path, lines: Iterable[str]) -> None:
    """Write a list of images.

    Parameters
    ----------
    path : Path
        Replaced atomically.
    lines : iterable of str
        Keys, or what `in_form` makes of them.
    """
    write_text(path, "".join(f"{line}\n" for line in lines))


def in_form(
    keys: Iterable[str], form: ListForm, source_name: str, classes: Sequence[str]
) -> list[str]:
    """Return the lines of a list in one of the forms.

    Parameters
    ----------
    keys : iterable of str
    form : {"keys", "prefixed", "labeled"}
    source_name : str
        For `prefixed`.
    classes : sequence of str
        For `labeled`: a class is numbered by its place here, from 0; a key in no folder gets -1.

    Returns
    -------
    list of str
        Which `listed` reads as these keys again.
    """
    if form == "keys":
        return list(keys)
    if form == "prefixed":
        return [f"{source_name}/{key}" for key in keys]
    numbers = {name: number for number, name in enumerate(classes)} | {"": -1}
    return [f"/{key} {numbers[top_folder(key)]}" for key in keys]


def listed(
    lines: Iterable[str],
    source_name: str,
    find: Callable[[str], tuple[int, ...] | None],
    list_name: str,
) -> Found:
    """Find the listed images of a source.

    Parameters
    ----------
    lines : iterable of str
        A first part that names the source itself, a leading slash and a trailing class number are
        understood.
    source_name : str
    find : callable
        Returns the size and place of an image by its key, None where there is none.
    list_name : str
        For messages.

    Returns
    -------
    Found
        Each image once, in order of the keys; what is missing is among the skipped.

    Raises
    ------
    InputError
        If none of the listed images is in the source.
    """
    found: dict[str, tuple[int, ...]] = {}
    missing: set[Skip] = set()
    for line in lines:
        for key in _readings(line, source_name):
            place = find(key)
            if place is not None:
                found[key] = place
                break
        else:
            missing.add(Skip(line, "missing", f"listed in {list_name}, but not in the source"))
    if not found:
        raise InputError(
            f"none of the {len(missing)} images listed in {list_name} is in {source_name}; the "
            "list should hold one path a line, relative to the source"
        )
    return in_order(found, missing)


def resolve(lines: Iterable[str], source: Source) -> list[str]:
    """Return the keys of the listed images that a source has, in order of the lines."""
    there = frozenset(source.keys)
    found = (
        next((key for key in _readings(line, source.name) if key in there), None) for line in lines
    )
    return [key for key in found if key is not None]


def match(lines: Iterable[str], keys: Collection[str]) -> tuple[list[str], list[str]]:
    """Find keys by the lines of a list, where the source that they are of is not at hand.

    Parameters
    ----------
    lines : iterable of str
    keys : collection of str
        Of labels, say. A line that is none of them is looked up without its first folder too, which
        may name the source.

    Returns
    -------
    found : list of str
        Keys, each once, in order of the lines.
    missing : list of str
        The lines that are none.
    """
    there = frozenset(keys)
    found: dict[str, None] = {}
    missing = []
    for line in lines:
        key = next((key for key in _readings(line, None) if key in there), None)
        if key is None:
            missing.append(line)
        else:
            found[key] = None
    return list(found), missing


def plain_path(line: str) -> str:
    """Return the path that a line holds, as far as it can be told without a source.

    Parameters
    ----------
    line : str

    Returns
    -------
    str
        Without a leading slash, parts that say nothing, and a class number; a number at the end is
        one where what stands before it ends as the names of images do.
    """
    unlabeled = _without_class(line)
    path = unlabeled if has_image_ending(unlabeled) else line.strip()
    return "/".join(_parts(path)) or path


def hiding_folder(paths: Sequence[str], others: Sequence[str]) -> str | None:
    """Return the first folder of all of some paths, where only it keeps them from matching others.

    Parameters
    ----------
    paths, others : sequence of str
        Such as ``train/n01/x.JPEG`` and ``n01/x.JPEG``.

    Returns
    -------
    str or None
        Such as ``train``.
    """
    folders = set(map(top_folder, paths))
    if len(folders) != 1 or folders & {"", *map(top_folder, others)}:
        return None
    inner = {path.partition("/")[2] for path in paths}
    return None if inner.isdisjoint(others) else folders.pop()


def _readings(line: str, source_name: str | None) -> Iterator[str]:
    """Give the keys that a line of a list may mean, the most literal one first.

    Where the name of the source is not known, any first folder may be it.
    """
    for path in dict.fromkeys((line, line.strip(), _without_class(line))):
        parts = _parts(path)
        if not parts or ".." in parts:
            continue
        yield "/".join(parts)
        if source_name in (None, parts[0]) and parts[1:]:
            yield "/".join(parts[1:])


def _without_class(line: str) -> str:
    return re.sub(r"\s+-?\d+\s*$", "", line).strip()


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]
