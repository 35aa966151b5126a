"""Lists of images: one path a line, in the forms that published lists have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ..errors import InputError
from .skip import Skip
from .source import Found, in_order


def read_list(path: Path) -> list[str]:
    """Read a list of images.

    Parameters
    ----------
    path : Path
        One path a line; empty lines are passed over.

    Returns
    -------
    list of str

    Raises
    ------
    InputError
        If the file cannot be read as UTF-8 text, or lists nothing.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot read the list {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"cannot read the list {path}: it is not UTF-8 text") from error
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise InputError(f"the list {path} is empty: it should hold one image path a line")
    return lines


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


def _readings(line: str, source_name: str) -> Iterator[str]:
    """Give the keys that a line of a list may mean, the most literal one first."""
    without_label = re.sub(r"\s+-?\d+\s*$", "", line)
    for path in dict.fromkeys((line, line.strip(), without_label.strip())):
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if not parts or ".." in parts:
            continue
        yield "/".join(parts)
        if parts[0] == source_name and parts[1:]:
            yield "/".join(parts[1:])
