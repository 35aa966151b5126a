"""Running the chunks of one task on a dask cluster, whatever happens to it.

If a worker dies, its chunk is run again with nothing else beside it; if that worker dies too, the
images are run one by one, and an image that kills a third worker is quarantined: the chunk is run
without it. If the scheduler goes away, what was under way is submitted again when it is back.
"""

from __future__ import annotations

import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from distributed import CancelledError, Client, Future, KilledWorker

from ..errors import ColorprepError, InputError
from . import Chunk
from .installed import InstalledTask, Verdict, run_installed, verdict_of

T = TypeVar("T")

UNDER_WAY = 4  # chunks for each worker, so that none waits for a slower one
NO_WORKER_SECONDS = 60  # how long to wait for a worker
LOOK_SECONDS = 5  # after this time without a result, see whether there are workers


class Connection(Protocol):
    """A connection with a scheduler, which can be made again."""

    client: Client

    @property
    def workers(self) -> int:
        """Number of chunks that run at once."""

    def renew(self) -> None:
        """Connect with the scheduler again, when it is back.

        Raises
        ------
        ColorprepError
            If it does not come back.
        """


@dataclass
class _Submitted:
    chunk: Chunk
    future: Future[Any]


class ClusterRun(Generic[T]):
    """A run of one task on a cluster."""

    def __init__(self, connection: Connection, task: Callable[[Chunk], T]) -> None:
        self._connection = connection
        self._task = InstalledTask(task)
        self._under_way: deque[_Submitted] = deque()
        self._alone_since: float | None = None  # without workers

    def results(self, chunks: Iterable[Chunk]) -> Iterator[T]:
        """Yield the results of all chunks, in their order."""
        waiting = iter(chunks)
        self._install()
        self._submit_more(waiting)
        while self._under_way:
            result = self._finish(self._under_way.popleft())
            self._submit_more(waiting)
            yield result

    def close(self) -> None:
        """Drop what is under way."""
        # After Ctrl-C the cluster may be gone; its errors must not hide the interrupt.
        with suppress(Exception):
            self._connection.client.cancel([each.future for each in self._under_way])
            self._connection.client.unregister_worker_plugin(self._task.name)

    def _install(self) -> None:
        """Send the task to all workers, and ask each whether it can do the work."""
        client = self._connection.client
        client.register_plugin(self._task)
        found = client.run(verdict_of, self._task.name, on_error="return")
        # A worker that died meanwhile returns its error; its successor is asked by its first chunk.
        verdicts = [each for each in found.values() if isinstance(each, Verdict)]
        refusals = [each.refusal for each in verdicts if each.refusal is not None]
        if refusals:
            more = f" ({len(refusals) - 1} more cannot either)" if len(refusals) > 1 else ""
            raise InputError(f"{refusals[0]}{more}")
        for text in sorted({text for each in verdicts for text in each.differences}):
            warnings.warn(text, stacklevel=2)

    def _submit_more(self, waiting: Iterator[Chunk]) -> None:
        """Keep all workers busy, those that have joined by now included."""
        wanted = UNDER_WAY * self._connection.workers - len(self._under_way)
        self._under_way.extend(self._submit(chunk) for chunk in islice(waiting, max(0, wanted)))

    def _submit(self, chunk: Chunk) -> _Submitted:
        submit = self._connection.client.submit
        return _Submitted(chunk, submit(run_installed, self._task.name, chunk, pure=False))

    def _finish(self, submitted: _Submitted) -> T:
        """Return the result of a chunk, even if it kills workers."""
        n_images = len(submitted.chunk.indices)
        try:
            result: T = self._result(submitted)
        except KilledWorker:
            warnings.warn(
                f"a dask worker died; a chunk of {n_images} images is run again", stacklevel=2
            )
            # Wait until nothing else runs, so that a second death has a known culprit.
            for other in self._under_way:
                with suppress(Exception):
                    self._result(other)
            result = self._run_again(submitted.chunk)
        return result

    def _run_again(self, chunk: Chunk) -> Any:
        """Run a chunk whose worker died, while nothing else is under way."""
        try:
            return self._result(self._submit(chunk))
        except KilledWorker:
            killers = frozenset(index for index in chunk.indices if self._kills(index))
        try:
            return self._result(self._submit(Chunk(chunk.indices, killers)))
        except KilledWorker as error:
            raise ColorprepError(
                "dask workers keep dying on one chunk of images, and no single image is to blame; "
                "give them more memory, or run without a cluster"
            ) from error

    def _kills(self, index: int) -> bool:
        try:
            self._result(self._submit(Chunk([index])))
        except KilledWorker:
            return True
        return False

    def _result(self, submitted: _Submitted) -> Any:
        """Wait for a result, but not forever if no worker is left."""
        while True:
            future = submitted.future
            try:
                future.exception(timeout=LOOK_SECONDS)  # waits, and fetches nothing
                result = future.result(timeout=NO_WORKER_SECONDS)
            except TimeoutError:
                if future.status == "error":  # of the task, which may have raised this error
                    return future.result()
                self._check_workers()
            except CancelledError:  # the scheduler is gone, and with it all that was submitted
                self._resume(submitted)
            else:
                self._alone_since = None
                return result

    def _check_workers(self) -> None:
        """Say at once that no worker is left, and give up after a while."""
        now = time.monotonic()
        try:
            has_workers = bool(self._connection.client.nthreads())
        except OSError:  # without a scheduler nobody knows; its loss cancels what was submitted
            return
        if has_workers:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
            warnings.warn(
                f"the dask cluster has no worker left; waiting {NO_WORKER_SECONDS} s for one",
                stacklevel=2,
            )
        elif now - self._alone_since > NO_WORKER_SECONDS:
            raise ColorprepError(
                "the dask cluster has lost all its workers; start some, and run the same "
                "command again"
            )

    def _resume(self, awaited: _Submitted) -> None:
        """Submit everything again after the scheduler has forgotten it."""
        self._connection.renew()
        self._install()
        for each in (awaited, *self._under_way):
            each.future = self._submit(each.chunk).future
