"""Dask clusters: an existing one, or one of processes on this machine.

A task is installed once on every worker, including workers that join or restart later, so that a
chunk is a few numbers and nothing is lost with a worker; see `cluster_run` and `installed`.
"""

from __future__ import annotations

import logging
import re
import socket
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import dask
from distributed import Client, LocalCluster

from .. import __version__
from ..errors import ColorprepError, InputError
from . import Chunk, available_workers
from .cluster_run import NO_WORKER_SECONDS, ClusterRun

T = TypeVar("T")

CONNECT_SECONDS = 20
GONE_SECONDS = 600  # how long to wait for a scheduler to come back
RETRY_SECONDS = 0.5
COUNT_SECONDS = 1  # how long a number of workers is good for
REACH_SECONDS = 3  # how long a worker may take to answer a connection
KEPT_MEMORY = 1 << 28  # bytes that a worker's allocator keeps instead of freeing


class ClusterEngine:
    """Runs tasks on the workers of a dask cluster.

    Parameters
    ----------
    connect : callable
        Returns a connected client, or raises InputError; given one that is connected, it may return
        that one.
    """

    chunk_images = 64

    def __init__(self, connect: Callable[[Client | None], Client]) -> None:
        self._connect = connect
        self.client = connect(None)
        self._n_threads = 1
        self._counted = -float("inf")

    @property
    def workers(self) -> int:
        """Number of chunks that run at once; changes as workers join and leave."""
        now = time.monotonic()
        if now > self._counted + COUNT_SECONDS:
            with suppress(OSError):  # without a scheduler nobody knows; its loss is noticed later
                self._n_threads = max(1, int(sum(self.client.nthreads().values())))
            self._counted = now
        return self._n_threads

    def run(self, task: Callable[[Chunk], T], chunks: Iterable[Chunk]) -> Generator[T, None, None]:
        """Run a task on every chunk; see `Engine.run`."""
        with closing(ClusterRun(self, task)) as run:
            yield from run.results(chunks)

    def renew(self) -> None:
        """Connect again with a scheduler that is gone, when it is back.

        Raises
        ------
        ColorprepError
            If it does not come back, or has no workers.
        """
        warnings.warn(
            "the dask scheduler is gone; waiting until it is back, with workers", stacklevel=2
        )
        while self.client.status == "connecting":  # dask tries for CONNECT_SECONDS by itself
            time.sleep(RETRY_SECONDS)
        deadline = time.monotonic() + GONE_SECONDS
        while True:
            try:
                self.client = self._connect(self.client)
                return
            except (InputError, OSError) as error:
                if time.monotonic() > deadline:
                    raise ColorprepError(
                        f"the dask cluster did not come back ({error}); when it is back, run the "
                        "same command again"
                    ) from error
            time.sleep(RETRY_SECONDS)

    def close(self) -> None:
        """Disconnect from the cluster."""
        with suppress(Exception):
            self.client.close()


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
        If no scheduler answers there, it has no workers, or one of them has another colorprep.
    """
    if not re.fullmatch(r"((tcp|tls|ucx|ws|wss)://)?[^/]+:\d+", address):
        raise InputError(
            f"{address!r} is not the address of a dask scheduler, such as tcp://host:8786"
        )
    with closing(ClusterEngine(partial(_connect, address))) as engine:
        yield engine


def _connect(address: str, client: Client | None) -> Client:
    if client is None or client.status != "running":
        client = _new_client(address)
    try:
        client.wait_for_workers(1, timeout=NO_WORKER_SECONDS)
        _check_colorprep(client)
        client.direct_to_workers = _reaches_workers(client)
    except BaseException as error:
        client.close()
        if isinstance(error, TimeoutError):
            raise InputError(
                f"the dask scheduler at {address} has no workers; start some with "
                f"`dask worker {address}`"
            ) from error
        raise
    return client


def _new_client(address: str) -> Client:
    try:
        return Client(
            address, timeout=CONNECT_SECONDS, set_as_default=False, direct_to_workers=True
        )
    except (OSError, ValueError) as error:
        raise InputError(
            f"no dask scheduler answers at {address}; start one with `dask scheduler`, and give "
            "its address, such as tcp://host:8786"
        ) from error


def _check_colorprep(client: Client) -> None:
    """Raise InputError if the scheduler or a worker has no colorprep, or another version."""
    found: Any = client.get_versions(packages=["colorprep"])  # also a coroutine, for its type
    workers = {f"worker {address}": facts for address, facts in found["workers"].items()}
    for name, facts in {"scheduler": found["scheduler"], **workers}.items():
        version = facts["packages"]["colorprep"]
        if version != __version__:
            what = "does not have colorprep" if version is None else f"has colorprep {version}"
            raise InputError(
                f"the dask {name} {what}; install colorprep {__version__}, the version here, on "
                "the machines of the scheduler and of all workers, and start these again"
            )


def _reaches_workers(client: Client) -> bool:
    """Return whether results can be fetched from workers, not only through the scheduler."""
    for address in client.nthreads():
        place = urlsplit(address)
        try:
            socket.create_connection((place.hostname, place.port), REACH_SECONDS).close()
        except (OSError, TypeError, ValueError):
            return False
    return True


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
        closing(ClusterEngine(partial(_connect_locally, cluster))) as engine,
    ):
        yield engine


def _connect_locally(cluster: LocalCluster, _: Client | None) -> Client:
    return Client(cluster, set_as_default=False, direct_to_workers=True)
