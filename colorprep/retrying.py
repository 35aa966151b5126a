"""Asking a store again after a failure that passes: overload, a lost connection, a cut answer.

What lasts, such as a missing object or a refused permission, is not asked for again. The pauses
double, and are drawn at random within a half, so that many workers do not all return at once.
"""

from __future__ import annotations

import errno
import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds
PASSING_STATUS = frozenset([408, 425, 429, 500, 502, 503, 504])  # of HTTP
PASSING_NUMBERS = frozenset([errno.EBUSY, errno.EREMOTEIO, errno.EAGAIN, errno.ENETUNREACH])
# Errors of connections, by the names of their classes, as each store has its own client.
PASSING_NAMES = frozenset(
    "ClientPayloadError ClientConnectionError ServerDisconnectedError IncompleteRead "
    "IncompleteReadError EndpointConnectionError ConnectionClosedError ReadTimeoutError "
    "ConnectTimeoutError ResponseStreamingError ResponseParserError".split()
)

T = TypeVar("T")


class CutShort(ConnectionError):
    """An answer that is shorter than what was asked for."""


def patiently(ask: Callable[[], T]) -> T:
    """Return what `ask` returns; call it again, after a pause, while it fails in a passing way.

    Raises
    ------
    Exception
        The last error of `ask`.
    """
    for pause in PAUSES:
        try:
            return ask()
        except Exception as error:
            if not passes(error):
                raise
        time.sleep(pause * random.uniform(0.5, 1))
    return ask()


def passes(error: BaseException) -> bool:
    """Return whether the same request may well succeed later.

    Examples
    --------
    >>> from http.client import IncompleteRead
    >>> passes(ConnectionResetError()), passes(IncompleteRead(b"")), passes(FileNotFoundError())
    (True, True, False)
    """
    return any(map(_passes, _with_causes(error)))


def _passes(error: BaseException) -> bool:
    status = _status(error)
    if status is not None:
        return status in PASSING_STATUS
    if isinstance(error, TimeoutError | ConnectionError):
        return True
    if isinstance(error, OSError) and error.errno in PASSING_NUMBERS:
        return True
    return any(kind.__name__ in PASSING_NAMES for kind in type(error).__mro__)


def _status(error: BaseException) -> int | None:
    """Return the HTTP status that an error reports, by whichever client."""
    response = getattr(error, "response", None)  # botocore
    if isinstance(response, dict):
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    else:
        status = getattr(error, "status", None) or getattr(error, "code", None)  # aiohttp; gcsfs
    return int(status) if isinstance(status, int | str) and str(status).isdigit() else None


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
