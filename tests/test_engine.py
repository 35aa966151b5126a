"""Claims about running work on batches."""

import threading
import time

import pytest

from colorprep.engine import available_workers, batches_of, run_batches


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_order(workers):
    """Results come in the order of the batches, whichever is done first."""

    def task(batch):
        time.sleep(0.01 if batch[0] == "00" else 0)
        return "".join(batch)

    keys = [f"{i:02}" for i in range(23)]
    results = list(run_batches(task, batches_of(keys, 4), workers))
    assert "".join(results) == "".join(keys)


def test_work_under_way_is_bounded():
    """Batches are drawn as they are needed, not all at once."""
    drawn = []

    def batches():
        for i in range(100):
            drawn.append(i)
            yield [str(i)]

    results = run_batches(len, batches(), 2)
    next(results)
    assert len(drawn) <= 5
    results.close()


def test_an_error_ends_the_run():
    """The first error of a task reaches the caller, and later batches are dropped."""
    seen = []
    lock = threading.Lock()

    def task(batch):
        with lock:
            seen.append(batch[0])
        if batch[0] == "1":
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        list(run_batches(task, batches_of([str(i) for i in range(100)], 1), 2))
    assert len(seen) < 10


def test_processors_are_counted():
    """There is at least one processor to work on."""
    assert available_workers() >= 1
