"""How long work tells what it is doing, without knowing who listens.

Stages talk to a `Reporter`. This one says nothing; the command line has one that draws a bar.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol


class Advance(Protocol):
    """Takes how many units were just done, and what else there is to say of the work."""

    def __call__(self, n: int, detail: str = "") -> object:
        """Go on."""


class Reporter:
    """Listens to a stage and says nothing."""

    @contextmanager
    def track(self, total: int, unit: str, title: str) -> Iterator[Advance]:
        """Follow a piece of work.

        Parameters
        ----------
        total : int
            How many units there are.
        unit : str
            Of what, in the plural.
        title : str
            What is being done.

        Yields
        ------
        Advance
            To be called with the number of units just done.
        """
        yield lambda n, detail="": None

    def pass_over(self, source: str, counts: Mapping[str, int]) -> None:
        """Report files of a source that are not among its images.

        Parameters
        ----------
        source : str
            Its name.
        counts : mapping of str to int
            The number of files of each kind.
        """

    def note(self, message: str) -> None:
        """Take a message that a user may want to know."""

    def warn(self, message: str) -> None:
        """Take a message that a user should know."""

    def replaced(self, path: Path, what: str) -> None:
        """Report what an output did to the file that it replaced.

        Parameters
        ----------
        path : Path
        what : str
            Such as ``replaced another list, of 9 images``.
        """
        self.warn(f"{path}: {what}")
