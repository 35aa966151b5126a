"""Letting Ctrl-C and SIGTERM ask for an end, so that work can be brought to a good one first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def asking() -> Iterator[Callable[[], bool]]:
    """Let the first interrupt ask, where it would strike; the second strikes.

    Yields
    ------
    callable
        Whether there was an interrupt. Always false outside of the main thread, where none arrives.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        asked.set()
        restore()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    try:
        yield asked.is_set
    finally:
        restore()
