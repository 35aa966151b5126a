"""Running work on batches of images, here on threads.

One function, one contract: results come in the order of the batches, with a bounded number of
batches under way, so that memory does not grow with the number of images. Work is handed out by
the batch, never by the image.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
Batch = Sequence[str]

BATCH_IMAGES = 32  # enough to make a batch cheap to hand out, few enough to pass on soon


def available_workers() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def batches_of(keys: Sequence[str], size: int) -> Iterator[Batch]:
    """Cut keys into consecutive batches of `size`; the last one may be shorter."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def run_batches(
    task: Callable[[Batch], T], batches: Iterator[Batch], workers: int | None = None
) -> Generator[T, None, None]:
    """Run a task on every batch and give the results in the batches' order.

    Parameters
    ----------
    task : callable
        Takes a batch of keys. Runs in several threads at once.
    batches : iterator of sequence of str
    workers : int or None
        Number of threads; None takes all processors.

    Yields
    ------
    The task's results.

    Raises
    ------
    Exception
        The first error of a task. Batches that have not begun by then are dropped.
    """
    workers = workers or available_workers()
    executor = ThreadPoolExecutor(workers, thread_name_prefix="colorprep")
    under_way: deque[Future[T]] = deque()
    try:
        for batch in islice(batches, 2 * workers):
            under_way.append(executor.submit(task, batch))
        while under_way:
            result = under_way.popleft().result()
            for batch in islice(batches, 1):
                under_way.append(executor.submit(task, batch))
            yield result
    finally:
        executor.shutdown(cancel_futures=True)
