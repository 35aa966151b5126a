"""Problems that `colorprep verify` finds."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ...balance.diagnosis import Severity


class Problem(NamedTuple):
    """A problem in an artifact.

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
