"""Running chunks on a dask cluster: an existing one, or one of processes on this machine.

A task is installed once on every worker, including workers that join or restart later, so that a
chunk is a few numbers and nothing is lost with a worker. If a worker dies, its chunk is run again
with nothing else beside it; if that worker dies too, the images are run one by one, and an image
that kills a third worker is quarantined: the chunk is run without it.
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
from . import Chunk, available_workers

T = TypeVar("T")

UNDER_WAY = 4  # chunks for each worker, so that none waits for a slower one
CONNECT_SECONDS = 20
KEPT_MEMORY = 1 << 28  # bytes that a worker's allocator keeps instead of freeing
NO_WORKER_SECONDS = 60  # how long to wait for a first worker


class ClusterEngine:
    """Runs tasks on the workers of a dask cluster."""

    chunk_images = 64

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def workers(self) -> int:
        """Number of chunks that run at once."""
        return max(1, int(sum(self._client.nthreads().values())))

    def run(self, task: Callable[[Chunk], T], chunks: Iterable[Chunk]) -> Generator[T, None, None]:
        """Run a task on every chunk; see `Engine.run`."""
        plugin = _Task(task)
        self._client.register_plugin(plugin)
        waiting = iter(chunks)
        under_way: deque[tuple[Chunk, Future[Any]]] = deque()
        try:
            for chunk in islice(waiting, UNDER_WAY * self.workers):
                under_way.append((chunk, self._submit(plugin.name, chunk)))
            while under_way:
                chunk, future = under_way.popleft()
                try:
                    result: T = self._result(future)
                except KilledWorker:
                    warnings.warn(
                        f"a dask worker died; a chunk of {len(chunk.indices)} images is run again",
                        stacklevel=2,
                    )
                    # Wait until nothing else runs, so that a second death has a known culprit.
                    for _, other in under_way:
                        with suppress(Exception):
                            self._result(other)
                    result = self._run_again(plugin.name, chunk)
                for chunk in islice(waiting, 1):
                    under_way.append((chunk, self._submit(plugin.name, chunk)))
                yield result
        finally:
            # After Ctrl-C the cluster may be gone; its errors must not hide the interrupt.
            with suppress(Exception):
                self._client.cancel([future for _, future in under_way])
                self._client.unregister_worker_plugin(plugin.name)

    def _submit(self, name: str, chunk: Chunk) -> Future[Any]:
        return self._client.submit(_run_installed, name, chunk, pure=False)

    def _result(self, future: Future[Any]) -> Any:
        """Wait for a result, but not forever if no worker is left."""
        while True:
            try:
                return future.result(timeout=NO_WORKER_SECONDS)
            except TimeoutError:
                if future.done():  # the task itself raised it
                    raise
                if not self._client.nthreads():
                    raise ColorprepError(
                        "the dask cluster has lost all its workers; start some, and run the same "
                        "command again"
                    ) from None
            except CancelledError:
                raise ColorprepError(
                    "the dask scheduler is gone; when it is back, run the same command again"
                ) from None

    def _run_again(self, name: str, chunk: Chunk) -> Any:
        """Run a chunk whose worker died, while nothing else is under way."""
        try:
            return self._result(self._submit(name, chunk))
        except KilledWorker:
            killers = frozenset(index for index in chunk.indices if self._kills(name, index))
        try:
            return self._result(self._submit(name, Chunk(chunk.indices, killers)))
        except KilledWorker as error:
            raise ColorprepError(
                "dask workers keep dying on one chunk of images, and no single image is to blame; "
                "give them more memory, or run without a cluster"
            ) from error

    def _kills(self, name: str, index: int) -> bool:
        try:
            self._result(self._submit(name, Chunk([index])))
        except KilledWorker:
            return True
        return False


class _Task(WorkerPlugin):
    """Installs a task on every worker."""

    def __init__(self, task: Callable[[Chunk], Any]) -> None:
        self.name = f"colorprep-{uuid4().hex}"
        self._pickled = cloudpickle.dumps(task)

    def setup(self, worker: Worker) -> None:
        """Prepare a worker; unpickling waits for the first chunk, off the event loop."""
        keep_quiet()
        self._lock = Lock()
        self._task: Callable[[Chunk], Any] | None = None

    def run(self, chunk: Chunk) -> Any:
        """Run the task on a chunk."""
        with self._lock:
            if self._task is None:
                self._task = cloudpickle.loads(self._pickled)
        return self._task(chunk)


def _run_installed(name: str, chunk: Chunk) -> Any:
    plugin = get_worker().plugins[name]
    assert isinstance(plugin, _Task)
    return plugin.run(chunk)


@contextmanager
def connected(address: str) -> Iterator[ClusterEngine]:
    """Use an existing dask cluster.

    Parameters
    ----------
    address : str
        The scheduler's, such as ``tcp://host:8786``.

    Raises
    ------
    InputError
        If no scheduler answers there, or it has no workers.
    """
    if not re.fullmatch(r"((tcp|tls|ucx|ws|wss)://)?[^/]+:\d+", address):
        raise InputError(
            f"{address!r} is not the address of a dask scheduler, such as tcp://host:8786"
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
            client.wait_for_workers(1, timeout=NO_WORKER_SECONDS)
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
        The processors are divided among them.
    """
    threads = max(1, available_workers() // n_processes)
    environment = "distributed.nanny.pre-spawn-environ"
    settings = {
        # Lost chunks are run again here, where a fatal image can be singled out.
        "distributed.scheduler.allowed-failures": 0,
        # Returning memory to the system after every image costs a third of a worker's time.
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
