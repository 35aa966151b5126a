"""Running tasks on chunks of images: on threads here, or on the workers of a dask cluster.

Every engine gives results in the order of the chunks and keeps a bounded number of chunks under
way, so that memory does not grow with the number of images. A chunk is a few numbers; what a task
needs, its list of images included, is sent to each worker once.

Threads are here; dask is in `cluster`, `cluster_run` and `installed`, the only modules that import
it.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

T = TypeVar("T")


class Chunk(NamedTuple):
    """Some images of a source, by their indices.

    Attributes
    ----------
    indices : sequence of int
    quarantined : frozenset of int
        Those of the indices that must not be read, since reading them killed workers.
    """

    indices: Sequence[int]
    quarantined: frozenset[int] = frozenset()


class Engine(Protocol):
    """Runs tasks on chunks."""

    chunk_images: int
    """A good number of images for a chunk: cheap to hand out, and quickly done."""

    @property
    def workers(self) -> int:
        """Number of chunks that run at once."""

    def run(self, task: Callable[[Chunk], T], chunks: Iterable[Chunk]) -> Generator[T, None, None]:
        """Run a task on every chunk and yield its results in the order of the chunks.

        Parameters
        ----------
        task : callable
            Takes a chunk. It is called from several threads at once, and on some engines in other
            processes, so it must pickle.
        chunks : iterable of Chunk
            Drawn from as workers need them.

        Raises
        ------
        Exception
            The first error of a task. Chunkes that have not begun by then are dropped.
        """


@runtime_checkable
class Checked(Protocol):
    """A task that knows whether it can work in the process that it was sent to."""

    def check(self) -> None:
        """Check that what it reads and writes can be reached from this process.

        Raises
        ------
        ColorprepError
            If it cannot.
        """


def available_workers() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def chunks_of(indices: Sequence[int], size: int) -> Iterator[Chunk]:
    """Cut indices into consecutive chunks of `size`; the last one may be shorter.

    Examples
    --------
    >>> [list(chunk.indices) for chunk in chunks_of(range(5), 2)]
    [[0, 1], [2, 3], [4]]
    """
    for start in range(0, len(indices), size):
        yield Chunk(indices[start : start + size])


class ThreadEngine:
    """Runs tasks on threads of this process.

    Parameters
    ----------
    workers : int or None
        Number of threads; None takes one for each processor.

    Examples
    --------
    >>> list(ThreadEngine(2).run(lambda chunk: sum(chunk.indices), chunks_of(range(5), 2)))
    [1, 5, 4]
    """

    chunk_images = 32

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or available_workers()

    def run(self, task: Callable[[Chunk], T], chunks: Iterable[Chunk]) -> Generator[T, None, None]:
        """Run a task on every chunk; see `Engine.run`."""
        executor = ThreadPoolExecutor(self.workers, thread_name_prefix="colorprep")
        waiting = iter(chunks)
        under_way: deque[Future[T]] = deque()
        try:
            for chunk in islice(waiting, 2 * self.workers):
                under_way.append(executor.submit(task, chunk))
            while under_way:
                result = under_way.popleft().result()
                for chunk in islice(waiting, 1):
                    under_way.append(executor.submit(task, chunk))
                yield result
        finally:
            executor.shutdown(cancel_futures=True)
