"""Why an image is skipped: the reason codes, and how a skipped image is listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

REASONS = {
    "missing": "listed, but not in the source, or a link to nothing",
    "unreadable": "the system would not let it be read",
    "bad-name": "its name is not UTF-8, contains a line break, leads out of an archive, or is too "
    "long for its output",
    "empty": "a file of 0 bytes",
    "not-an-image": "none of the formats that are read, whatever its name says",
    "truncated": "ends before its pixels do",
    "damaged": "part of its pixels is lost, although it decodes; see --damaged",
    "corrupt": "so damaged that no decoder reads it",
    "too-large": "over 178 million pixels",
    "kills-workers": "processes that read it died, three times over",
    "other-size": "not of the size of the image that it is to be compared with",
    "unpaired": "no image of the same path is there to compare it with",
    "no-mask": "no segment mask belongs to it, or it cannot be read",
    "bad-mask": "its segment mask has another size, or holds something other than class indices",
    "unsupported": "a kind of pixel without an agreed meaning as color, or not read correctly",
}


class Skip(NamedTuple):
    """An image that was skipped.

    Attributes
    ----------
    key : str
        Its path within the source.
    reason : str
        A code of `REASONS`.
    detail : str
        What exactly is wrong.
    """

    key: str
    reason: str
    detail: str


def quarantined(key: str) -> Skip:
    """Return the skip of an image that must not be read again, see `colorprep.engine.Chunk`."""
    return Skip(key, "kills-workers", "three workers died while reading it")


def count_by_reason(skipped: Iterable[Skip]) -> dict[str, int]:
    """Return how many images were skipped for each reason, sorted by reason code.

    Examples
    --------
    >>> count_by_reason([Skip("a.jpg", "truncated", ""), Skip("b.jpg", "empty", "")])
    {'empty': 1, 'truncated': 1}
    """
    counts = Counter(skip.reason for skip in skipped)
    return {reason: counts[reason] for reason in sorted(counts)}
