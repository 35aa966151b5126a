"""Problems that `colorprep verify` finds."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ...balance.diagnosis import Severity


class Problem(NamedTuple):
    """A problem in an artifact, described by `what`."""

    path: Path
    what: str
    severity: Severity = "wrong"
