"""What a process costs: elapsed time, processor time and peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NamedTuple


class Usage(NamedTuple):
    """What a process used, together with the processes that it started and waited for.

    Attributes
    ----------
    n_images : int
        That it worked on.
    wall, processor : float
        Seconds that passed, and those that processors worked for it, in its code and the system's.
    peak_mb : float
        Peak memory of the largest process.
    """

    n_images: int
    wall: float
    processor: float
    peak_mb: float


class ProcessError(Exception):
    """A process failed; the message is what it wrote."""


def run_process(
    line: Sequence[str],
    n_images: int,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    watch: Callable[[int], AbstractContextManager[object]] = nullcontext,
) -> Usage:
    """Run a command line to its end.

    Parameters
    ----------
    environment : mapping, optional
        Added to that of this process.
    watch : callable, optional
        Given the number of the process, returns what is entered while it runs.

    Raises
    ------
    ProcessError
        If its status is not 0.
    """
    with tempfile.TemporaryFile() as said:
        begun = time.perf_counter()
        process = subprocess.Popen(
            line,
            stdout=said,
            stderr=said,
            cwd=folder,
            env={**os.environ, **(environment or {})},
        )
        with watch(process.pid):
            _, status, used = os.wait4(process.pid, 0)
            wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise ProcessError(f"{' '.join(line)} failed:\n{said.read().decode(errors='replace')}")
    per_mb = 2**20 if sys.platform == "darwin" else 2**10  # there in bytes, elsewhere in KiB
    return Usage(n_images, wall, used.ru_utime + used.ru_stime, used.ru_maxrss / per_mb)
