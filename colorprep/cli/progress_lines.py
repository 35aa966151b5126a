"""Progress as lines of text, for logs and pipes, where a bar cannot redraw itself."""

from __future__ import annotations

import time
from collections.abc import Callable

EVERY = 10.0  # seconds


class ProgressLines:
    """Writes a line every ten seconds, and one when all is done.

    Parameters
    ----------
    clock : callable
        Returns the time in seconds.

    Examples
    --------
    >>> seconds = iter([0.0, 3.0, 12.5])
    >>> advance = ProgressLines("labeling", 5000, "images", print, lambda: next(seconds))
    >>> advance(1200)
    >>> advance(3800)
    labeling: 5,000 of 5,000 images, 400/s
    """

    def __init__(
        self,
        title: str,
        total: int,
        unit: str,
        write: Callable[[str], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._title, self._total, self._unit = title, total, unit
        self._write, self._clock = write, clock
        self._begun = self._written = clock()
        self._done = 0

    def __call__(self, n: int, detail: str = "") -> None:
        """Count `n` more units; `detail` follows in the line, if one is written."""
        self._done += n
        now = self._clock()
        if now - self._written >= EVERY or (n and self._done == self._total):
            self._written = now
            self._write(self._line(now - self._begun, detail))

    def _line(self, seconds: float, detail: str) -> str:
        line = f"{self._title}: {self._done:,} of {self._total:,} {self._unit}"
        if self._done and seconds > 0:
            rate = self._done / seconds
            line += f", {rate:,.0f}/s" if rate >= 10 else f", {rate:.2g}/s"
            if left := self._total - self._done:
                line += f", {_duration(left / rate)} left"
        return f"{line}, {detail}" if detail else line


def _duration(seconds: float) -> str:
    """Return a duration in its largest units.

    Examples
    --------
    >>> _duration(9.2), _duration(150), _duration(7380)
    ('9 s', '2 min 30 s', '2 h 3 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
