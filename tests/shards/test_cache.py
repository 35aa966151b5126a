"""The cache of shards is of bounded size, and holds whole files, each downloaded once."""

import hashlib
import multiprocessing
import os
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import fsspec
import pytest

from colorprep import ArtifactError, InputError
from colorprep.locks import in_turn
from colorprep.places import Url
from colorprep.shards import cache
from colorprep.shards.cache import RemoteFile, ShardCache, files_in

SIZE = 1000
numbers = count()


@pytest.fixture
def files():
    """Six files in memory, of 1000 bytes each."""
    folder = Url(f"memory://cached{next(numbers)}/labels")
    made = []
    for number in range(6):
        content = bytes([number]) * SIZE
        fsspec.filesystem("memory").pipe_file(str(folder / f"{number}.h5"), content)
        digest = hashlib.sha256(content).hexdigest()
        made.append(RemoteFile(folder / f"{number}.h5", SIZE, digest))
    return made


@pytest.fixture
def root(tmp_path):
    """The folder of the cache."""
    return tmp_path / "cache"


def fetched(store, root, *files):
    """Fetch files one after another, each a little later, and return what the cache holds."""
    for file in files:
        store.fetch(root / "set" / file.url.name, file)
        time.sleep(0.01)  # times of change have a coarse clock
    return held(root)


def held(root):
    """The names of the files in the cache, temporary ones included."""
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def test_files_that_were_used_longest_ago_make_room(root, files):
    """At the bound, the file that was used longest ago is removed, of any set of labels."""
    store = ShardCache(root, 3 * SIZE)
    store.fetch(root / "other" / "x.h5", files[5])
    assert fetched(store, root, files[0], files[1]) == ["0.h5", "1.h5", "x.h5"]
    assert fetched(store, root, files[2], files[0]) == ["0.h5", "1.h5", "2.h5"]
    assert fetched(store, root, files[3]) == ["0.h5", "2.h5", "3.h5"]
    with store.keeping(lambda: {root / "set" / "2.h5"}):
        assert fetched(store, root, files[4]) == ["2.h5", "3.h5", "4.h5"]
    assert (root / "set" / "4.h5").read_bytes() == bytes([4]) * SIZE


def test_each_file_is_downloaded_once(root, files, tmp_path, monkeypatch):
    """Threads and processes that need the same files wait for each other."""
    record, real = tmp_path / "record", cache.read_range

    def slow(url, start, stop):
        time.sleep(0.02)
        with record.open("a") as lines:
            lines.write(f"{url.name}\n")
        return real(url, start, stop)

    def fetch_all():
        with ThreadPoolExecutor(4) as threads:
            each = [file for file in files for _ in range(2)]
            list(threads.map(lambda f: store.fetch(root / "set" / f.url.name, f), each))

    monkeypatch.setattr(cache, "read_range", slow)
    store = ShardCache(root, 6 * SIZE)
    other = multiprocessing.get_context("fork").Process(target=fetch_all)
    other.start()
    fetch_all()
    other.join()
    assert other.exitcode == 0 and len(held(root)) == 6
    assert sorted(record.read_text().split()) == [file.url.name for file in files]


def test_the_bound_holds_for_downloads_at_once(root, files, monkeypatch):
    """What is being downloaded counts from its beginning; other downloads wait for room."""
    most, real = [], cache.read_range

    def measured(url, start, stop):
        time.sleep(0.01)
        with in_turn(root):
            most.append(sum(file.size for file in files_in(root)))
        return real(url, start, stop)

    monkeypatch.setattr(cache, "read_range", measured)
    store = ShardCache(root, 2 * SIZE)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda file: store.fetch(root / "set" / file.url.name, file), files))
    assert len(most) == 6 and max(most) <= 2 * SIZE


def test_damage_on_the_way_and_in_the_store(root, files, monkeypatch):
    """A file that arrives damaged is downloaded again; one that stays so is refused."""
    real, calls = cache.read_range, count()
    monkeypatch.setattr(
        cache, "read_range", lambda *a: bytes(SIZE) if next(calls) == 0 else real(*a)
    )
    store = ShardCache(root, 6 * SIZE)
    assert fetched(store, root, files[1]) == ["1.h5"] and next(calls) == 2
    for content in (b"short", bytes(SIZE)):
        fsspec.filesystem("memory").pipe_file(str(files[2].url), content)
        with pytest.raises(ArtifactError, match=r"2\.h5 is not what its sidecar says.*--repair"):
            fetched(store, root, files[2])
    assert held(root) == ["1.h5"]


def test_a_store_that_fails(root, files, monkeypatch):
    """Nothing is left of a download that failed, and the next one succeeds."""

    def fail(*_):
        raise InputError("the store did not answer")

    store = ShardCache(root, 6 * SIZE)
    with monkeypatch.context() as patch, pytest.raises(InputError, match="did not answer"):
        patch.setattr(cache, "read_range", fail)
        fetched(store, root, files[0])
    assert held(root) == []
    assert fetched(store, root, files[0]) == ["0.h5"]


def test_what_a_killed_process_left(root, files):
    """A half-written file counts, and is removed once nobody writes to it any more."""
    left = Path(root, "set", ".9.h5.123.tmp")
    left.parent.mkdir(parents=True)
    left.write_bytes(bytes(SIZE))
    store = ShardCache(root, 2 * SIZE)
    assert fetched(store, root, files[0], files[1]) == [left.name, "1.h5"]
    os.utime(left, (0, 0))
    assert fetched(store, root, files[2]) == ["1.h5", "2.h5"]
