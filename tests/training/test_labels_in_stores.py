"""Labels in a store give the images of a folder, with a bounded part of them on this disk."""

import pickle
from itertools import count

import fsspec
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from colorprep import ArtifactError, InputError, ShardDataset, open_labels
from colorprep.locks import in_turn
from colorprep.shards import cache
from colorprep.training.data.windows import Windows

GIGABYTE = 10**9
numbers = count()


@pytest.fixture(autouse=True)
def root(monkeypatch, tmp_path):
    """The folder of the cache, which is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return cache.cache_folder()


@pytest.fixture(scope="module")
def put():
    """Puts a folder of labels into memory, and returns its URL."""

    def copied(folder):
        url = f"memory://labels{next(numbers)}/set"
        fsspec.filesystem("memory").put(f"{folder}/", url, recursive=True)
        return url

    return copied


@pytest.fixture(scope="module")
def ten_shards(make_labels):
    """Labels of the photographs in ten shards."""
    return make_labels(shard_size=4)


def same(ours, theirs):
    """Whether two sequences of batches are equal."""
    pairs = list(zip(ours, theirs, strict=True))
    return all(a.keys() == b.keys() and all(torch.equal(a[n], b[n]) for n in a) for a, b in pairs)


@pytest.mark.parametrize("options", [{}, {"compression": "gzip"}], ids=["mapped", "compressed"])
def test_the_batches_are_those_of_a_folder(make_labels, put, options):
    """Labels that fit into the cache come in the same order, resumed and in workers as well."""
    folder = make_labels(**options)
    local, remote = ShardDataset(folder), ShardDataset(put(folder))
    assert remote.keys == local.keys and remote.mapped == local.mapped
    loaders = [dataset.loader(8, seed=5) for dataset in (local, remote)]
    assert same(*map(list, loaders))
    assert loaders[0].state_dict() == loaders[1].state_dict()
    assert same(*(loader.batches(3, start=2) for loader in loaders))
    assert same([local.batch(range(40))], [pickle.loads(pickle.dumps(remote)).batch(range(40))])
    assert same(DataLoader(local, 20), DataLoader(remote, 20, num_workers=1))


def test_labels_in_s3(label_folder, s3, root):
    """Shards are copied by ranges of their bytes."""
    fsspec.filesystem("s3").put(f"{label_folder}/", s3, recursive=True)
    ours, theirs = ShardDataset(label_folder), ShardDataset(s3)
    assert same(ours.loader(20), theirs.loader(20))
    for copy in root.rglob("*.h5"):
        assert copy.read_bytes() == (label_folder / copy.name).read_bytes()


def test_labels_that_exceed_the_cache(ten_shards, put, root, monkeypatch):
    """Each shard is downloaded once an epoch, ahead, and the cache keeps its size."""
    largest = max(path.stat().st_size for path in ten_shards.glob("*.h5"))
    url, real, downloads, most = put(ten_shards), cache.read_range, [], []

    def measured(place, start, stop):
        downloads.append(place.name)
        with in_turn(root):
            most.append(sum(file.size for file in cache.files_in(root)))
        return real(place, start, stop)

    monkeypatch.setattr(cache, "read_range", measured)
    dataset = ShardDataset(open_labels(url, cache=6.5 * largest / GIGABYTE))
    loader = dataset.loader(2, seed=1, prefetch=1)
    orders = []
    for epoch in range(2):
        downloads.clear()
        assert len(list(loader)) == 20
        # Those at the end of an epoch may be here at the beginning of the next.
        assert len(set(downloads)) == len(downloads) and len(downloads) >= 10 - 6 * epoch
        orders.append(loader.order.of_epoch(loader.selections[0], epoch))
    assert max(most) <= 6.5 * largest
    assert all(sorted(order) == list(range(40)) for order in orders)
    assert orders[0].tolist() != orders[1].tolist()
    rows = ShardDataset(ten_shards).batch(orders[1])
    assert same([rows], [dataset.batch(orders[1])])
    larger = ShardDataset(open_labels(url)).loader(2, seed=1)
    with pytest.raises(InputError, match="--cache"):
        larger.load_state_dict(loader.state_dict())


def test_where_there_is_nothing(s3, put, tmp_path):
    """A missing bucket or folder is told from labels that are not finished."""
    for url in ("s3://no-such-bucket-here/labels", s3):
        with pytest.raises(ArtifactError, match=f"nothing at {url}; check the names"):
            open_labels(url)
    (tmp_path / "plan.json").touch()
    with pytest.raises(ArtifactError, match="are not finished .*; run the same"):
        open_labels(put(tmp_path))


def test_a_cache_smaller_than_a_shard(ten_shards, put):
    """The message names both sizes, before other sidecars are read."""
    url = put(ten_shards)
    fsspec.filesystem("memory").rm(f"{url}/shard-00009.json")
    with pytest.raises(
        InputError, match=r"shard-00000.h5 has 0\.01 MB, more than the cache of 0\.00"
    ):
        open_labels(url, cache=1e-6)


def test_windows():
    """A window has all images of its shards; shards are drawn anew in each epoch."""
    shard_of = np.arange(68) // 7
    windows, drawn = Windows(shard_of, 3), []
    for epoch in range(3):
        order = windows.arranged(np.random.default_rng(epoch).permutation(68), 4, epoch)
        assert sorted(order) == list(range(68))
        shards = list(dict.fromkeys(shard_of[order].tolist()))
        parts = [np.isin(shard_of, shards[first : first + 3]) for first in (0, 3, 6, 9)]
        ends = np.cumsum([part.sum() for part in parts])
        for part, chosen in zip(np.split(order, ends[:-1]), parts, strict=True):
            assert sorted(part) == np.flatnonzero(chosen).tolist()
        drawn.append(shards)
    assert drawn[0] != drawn[1] != drawn[2]
