"""Claims about running work on chunks."""

import os
import signal
import threading
import time

import dask
import pytest
from distributed import LocalCluster

from colorprep.engine import (
    Chunk,
    ThreadEngine,
    available_workers,
    chunks_of,
    cluster_run,
    installed,
)
from colorprep.engine import cluster as cluster_module
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


def scheduler_of_threads(n_workers, port=0):
    """A cluster whose workers are threads of this process, so that it starts at once."""
    return LocalCluster(
        n_workers=n_workers,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        scheduler_port=port,
        dashboard_address=":0",
    )


@pytest.fixture(scope="module")
def two_workers():
    """The address of a cluster of two workers that share this process."""
    with scheduler_of_threads(2) as cluster:
        yield cluster.scheduler_address


def here():
    """Whether this is the client, not a worker."""
    return threading.current_thread() is threading.main_thread()


class Blind:
    """A task whose images cannot be reached from workers; nor from the client, if asked."""

    def __init__(self, seen_here=True):
        self.seen_here = seen_here

    def check(self):
        """Fail on workers."""
        if not (here() and self.seen_here):
            raise InputError("the images of /data/train cannot be read there")

    def __call__(self, chunk):
        """Return the indices."""
        return list(chunk.indices)


def test_a_worker_that_cannot_see_the_images_is_named_before_work_starts(two_workers):
    """The error names worker, machine and folder; where the client is as blind, work goes on."""
    chunks = iter(chunks_of(range(50), 5))
    refusal = r"worker tcp://127\.0\.0\.1:\d+ on .*/data/train.*1 more cannot either"
    with connected(two_workers) as engine:
        with pytest.raises(InputError, match=refusal):
            list(engine.run(Blind(), chunks))
        assert len(list(chunks)) == 10  # none was drawn
        assert len(list(engine.run(Blind(seen_here=False), chunks_of(range(50), 5)))) == 10


def test_versions_that_decide_must_be_equal(two_workers, monkeypatch):
    """Another decoder is an error, another numpy a warning, another colorprep an error at once."""
    known = installed.versions_here()
    for name in ("pillow", "numpy"):
        monkeypatch.setattr(
            installed, "versions_here", lambda name=name: known if here() else known | {name: None}
        )
        with connected(two_workers) as engine:
            run = engine.run(squares, chunks_of(range(4), 2))
            if name == "pillow":
                with pytest.raises(InputError, match="has no pillow in place of .*results could"):
                    list(run)
            else:
                with pytest.warns(UserWarning, match="has no numpy in place of"):
                    assert list(run) == [[0, 1], [4, 9]]
    monkeypatch.setattr(cluster_module, "__version__", "0.0")
    with pytest.raises(InputError, match=r"has colorprep .*install colorprep 0\.0"):
        connected(two_workers).__enter__()


def test_workers_that_join_get_work(monkeypatch):
    """The chunks under way grow with the workers."""
    monkeypatch.setattr(cluster_module, "COUNT_SECONDS", 0)
    with scheduler_of_threads(1) as cluster, connected(cluster.scheduler_address) as engine:
        drawn = []
        chunks = (drawn.append(number) or Chunk([number]) for number in range(40))
        results = engine.run(squares, chunks)
        assert next(results) == [0] and len(drawn) == 5
        cluster.scale(3)
        engine.client.wait_for_workers(3)
        assert next(results) == [1] and len(drawn) == 14
        assert sum(results, []) == [number**2 for number in range(2, 40)]


def test_a_cluster_that_loses_its_workers(monkeypatch):
    """It is said at once that none is left; after a while the run ends."""
    monkeypatch.setattr(cluster_run, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(cluster_run, "NO_WORKER_SECONDS", 0.1)
    with scheduler_of_threads(1) as cluster, connected(cluster.scheduler_address) as engine:
        results = engine.run(squares, chunks_of(range(40), 4))
        next(results)
        cluster.scale(0)
        while engine.client.nthreads():
            time.sleep(0.01)
        with (
            pytest.warns(UserWarning, match=r"no worker left; waiting 0\.1 s"),
            pytest.raises(ColorprepError, match="lost all its workers; start some"),
        ):
            list(results)


def test_a_scheduler_that_comes_back_is_used_again():
    """What was under way is submitted again; nothing is lost or doubled."""
    with scheduler_of_threads(1) as first, connected(first.scheduler_address) as engine:
        results = engine.run(squares, chunks_of(range(40), 4))
        done = next(results)
        first.close()
        port = int(first.scheduler_address.rpartition(":")[2])
        with (
            scheduler_of_threads(1, port),
            pytest.warns(UserWarning, match="scheduler is gone; waiting"),
        ):
            assert sum(results, done) == [number**2 for number in range(40)]


def test_a_scheduler_that_does_not_come_back_is_an_error(monkeypatch):
    """After a while the run ends, and says how to go on."""
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(cluster_module, "GONE_SECONDS", 0)
    with scheduler_of_threads(1) as cluster, connected(cluster.scheduler_address) as engine:
        results = engine.run(squares, chunks_of(range(40), 4))
        next(results)
        cluster.close()
        with (
            pytest.warns(UserWarning, match="gone"),
            pytest.raises(ColorprepError, match="did not come back .*run the same command again"),
        ):
            list(results)
