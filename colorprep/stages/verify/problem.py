"""Problems that `colorprep verify` finds."""

from __future__ import annotations

from typing import NamedTuple

from ...balance.diagnosis import Severity
from ...places import Location


class Problem(NamedTuple):
    """A problem in an artifact, described by `what`."""

    path: Location
    what: str
    severity: Severity = "wrong"
