"""Running work on batches of images: on threads here, or on the workers of a dask cluster.

One interface, one contract: results come in the order of the batches, with a bounded number of
batches under way, so that memory does not grow with the number of images. Work is handed out by
the batch, never by the image, and a batch is a few numbers: what a task needs, its list of images
included, is sent to each worker once.

Threads of this process are here, dask in `cluster`, which is the only module that imports it.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple, Protocol, TypeVar

T = TypeVar("T")


class Batch(NamedTuple):
    """Some images of a source.

    Attributes
    ----------
    indices : sequence of int
        Which ones.
    quarantined : frozenset of int
        Those among them that are not to be touched, since reading them killed workers.
    """

    indices: Sequence[int]
    quarantined: frozenset[int] = frozenset()


class Engine(Protocol):
    """What runs batches."""

    batch_images: int
    """Images that make a batch cheap to hand out, and few enough to pass on soon."""

    @property
    def workers(self) -> int:
        """How many batches are worked on at once."""

    def run(self, task: Callable[[Batch], T], batches: Iterable[Batch]) -> Generator[T, None, None]:
        """Run a task on every batch and give the results in the batches' order.

        Parameters
        ----------
        task : callable
            Takes a batch. Runs in several threads at once, and in other processes where the
            engine has some: it must survive pickling.
        batches : iterable of Batch

        Yields
        ------
        The task's results.

        Raises
        ------
        Exception
            The first error of a task. Batches that have not begun by then are dropped.
        """


def available_workers() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def batches_of(indices: Sequence[int], size: int) -> Iterator[Batch]:
    """Cut indices into consecutive batches of `size`; the last one may be shorter."""
    for start in range(0, len(indices), size):
        yield Batch(indices[start : start + size])


class ThreadEngine:
    """Runs batches on threads of this process.

    Parameters
    ----------
    workers : int or None
        Number of threads; None takes all processors.
    """

    batch_images = 32

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or available_workers()

    def run(self, task: Callable[[Batch], T], batches: Iterable[Batch]) -> Generator[T, None, None]:
        """Run a task on every batch; see `Engine.run`."""
        executor = ThreadPoolExecutor(self.workers, thread_name_prefix="colorprep")
        waiting = iter(batches)
        under_way: deque[Future[T]] = deque()
        try:
            for batch in islice(waiting, 2 * self.workers):
                under_way.append(executor.submit(task, batch))
            while under_way:
                result = under_way.popleft().result()
                for batch in islice(waiting, 1):
                    under_way.append(executor.submit(task, batch))
                yield result
        finally:
            executor.shutdown(cancel_futures=True)
