"""Something that is not as it should be, as `colorprep verify` finds it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..balance.diagnosis import Severity


class Problem(NamedTuple):
    """Something that is not as it should be.

    Attributes
    ----------
    path : Path
    what : str
        In words.
    severity : {"wrong", "suspected"}
    """

    path: Path
    what: str
    severity: Severity = "wrong"
