"""Claims about batches: each image once, ordered by (seed, epoch, rank), from any step."""

import json
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colorprep import InputError, ShardDataset
from colorprep.training.data.curriculum import Curriculum, CurriculumStage


@pytest.fixture(scope="module")
def dataset(labels):
    """All photographs."""
    return ShardDataset(labels)


@pytest.fixture(scope="module")
def key_of(dataset):
    """Finds the keys of a batch's images by their pixels, which all differ."""
    every = dataset.batch(range(len(dataset)))["lightness"].numpy()
    keys = {image.tobytes(): key for image, key in zip(every, dataset.keys, strict=True)}
    assert len(keys) == len(dataset)
    return lambda batch: [keys[image.tobytes()] for image in batch["lightness"].numpy()]


def keys_of(batches, key_of):
    """The keys of all batches, one after another."""
    return [key for batch in batches for key in key_of(batch)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    n=st.integers(3, 40),
    batch_size=st.integers(1, 17),
    world_size=st.integers(1, 3),
    prefetch=st.integers(0, 2),
)
def test_each_image_once_across_ranks(dataset, key_of, n, batch_size, world_size, prefetch):
    """In an epoch each image is on one rank, once; all ranks take the same number of steps."""
    some = ShardDataset(dataset.labels, dataset.keys[:n])
    seen = []
    for rank in range(world_size):
        loader = some.loader(batch_size, rank=rank, world_size=world_size, prefetch=prefetch)
        batches = list(loader.batches(1))
        assert len(batches) == loader.n_batches(1) == len(loader)
        seen += keys_of(batches, key_of)
    assert sorted(seen) == sorted(some.keys)


def test_seed_and_epoch_decide_the_order(dataset, key_of):
    """Equal seeds and epochs give the same order, others differ; unshuffled is the dataset's."""
    loader = dataset.loader(7, seed=3)
    first, second = (keys_of(loader.batches(epoch), key_of) for epoch in (0, 1))
    assert first == keys_of(dataset.loader(7, seed=3).batches(0), key_of)
    assert sorted(first) == sorted(second) == sorted(dataset.keys)
    assert first != second
    assert first != keys_of(dataset.loader(7, seed=4).batches(0), key_of)
    assert keys_of(dataset.loader(7, shuffle=False), key_of) == dataset.keys


def test_batches_hold_the_rows(dataset, key_of):
    """The arrays of a batch belong to the same images."""
    for batch in dataset.loader(16):
        indices = dataset.indices_of(key_of(batch))
        expected = dataset.batch(indices)
        assert all(torch.equal(batch[name], expected[name]) for name in expected)


@pytest.mark.parametrize("prefetch", [0, 2])
def test_an_epoch_starts_at_any_step(dataset, monkeypatch, prefetch):
    """From step k, the remaining batches of the epoch are read, and no others."""
    whole = [batch["lightness"].clone() for batch in dataset.loader(7).batches(2)]
    read = []
    real = dataset.batch
    monkeypatch.setattr(dataset, "batch", lambda *given: (read.append(1), real(*given))[1])
    for start in range(len(whole) + 1):
        read.clear()
        rest = [
            batch["lightness"] for batch in dataset.loader(7, prefetch=prefetch).batches(2, start)
        ]
        assert len(rest) == len(whole) - start == len(read)
        assert all(map(torch.equal, rest, whole[start:]))


@pytest.mark.parametrize("prefetch", [0, 2])
@pytest.mark.parametrize("n_before", [0, 3, 6, 9])
def test_a_state_is_resumed_from(dataset, key_of, n_before, prefetch):
    """A state, through JSON, lets another loader continue with the next batch."""

    def given(loader):
        while True:
            yield from map(key_of, loader)

    loader = dataset.loader(7, seed=1, prefetch=prefetch)
    batches = given(loader)
    for _ in range(n_before):
        next(batches)
    state = json.loads(json.dumps(loader.state_dict()))
    expected = [next(batches) for _ in range(8)]
    other = dataset.loader(7, seed=1, prefetch=prefetch)
    other.load_state_dict(state)
    batches = given(other)
    assert [next(batches) for _ in range(8)] == expected


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": 1},
        {"batch_size": 8},
        {"max_images": 20},
        {"shuffle": False},
        {"world_size": 2},
        {"image_weights": np.ones(40)},
        {"curriculum": Curriculum((CurriculumStage(None, 3),))},
    ],
)
def test_a_state_of_another_order_is_refused(dataset, changed):
    """A state is refused if parameters or images give another order."""
    state = dataset.loader(7).state_dict()
    with pytest.raises(InputError, match="in another order"):
        dataset.loader(**{"batch_size": 7, **changed}).load_state_dict(state)
    with pytest.raises(InputError, match="in another order"):
        ShardDataset(dataset.labels, dataset.keys[1:]).loader(7).load_state_dict(state)


def test_iterating_continues(dataset, key_of):
    """Iterating yields an epoch and then the next; after a break it continues where it stopped."""
    loader = dataset.loader(16)
    epochs = [[key_of(batch) for batch in loader] for _ in range(2)]
    assert epochs == [list(map(key_of, loader.batches(epoch))) for epoch in range(2)]
    broken = dataset.loader(16)
    parts = []
    for batch in broken:
        parts.append(key_of(batch))
        break
    assert (broken.epoch, broken.step) == (0, 1)
    assert parts + [key_of(batch) for batch in broken] == epochs[0]
    assert (broken.epoch, broken.step) == (1, 0)


@pytest.mark.parametrize("prefetch", [0, 1, 4])
def test_batches_that_are_kept_stay(dataset, prefetch):
    """Prefetched batches are those made on demand, however many are kept."""
    kept = list(dataset.loader(5, prefetch=prefetch).batches(0))
    for batch, fresh in zip(kept, dataset.loader(5, prefetch=0).batches(0), strict=True):
        assert all(torch.equal(batch[name], fresh[name]) for name in batch)


def loader_threads():
    """The living threads of loaders."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("colorprep")]


def test_few_batches_are_prefetched(dataset, monkeypatch):
    """Only the given number of batches waits, and the threads end on closing."""
    read = []
    real = dataset.batch
    monkeypatch.setattr(dataset, "batch", lambda *given: (read.append(1), real(*given))[1])
    batches = dataset.loader(2, prefetch=3).batches(0)
    next(batches)
    deadline = time.monotonic() + 10
    while len(read) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(read) == 4
    assert loader_threads()
    batches.close()
    assert not loader_threads()


def test_errors_come_in_order(dataset, monkeypatch):
    """An error in a thread is raised in place of its batch."""
    real, left = dataset.batch, iter(range(2))

    def fail(*given):
        if next(left, None) is None:
            raise OSError("the disk is gone")
        return real(*given)

    monkeypatch.setattr(dataset, "batch", fail)
    batches = dataset.loader(4, prefetch=2).batches(0)
    assert len([next(batches), next(batches)]) == 2
    with pytest.raises(OSError, match="the disk is gone"):
        next(batches)
    assert not loader_threads()


def test_some_images_per_epoch(dataset, key_of):
    """The first images of each epoch's order are taken, so that epochs differ."""
    loader = dataset.loader(8, max_images=12)
    for epoch in range(3):
        order = keys_of(dataset.loader(8).batches(epoch), key_of)
        assert keys_of(loader.batches(epoch), key_of) == order[:12]
    assert loader.n_images(0) == 12 and loader.n_batches(0) == 2
    assert dataset.loader(8, max_images=99).n_images(0) == 40


def test_rare_colors_come_more_often(dataset, key_of):
    """Images are chosen in proportion to their weight, but their order does not depend on it."""
    weights = np.where(np.arange(40) < 20, 3.0, 1.0)
    loader = dataset.loader(10, max_images=10, image_weights=weights)
    places = [dataset.indices_of(keys_of(loader.batches(epoch), key_of)) for epoch in range(200)]
    chosen = np.array(places)
    fraction = (chosen < 20).mean()
    assert 0.66 < fraction < 0.78  # 3/4 for the first image drawn, less for the later ones
    assert abs((chosen[:, :5] < 20).mean() - fraction) < 0.05
    everything = dataset.loader(10, image_weights=weights)
    assert keys_of(everything, key_of) == keys_of(dataset.loader(10), key_of)


def test_a_curriculum(dataset, key_of):
    """Each epoch has the images of its stage, and ranks share them."""
    first = tuple(dataset.keys[:9])
    curriculum = Curriculum((CurriculumStage(first, 2), CurriculumStage(None, 1)))
    loader = dataset.loader(4, curriculum=curriculum)
    assert [loader.n_images(epoch) for epoch in range(5)] == [9, 9, 40, 40, 40]
    epochs = [keys_of(loader.batches(epoch), key_of) for epoch in range(3)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(first)
    assert epochs[0] != epochs[1]
    assert sorted(epochs[2]) == sorted(dataset.keys)
    backwards = Curriculum((CurriculumStage(first[::-1], 1),))
    assert keys_of(dataset.loader(4, curriculum=backwards), key_of) == epochs[0]
    with pytest.raises(InputError, match=r"not in .*'lost\.jpg'"):
        dataset.loader(4, curriculum=Curriculum((CurriculumStage(("lost.jpg",), 1),)))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"seed": -1}, "a seed is from 0"),
        ({"seed": 2**64}, "a seed is from 0"),
        ({"batch_size": 0}, "1 or more"),
        ({"max_images": 0}, "1 or more"),
        ({"rank": 2, "world_size": 2}, "from 0 to below 2"),
        ({"prefetch": -1}, "0 or more"),
        ({"image_weights": np.ones(39)}, "39 weights do not fit 40 images"),
        ({"world_size": 41}, "41 processes cannot share 40 images"),
        ({"world_size": 3, "max_images": 2}, "3 processes cannot share 2 images"),
    ],
)
def test_parameters_out_of_range(dataset, parameters, message):
    """Invalid parameters are refused when the loader is made."""
    with pytest.raises(InputError, match=message):
        dataset.loader(**parameters)


def test_pinned_memory(dataset):
    """Page-locked batches are the same; without a GPU they are refused."""
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="page-locked memory needs a GPU"):
            dataset.loader(pin_memory=True)
        return
    for ours, plain in zip(dataset.loader(7, pin_memory=True), dataset.loader(7), strict=True):
        assert ours["label"].is_pinned() and torch.equal(ours["label"], plain["label"])


def test_page_locked_batches_are_asked_of_torch(dataset, monkeypatch):
    """As torch makes them where there is a GPU, except that no memory is locked here."""
    empty, locked = torch.empty, []

    def recording(*size, pin_memory=False, **options):
        locked.append(pin_memory)
        return empty(*size, **options)

    plain = list(dataset.loader(7, prefetch=0))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "empty", recording)
    ours = list(dataset.loader(7, prefetch=0, pin_memory=True))
    assert locked and all(locked)
    for found, expected in zip(ours, plain, strict=True):
        assert list(found) == list(expected)
        assert all(torch.equal(found[name], expected[name]) for name in expected)


RANK = """
import sys
from datetime import timedelta
import torch
import torch.distributed as dist
from colorprep import ShardDataset

folder, meeting, rank = sys.argv[1], sys.argv[2], int(sys.argv[3])
meeting = {"init_method": f"file://{meeting}", "timeout": timedelta(seconds=200)}
dist.init_process_group("gloo", rank=rank, world_size=2, **meeting)
dataset = ShardDataset(folder)
every = dataset.batch(range(len(dataset)))["lightness"]
loader = dataset.loader(6)  # of this rank, and of two
alone = dataset.loader(6, rank=0, world_size=1)  # given values win
assert sum(len(batch["label"]) for batch in alone) == len(dataset)
for epoch in range(2):
    seen = torch.zeros(len(dataset), dtype=torch.int64)
    n_steps = 0
    for batch in loader:
        n_steps += 1
        same = (batch["lightness"][:, None] == every[None]).flatten(2).all(dim=2)
        seen += same.sum(dim=0)
    steps = torch.tensor([n_steps, -n_steps])
    dist.all_reduce(seen)
    dist.all_reduce(steps, dist.ReduceOp.MAX)
    assert seen.tolist() == [1] * len(dataset), seen
    assert steps[0] == -steps[1], steps
"""


def test_two_processes_see_each_image_once(label_folder, tmp_path, monkeypatch):
    """Loaders of two gloo processes yield each image once per epoch, in equally many steps."""
    words = [str(label_folder), str(tmp_path / "meeting")]
    # A process that ends with threads of a group left is sometimes aborted.
    command = [sys.executable, "-c", f"{RANK}dist.destroy_process_group()", *words, "1"]
    other = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    monkeypatch.setattr(sys, "argv", ["-c", *words, "0"])
    try:
        exec(RANK, {})  # this process is the first of the two
    finally:
        torch.distributed.destroy_process_group()
    _, error = other.communicate(timeout=300)
    assert other.returncode == 0, error


def test_a_last_batch_that_is_too_small_is_merged(labels):
    """If two images are needed, a remainder of one is merged; one of three stays a batch."""
    dataset = ShardDataset(labels)  # of 40 images
    for batch_size, sizes in ((13, [13, 13, 14]), (37, [37, 3]), (39, [40]), (40, [40])):
        loader, plain = dataset.loader(batch_size, fewest=2), dataset.loader(batch_size)
        batches = list(loader.batches(0))
        assert [len(batch["label"]) for batch in batches] == sizes
        assert loader.n_batches(0) == len(sizes)
        joined = [torch.cat([b["lightness"] for b in each.batches(0)]) for each in (loader, plain)]
        assert torch.equal(*joined)
        prints = [each.state_dict()["fingerprint"] for each in (loader, plain)]
        assert (prints[0] == prints[1]) == (plain.n_batches(0) == len(sizes))
        (last,) = loader.batches(0, len(sizes) - 1)
        assert torch.equal(last["label"], batches[-1]["label"])
