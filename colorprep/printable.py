"""Names in messages: the first of many, and control characters escaped.

Escape sequences clear screens and hide lines, marks of writing direction reverse the text after
them, and a line break makes two messages of one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

SHOWN = 3  # names in a message

# Controls except the tab, line and paragraph separators, direction marks, and lone surrogates.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""Return a line of text with control characters escaped as in Python.

    Examples
    --------
    >>> print(printable("a\nb.jpg"))
    a\nb.jpg
    """
    return _UNPRINTABLE.sub(lambda found: repr(found[0])[1:-1], text)


def first_of(names: Sequence[str], shown: int = SHOWN) -> str:
    """Return the first names, and how many more there are.

    Examples
    --------
    >>> first_of(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    more = f" and {len(names) - shown:,} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def printable_json(text: str) -> str:
    """Return a line of JSON with control characters escaped as JSON does, so it reads the same."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def setting(value: object) -> str:
    """Return a value for messages on options.

    Examples
    --------
    >>> setting(True), setting(None), setting((1, 2)), setting("crop")
    ('on', 'none', '(1, 2)', 'crop')
    """
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None or value in ((), []) else str(value)
