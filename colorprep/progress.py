"""How long work tells what it is doing, without knowing who listens.

Stages talk to a `Reporter`. This one says nothing; the command line has one that draws a bar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Reporter:
    """Listens to a stage and says nothing."""

    @contextmanager
    def track(self, total: int, unit: str, title: str) -> Iterator[Callable[[int], object]]:
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
        callable
            To be called with the number of units just done.
        """
        yield lambda n: None

    def note(self, message: str) -> None:
        """Take a message that a user may want to know."""

    def warn(self, message: str) -> None:
        """Take a message that a user should know."""
