"""Stopping on Ctrl-C or SIGTERM only where work can be resumed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def graceful_stop() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C or SIGTERM into a request to stop; the second interrupts.

    Yields
    ------
    callable
        Returns whether a stop was requested; always False outside of the main thread, which alone
        receives signals.

    Examples
    --------
    >>> import os
    >>> with graceful_stop() as stop:
    ...     os.kill(os.getpid(), signal.SIGINT)
    ...     stop()
    True
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    requested = threading.Event()

    def request(number: int, frame: FrameType | None) -> None:
        requested.set()
        restore()

    before = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    try:
        yield requested.is_set
    finally:
        restore()
