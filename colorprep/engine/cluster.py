"""Running batches on a dask cluster: an existing one, or one of processes on this machine.

What a task needs is installed once on every worker, also on those that join or come back later, so
that a batch is a few numbers and nothing is lost with a worker. A batch whose worker died is run
again with no other beside it; if its worker dies once more, its images are run one by one, and one
that kills a third worker is quarantined: the batch is run without it.
"""

from __future__ import annotations

import logging
import re
import warnings
from asyncio import CancelledError
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from threading import Lock
from typing import Any, TypeVar
from uuid import uuid4

import cloudpickle
import dask
from distributed import (
    Client,
    Future,
    KilledWorker,
    LocalCluster,
    Worker,
    WorkerPlugin,
    get_worker,
)

from ..decoder_messages import keep_quiet
from ..errors import ColorprepError, InputError
from . import Batch, available_workers

T = TypeVar("T")

UNDER_WAY = 4  # batches for each worker, so that none waits for a slower one
CONNECT_SECONDS = 20
KEPT_MEMORY = 1 << 28  # bytes that a worker's allocator holds on to
LONELY_SECONDS = 60  # how long to wait for a worker where there is none


class ClusterEngine:
    """Runs batches on the workers of a dask cluster.

    Parameters
    ----------
    client : distributed.Client
    """

    batch_images = 64

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def workers(self) -> int:
        """How many batches are worked on at once."""
        return max(1, int(sum(self._client.nthreads().values())))

    def run(self, task: Callable[[Batch], T], batches: Iterable[Batch]) -> Generator[T, None, None]:
        """Run a task on every batch; see `Engine.run`."""
        plugin = _Task(task)
        self._client.register_plugin(plugin)
        waiting = iter(batches)
        under_way: deque[tuple[Batch, Future[Any]]] = deque()
        try:
            for batch in islice(waiting, UNDER_WAY * self.workers):
                under_way.append((batch, self._submit(plugin.name, batch)))
            while under_way:
                batch, future = under_way.popleft()
                try:
                    result: T = self._result(future)
                except KilledWorker:
                    warnings.warn(
                        f"a dask worker died; a batch of {len(batch.indices)} images is run again",
                        stacklevel=2,
                    )
                    for _, other in under_way:  # let them end, well or badly
                        with suppress(Exception):
                            self._result(other)
                    result = self._again(plugin.name, batch)
                for batch in islice(waiting, 1):
                    under_way.append((batch, self._submit(plugin.name, batch)))
                yield result
        finally:
            # After Ctrl-C the cluster may be gone; that must not hide the interrupt.
            with suppress(Exception):
                self._client.cancel([future for _, future in under_way])
                self._client.unregister_worker_plugin(plugin.name)

    def _submit(self, name: str, batch: Batch) -> Future[Any]:
        return self._client.submit(_run_installed, name, batch, pure=False)

    def _result(self, future: Future[Any]) -> Any:
        """Wait for a result, but not forever if there is nobody to make it."""
        while True:
            try:
                return future.result(timeout=LONELY_SECONDS)
            except TimeoutError:
                if future.done():  # then it is the task's own
                    raise
                if not self._client.nthreads():
                    raise ColorprepError(
                        "the dask cluster has lost all its workers; start some, and run the same "
                        "command again"
                    ) from None
            except CancelledError:
                raise ColorprepError(
                    "the dask scheduler has gone; when it is back, run the same command again"
                ) from None

    def _again(self, name: str, batch: Batch) -> Any:
        """Run a batch whose worker died; nothing else is under way."""
        try:
            return self._result(self._submit(name, batch))
        except KilledWorker:
            killers = frozenset(index for index in batch.indices if self._kills(name, index))
        try:
            return self._result(self._submit(name, Batch(batch.indices, killers)))
        except KilledWorker as error:
            raise ColorprepError(
                "dask workers die again and again on one batch of images, and no image alone is to "
                "blame; give them more memory, or run without a cluster"
            ) from error

    def _kills(self, name: str, index: int) -> bool:
        try:
            self._result(self._submit(name, Batch([index])))
        except KilledWorker:
            return True
        return False


class _Task(WorkerPlugin):
    """Carries a task to every worker, and keeps it there."""

    def __init__(self, task: Callable[[Batch], Any]) -> None:
        self.name = f"colorprep-{uuid4().hex}"
        self._pickled = cloudpickle.dumps(task)

    def setup(self, worker: Worker) -> None:
        """Begin on a worker; the task is made when it is first needed, off the event loop."""
        keep_quiet()
        self._lock = Lock()
        self._task: Callable[[Batch], Any] | None = None

    def run(self, batch: Batch) -> Any:
        """Run the task on a batch."""
        with self._lock:
            if self._task is None:
                self._task = cloudpickle.loads(self._pickled)
        return self._task(batch)


def _run_installed(name: str, batch: Batch) -> Any:
    plugin = get_worker().plugins[name]
    assert isinstance(plugin, _Task)
    return plugin.run(batch)


@contextmanager
def connected(address: str) -> Iterator[ClusterEngine]:
    """Use an existing dask cluster.

    Parameters
    ----------
    address : str
        Of its scheduler, such as ``tcp://host:8786``.

    Yields
    ------
    ClusterEngine

    Raises
    ------
    InputError
        If no scheduler answers there, or it has no workers.
    """
    if not re.fullmatch(r"((tcp|tls|ucx|ws|wss)://)?[^/]+:\d+", address):
        raise InputError(
            f"{address!r} is no address of a dask scheduler; give one such as tcp://host:8786"
        )
    try:
        client = Client(
            address, timeout=CONNECT_SECONDS, set_as_default=False, direct_to_workers=True
        )
    except (OSError, ValueError) as error:
        raise InputError(
            f"no dask scheduler answers at {address}; start one with `dask scheduler`, and give "
            "its address, such as tcp://host:8786"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=LONELY_SECONDS)
        except TimeoutError as error:
            raise InputError(
                f"the dask scheduler at {address} has no workers; start some with "
                f"`dask worker {address}`"
            ) from error
        yield ClusterEngine(client)


@contextmanager
def local_cluster(n_processes: int) -> Iterator[ClusterEngine]:
    """Start a dask cluster of processes on this machine, and stop it at the end.

    Parameters
    ----------
    n_processes : int
        They share the processors.

    Yields
    ------
    ClusterEngine
    """
    threads = max(1, available_workers() // n_processes)
    environment = "distributed.nanny.pre-spawn-environ"
    settings = {
        # A batch is run again here, where its images can be told apart, not by the scheduler.
        "distributed.scheduler.allowed-failures": 0,
        # Memory given back to the system after every image costs a third of a worker's time.
        f"{environment}.MALLOC_TRIM_THRESHOLD_": KEPT_MEMORY,
        f"{environment}.MALLOC_MMAP_THRESHOLD_": KEPT_MEMORY,
        "distributed.worker.profile.enabled": False,
    }
    with (
        dask.config.set(settings),
        LocalCluster(
            n_workers=n_processes,
            threads_per_worker=threads,
            dashboard_address=":0",  # any free port
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False, direct_to_workers=True) as client,
    ):
        yield ClusterEngine(client)
