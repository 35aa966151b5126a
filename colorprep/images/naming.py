"""Deciding by the name of a file whether it is an image, is hidden, or must be opened.

Only files with an ambiguous name are opened: those without an ending, such as ``photo`` or
``x.jpg?w=640``, or with an ending whose format is uncertain, such as ``.jfif`` or ``.pnm``. Their
first bytes decide.
"""

from __future__ import annotations

import re

from .formats import format_of
from .passed_over import AMBIGUOUS_ENDINGS, HIDDEN, NO_ENDING
from .source import has_image_ending

# Of macOS, Windows, file systems, and network storage; upper and lower case are the same.
SYSTEM_FOLDERS = frozenset(
    [
        *("__macosx", "network trash folder", "temporary items"),
        *("$recycle.bin", "recycler", "system volume information"),
        "lost+found",
        *("@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@__thumb"),
    ]
)


def is_hidden(name: str) -> bool:
    """Return whether a file or folder is hidden by its name."""
    return name.startswith(".") and name not in (".", "..")


def is_system_folder(name: str) -> bool:
    """Return whether a folder is hidden, or was created by an operating system."""
    return is_hidden(name) or name.casefold() in SYSTEM_FOLDERS


def is_noise(key: str) -> bool:
    """Return whether a file is hidden, or is in a hidden or system folder."""
    *folders, name = key.split("/")
    return is_hidden(name) or any(map(is_system_folder, folders))


def ending_of(name: str) -> str:
    """Return the ending of a name in lower case; empty if missing.

    Examples
    --------
    >>> ending_of("a.JPG"), ending_of("a.jpg?w=64.5"), ending_of("v1.2")
    ('.jpg', '', '')
    """
    stem, dot, ending = name.rpartition(".")
    is_ending = re.fullmatch(r"(?!\d+$)[A-Za-z0-9]{1,12}", ending) is not None
    return dot + ending.lower() if stem and is_ending and "?" not in stem else ""


def is_ambiguous(name: str) -> bool:
    """Return whether a file has an ambiguous name, so that its first bytes must be read."""
    if is_hidden(name) or has_image_ending(name):
        return False
    ending = ending_of(name)
    return not ending or ending in AMBIGUOUS_ENDINGS


def is_image(name: str, head: bytes) -> bool:
    """Return whether a file with an ambiguous name is an image, by its first bytes.

    Parameters
    ----------
    head : bytes
        Empty if the file is empty or cannot be read; then its ending decides.
    """
    return format_of(head) is not None if head else ending_of(name) in AMBIGUOUS_ENDINGS


def kind_of(name: str) -> str:
    """Return the kind under which a file that is not an image is counted, mostly its ending."""
    if is_hidden(name):
        return HIDDEN
    ending = ending_of(name)
    inner = ending_of(name[: -len(ending)]) if ending else ""
    return inner + ending if inner == ".tar" else ending or NO_ENDING
