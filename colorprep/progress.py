"""Progress reporting: what stages report, whether to a terminal or to nobody.

Stages report to a `Reporter`. The one here is silent; that of the command line draws a bar.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from .places import Location


class Advance(Protocol):
    """Reports how many more units are done, and a detail to show beside the bar."""

    def __call__(self, n: int, detail: str = "") -> object:
        """Report `n` more units."""


class Reporter:
    """Receives the reports of a stage, and ignores them; subclasses show them.

    Examples
    --------
    >>> class Printer(Reporter):
    ...     def note(self, message):
    ...         print("note:", message)
    >>> Printer().note("3 images were skipped")
    note: 3 images were skipped
    """

    @contextmanager
    def track(self, total: int, unit: str, title: str) -> Iterator[Advance]:
        """Show the progress of a piece of work.

        Parameters
        ----------
        total : int
            Number of units.
        unit : str
            What is counted, in the plural.
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
            Name of the source.
        counts : mapping of str to int
            Number of files of each kind.
        """

    def note(self, message: str) -> None:
        """Report what may interest the user."""

    def warn(self, message: str) -> None:
        """Report what the user should know."""

    def replaced(self, path: Location, what: str) -> None:
        """Report what an output replaced.

        Parameters
        ----------
        what : str
            Such as ``replaced another list, of 9 images``.
        """
        self.warn(f"{path}: {what}")


class KeepingWarnings(Reporter):
    """Passes everything on to another reporter, and keeps the warnings.

    Attributes
    ----------
    warnings : list of str

    Examples
    --------
    >>> reporter = KeepingWarnings(Reporter())
    >>> reporter.warn("3 images were skipped")
    >>> reporter.warnings
    ['3 images were skipped']
    """

    def __init__(self, to: Reporter) -> None:
        self._to = to
        self.warnings: list[str] = []

    @contextmanager
    def track(self, total: int, unit: str, title: str) -> Iterator[Advance]:
        """Show the progress of a piece of work."""
        with self._to.track(total, unit, title) as advance:
            yield advance

    def pass_over(self, source: str, counts: Mapping[str, int]) -> None:
        """Report files of a source that are not among its images."""
        self._to.pass_over(source, counts)

    def note(self, message: str) -> None:
        """Report what may interest the user."""
        self._to.note(message)

    def warn(self, message: str) -> None:
        """Report what the user should know, and keep it."""
        self.warnings.append(message)
        self._to.warn(message)

    def replaced(self, path: Location, what: str) -> None:
        """Report what an output replaced."""
        self._to.replaced(path, what)
