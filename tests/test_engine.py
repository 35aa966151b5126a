"""Claims about running work on chunks."""

import os
import signal
import threading
import time

import dask
import pytest

from colorprep.engine import Chunk, ThreadEngine, available_workers, chunks_of
from colorprep.engine.cluster import connected, local_cluster
from colorprep.errors import ColorprepError, InputError


def squares(chunk):
    """A small task."""
    return [index**2 for index in chunk.indices]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_order(workers):
    """Results come in the order of the chunks, whichever is done first."""

    def task(chunk):
        time.sleep(0.01 if chunk.indices[0] == 0 else 0)
        return list(chunk.indices)

    results = list(ThreadEngine(workers).run(task, chunks_of(range(23), 4)))
    assert sum(results, []) == list(range(23))


def test_work_under_way_is_bounded():
    """Chunkes are drawn as they are needed, not all at once."""
    drawn = []

    def chunks():
        for i in range(100):
            drawn.append(i)
            yield Chunk([i])

    results = ThreadEngine(2).run(squares, chunks())
    next(results)
    assert len(drawn) <= 5
    results.close()


def test_an_error_ends_the_run():
    """The first error of a task reaches the caller, and later chunks are dropped."""
    seen = []
    lock = threading.Lock()

    def task(chunk):
        with lock:
            seen.append(chunk.indices[0])
        if chunk.indices[0] == 1:
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        list(ThreadEngine(2).run(task, chunks_of(range(100), 1)))
    assert len(seen) < 10


def test_processors_are_counted():
    """There is at least one processor to work on."""
    assert available_workers() >= 1


@pytest.fixture(scope="module")
def cluster():
    """A cluster of two processes on this machine."""
    quickly = {"distributed.worker.multiprocessing-method": "forkserver"}
    with dask.config.set(quickly), local_cluster(2) as engine:
        yield engine


def killing(kills, counter):
    """A task that kills its process at some images, and notes each death in a folder."""

    def task(chunk):
        for index in chunk.indices:
            if index in kills and index not in chunk.quarantined:
                (counter / f"{index}-{time.monotonic_ns()}").touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return [index for index in chunk.indices if index not in chunk.quarantined]

    return task


def test_a_cluster_gives_what_threads_give(cluster):
    """The same results in the same order, from other processes."""

    def task(chunk):
        return os.getpid(), [index**2 for index in chunk.indices]

    results = list(cluster.run(task, chunks_of(range(200), 7)))
    assert sum((values for _, values in results), []) == [index**2 for index in range(200)]
    assert os.getpid() not in {process for process, _ in results}
    assert cluster.workers >= 2


def test_an_error_on_a_cluster_reaches_the_caller(cluster):
    """Errors of ours come back as they are."""

    def task(chunk):
        raise InputError("the folder has gone")

    with pytest.raises(InputError, match="the folder has gone"):
        list(cluster.run(task, chunks_of(range(50), 5)))


def test_a_worker_that_dies_costs_nothing(cluster, tmp_path):
    """A chunk whose worker is killed once is run again; nothing is lost or doubled."""
    mark = tmp_path / "died"

    def task(chunk):
        if 33 in chunk.indices and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return list(chunk.indices)

    with pytest.warns(UserWarning, match="died; a chunk of 5 images is run again"):
        results = list(cluster.run(task, chunks_of(range(100), 5)))
    assert mark.exists() and sum(results, []) == list(range(100))


def test_images_that_kill_workers_are_quarantined(cluster, tmp_path):
    """Two killers are found among their neighbors at the third death each, and left out."""
    task = killing({12, 14, 61}, tmp_path)
    with pytest.warns(UserWarning, match="died"):
        results = list(cluster.run(task, chunks_of(range(80), 8)))
    assert sum(results, []) == [index for index in range(80) if index not in (12, 14, 61)]
    deaths = [int(path.name.split("-")[0]) for path in tmp_path.iterdir()]
    assert all(deaths.count(index) <= 3 for index in (12, 14, 61))


def test_no_scheduler_is_a_clear_error(monkeypatch):
    """An address where nobody answers is named, with what to do."""
    monkeypatch.setattr("colorprep.engine.cluster.CONNECT_SECONDS", 1)
    with (
        pytest.raises(InputError, match=r"tcp://127\.0\.0\.1:9.*dask scheduler"),
        connected("tcp://127.0.0.1:9"),
    ):
        pass


@pytest.mark.parametrize("address", ["foo", "http://127.0.0.1:8786", "tcp://host", ""])
def test_what_is_no_address_is_refused_at_once(address):
    """A name without a port and a URL of the web are refused without trying them."""
    with pytest.raises(InputError, match="not the address of a dask scheduler"), connected(address):
        pass


def test_a_chunk_that_kills_for_no_image_is_an_error(cluster):
    """Where no image alone is to blame, the run stops with what to do."""

    def task(chunk):
        if len(chunk.indices) > 1:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.warns(UserWarning), pytest.raises(ColorprepError, match="memory"):
        list(cluster.run(task, chunks_of(range(4), 4)))
