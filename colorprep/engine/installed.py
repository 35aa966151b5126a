"""A task on the workers of a dask cluster: installing it, checking that it can work there.

It is installed once on every worker, including workers that join or restart later. Before it runs
on a worker it is checked there: the worker must have the client's versions, and what the task reads
and writes must be in the worker's reach.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple
from uuid import uuid4

import cloudpickle
from distributed import Worker, WorkerPlugin, get_worker

from ..decoder_messages import keep_quiet
from ..errors import ColorprepError, InputError
from . import Checked, Chunk
from .versions import decides, differences, versions_here


class Verdict(NamedTuple):
    """What a worker reports before work begins.

    Attributes
    ----------
    refusal : str or None
        Why it cannot do the work.
    differences : list of str
        Versions that differ from the client's, but do not matter much.
    """

    refusal: str | None
    differences: list[str]


class InstalledTask(WorkerPlugin):
    """A task that is sent to every worker once.

    Parameters
    ----------
    task : callable
        Takes a chunk.
    """

    def __init__(self, task: Callable[[Chunk], Any]) -> None:
        self.name = f"colorprep-{uuid4().hex}"
        self._pickled = cloudpickle.dumps(task)
        self._versions = versions_here()
        self._is_checked = _can_work(task)

    def setup(self, worker: Worker) -> None:
        """Prepare a worker; all that takes time is done off its event loop."""
        keep_quiet()
        self._lock = Lock()
        self._task: Callable[[Chunk], Any] | None = None
        self._where = f"the dask worker {worker.address} on {socket.gethostname()}"

    def run(self, chunk: Chunk) -> Any:
        """Run the task on a chunk."""
        task = self._ready()
        try:
            return task(chunk)
        except InputError as error:
            raise InputError(f"{self._where}: {error}") from error

    def verdict(self) -> Verdict:
        """Return whether the task can run on this worker."""
        minor = [f"{self._where} has {text}" for text in self._differences(deciding=False)]
        try:
            self._ready()
        except InputError as error:
            return Verdict(str(error), minor)
        return Verdict(None, minor)

    def _ready(self) -> Callable[[Chunk], Any]:
        """Return the task, checked when it is first needed."""
        with self._lock:
            if self._task is None:
                deciding = self._differences(deciding=True)
                if deciding:
                    raise InputError(
                        f"{self._where} has {', '.join(deciding)}; results could differ, so "
                        "install the same versions on all machines"
                    )
                self._task = self._loaded()
        return self._task

    def _differences(self, deciding: bool) -> list[str]:
        differing = differences(versions_here(), self._versions)
        return [text for name, text in differing.items() if decides(name) is deciding]

    def _loaded(self) -> Callable[[Chunk], Any]:
        try:
            task: Callable[[Chunk], Any] = cloudpickle.loads(self._pickled)
        except ImportError as error:
            raise InputError(
                f"{self._where} lacks a package: {error}; install the same packages on all machines"
            ) from error
        if self._is_checked and isinstance(task, Checked):
            try:
                task.check()
            except ColorprepError as error:
                raise InputError(f"{self._where} cannot take part: {error}") from error
        return task


def _can_work(task: Callable[[Chunk], Any]) -> bool:
    """Return whether a task can work in this process, so that workers are to blame if it cannot."""
    if not isinstance(task, Checked):
        return False
    try:
        task.check()
    except ColorprepError:
        return False
    return True


def run_installed(name: str, chunk: Chunk) -> Any:
    """Run a task that is installed on this worker."""
    return _installed(get_worker(), name).run(chunk)


async def verdict_of(name: str, dask_worker: Worker) -> Verdict:
    """Return whether a task can run on a worker; dask gives the worker."""
    return await asyncio.to_thread(_installed(dask_worker, name).verdict)


def _installed(worker: Worker, name: str) -> InstalledTask:
    plugin = worker.plugins[name]
    assert isinstance(plugin, InstalledTask)
    return plugin
