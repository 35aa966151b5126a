"""Claims about reading shards for training."""

import os
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import colorprep
from colorprep import ArtifactError, InputError, QuantizerSpec, ShardDataset
from colorprep.stages.prior import stage as prior_stage
from colorprep.stages.source import ImageParams

ROW = 7


def rows_by_key(folder):
    """All rows of all shards, read by h5py alone: arrays by name, by key."""
    rows = {}
    for path in sorted(folder.glob("*.h5")):
        with h5py.File(path) as file:
            names = [name for name in file if name != "key"]
            for row, key in enumerate(file["key"][:]):
                rows[key.decode()] = {name: file[name][row] for name in names}
    return rows


def assert_holds(batch, keys, rows):
    """Assert that a batch has the rows of these keys."""
    for name, tensor in batch.items():
        expected = np.stack([rows[key][name] for key in keys])
        np.testing.assert_array_equal(tensor.numpy(), expected)


def test_batches_are_rows_of_shards(label_folder):
    """A batch across shards has the rows that h5py reads, in the requested order."""
    dataset = ShardDataset(label_folder)
    assert len(dataset) == 40 and dataset.mapped
    indices = [31, 0, 12, 11, 39, 0]
    batch = dataset.batch(indices)
    assert_holds(batch, [dataset.keys[i] for i in indices], rows_by_key(label_folder))
    assert {name: (tensor.dtype, tuple(tensor.shape)) for name, tensor in batch.items()} == {
        "lightness": (torch.uint8, (6, 32, 32)),
        "ab": (torch.int8, (6, 8, 8, 2)),
        "label": (torch.int32, (6, 8, 8)),
        "class_id": (torch.int32, (6,)),
    }
    item = dataset[31]
    assert all(torch.equal(item[name], batch[name][0]) for name in batch)
    with pytest.raises(IndexError):
        dataset[40]


def test_optional_arrays(make_labels, photographs, workspace, silent, tmp_path):
    """A batch has all arrays of the shards: soft bins, pixels, cells of hue and chroma."""
    params = prior_stage.PriorParams(ImageParams(photographs), QuantizerSpec("gmm", 8))
    prior_stage.run(params, workspace, silent)
    folder = make_labels(soft=3, keep="rgb", prior=tmp_path / "prior.npz")
    batch = ShardDataset(folder).batch([20, 3])
    assert_holds(batch, [ShardDataset(folder).keys[i] for i in (20, 3)], rows_by_key(folder))
    assert batch["hc"].dtype == torch.uint8 and batch["topk_index"].dtype == torch.int32
    assert batch["topk_weight"].dtype == torch.float16 and batch["rgb"].shape == (2, 32, 32, 3)


def test_compressed_shards_give_the_same(label_folder, make_labels):
    """Compressed shards give the same batches, and `mapped` is False."""
    plain, compressed = ShardDataset(label_folder), ShardDataset(make_labels(compression="gzip"))
    assert not compressed.mapped
    ours, theirs = plain.batch(range(40)), compressed.batch(range(40))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    parts = list(DataLoader(compressed, batch_size=8, num_workers=2))
    assert torch.equal(torch.cat([part["label"] for part in parts]), ours["label"])


def test_chosen_keys(label_folder):
    """A dataset of some keys has those, in their order."""
    every = ShardDataset(label_folder)
    some = ShardDataset(every.labels, [every.keys[30], every.keys[2]])
    torch.testing.assert_close(some.batch([0, 1])["ab"], every.batch([30, 2])["ab"])
    assert some.indices_of([every.keys[2]]).tolist() == [1]


def test_keys_that_cannot_be_chosen(label_folder):
    """No image, an unknown image, or one image twice are errors."""
    key = ShardDataset(label_folder).keys[0]
    with pytest.raises(InputError, match="no image of .* is chosen"):
        ShardDataset(label_folder, [])
    with pytest.raises(InputError, match="1 images are not in .* 'lost.jpg'"):
        ShardDataset(label_folder, [key, "lost.jpg"])
    with pytest.raises(InputError, match="chosen twice"):
        ShardDataset(label_folder, [key, key])


def test_folders_that_cannot_be_read(label_folder, make_labels, tmp_path):
    """Missing labels, label maps, and missing, cut, odd or duplicate shards each have an error."""
    with pytest.raises(ArtifactError, match="no finished labels"):
        ShardDataset(tmp_path)
    with pytest.raises(ArtifactError, match="--format h5"):
        ShardDataset(make_labels(format="npy", size=None))
    others = make_labels(keep="rgb")
    damages = {
        "is missing": lambda shard: shard.unlink(),
        "is damaged .*truncated": lambda shard: os.truncate(shard, 20_000),
        "has other arrays than its manifest says": lambda shard: shutil.copy(
            others / shard.name, shard
        ),
        "contains an image twice": lambda shard: shutil.copy(
            label_folder / "shard-00001.h5", shard
        ),
    }
    for number, (message, damage) in enumerate(damages.items()):
        copy = tmp_path / f"{number}"
        shutil.copytree(label_folder, copy)
        damage(copy / "shard-00002.h5")
        with pytest.raises(ArtifactError, match=message):
            ShardDataset(copy)


def test_datasets_pickle_without_images(make_labels):
    """An unpickled dataset maps the shards again; a missing shard is an error."""
    dataset = ShardDataset(make_labels(keep="rgb"))
    sent = pickle.dumps(dataset)
    assert len(sent) < dataset.batch(range(40))["rgb"].nbytes / 4
    assert torch.equal(pickle.loads(sent)[ROW]["ab"], dataset[ROW]["ab"])
    moved = pickle.dumps(dataset).replace(b"shard-00001.h5", b"shard-0000x.h5")
    with pytest.raises(ArtifactError, match="cannot map .*shard-0000x"):
        pickle.loads(moved)


def test_forked_workers_see_the_same(label_folder):
    """A DataLoader with forked workers gives the same batches."""
    dataset = ShardDataset(label_folder)
    batches = list(DataLoader(dataset, 9, num_workers=2, multiprocessing_context="fork"))
    assert [len(batch["label"]) for batch in batches] == [9, 9, 9, 9, 4]
    whole = dataset.batch(range(40))
    for name in whole:
        assert torch.equal(torch.cat([batch[name] for batch in batches]), whole[name])


def test_threads_see_the_same(label_folder):
    """Threads that share a dataset get the same batches."""
    dataset = ShardDataset(label_folder)
    whole = dataset.batch(range(40))["ab"]
    with ThreadPoolExecutor(4) as threads:
        for start, batch in enumerate(
            threads.map(dataset.batch, [range(i, 40) for i in range(40)])
        ):
            assert torch.equal(batch["ab"], whole[start:])


def test_no_file_stays_open(label_folder):
    """A folder may have more shards than a process may open files."""
    open_files = Path("/proc/self/fd")
    before = len(list(open_files.iterdir()))
    dataset = ShardDataset(label_folder)
    dataset.batch(range(40))
    assert len(list(open_files.iterdir())) == before


def test_batches_are_copies(label_folder):
    """Changing a batch changes neither the files nor later batches."""
    dataset = ShardDataset(label_folder)
    expected = dataset.batch([ROW])["lightness"].clone()
    dataset.batch([ROW])["lightness"].zero_()
    assert torch.equal(dataset.batch([ROW])["lightness"], expected)


def test_mean_weights(label_folder):
    """The weight of an image is the mean over its pixels, also in a dataset of some images."""
    dataset = ShardDataset(label_folder)
    weights = np.random.default_rng(0).uniform(0.1, 8, 313)
    labels = dataset.batch(range(40))["label"].numpy()
    expected = weights[labels].mean(axis=(1, 2))
    np.testing.assert_allclose(dataset.mean_weights(weights), expected)
    with pytest.raises(InputError, match="529 weights do not fit labels of 313 bins"):
        dataset.mean_weights(np.ones(529))
    some = ShardDataset(label_folder, dataset.keys[5:8])
    np.testing.assert_allclose(some.mean_weights(weights), expected[5:8])


def test_public_name():
    """`colorprep.ShardDataset` and `colorprep.training.ShardDataset` are the same."""
    assert colorprep.training.ShardDataset is colorprep.ShardDataset


DAMAGES = {
    "label": (400, r"the label of .* is 400, but a bin below 313, or 65535 for none"),
    "class_id": (99, r"the class_id of .* is 99, but a class below 10, or -1 for none"),
    "topk_index": (313, r"the topk_index of .* is 313, but a bin below 313 is"),
    "topk_weight": (np.nan, r"the topk_weight of .* is nan, but a finite number"),
}


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_values_out_of_range_are_found_on_reading(make_labels, compression):
    """The message names the shard, the image and the value; other images can still be read."""
    folder = make_labels(soft=2, compression=compression)
    key = ShardDataset(folder).keys[15]  # row 3 of the second shard
    for name, (value, message) in DAMAGES.items():
        with h5py.File(folder / "shard-00001.h5", "r+") as file:
            sound = np.array(file[name][3])
            damaged = sound.copy()
            damaged[(-1,) * sound.ndim] = value
            file[name][3] = damaged
        dataset = ShardDataset(folder)
        with pytest.raises(ArtifactError, match=rf"shard-00001\.h5 is damaged: {message}") as error:
            dataset.batch([14, 15])
        assert key in str(error.value) and "verify --repair" in str(error.value)
        dataset.batch([14, 16])
        with h5py.File(folder / "shard-00001.h5", "r+") as file:
            file[name][3] = sound
    assert ShardDataset(folder).batch(range(40))["label"].shape == (40, 8, 8)


def test_ignored_pixels_are_not_damage(make_labels):
    """65535 means an ignored pixel in a label, but is out of range in a soft label."""
    folder = make_labels(soft=2)
    with h5py.File(folder / "shard-00000.h5", "r+") as file:
        file["label"][0] = np.full((8, 8), 65535)
    assert (ShardDataset(folder).batch([0])["label"] == 65535).all()
    with h5py.File(folder / "shard-00000.h5", "r+") as file:
        file["topk_index"][0] = np.full((8, 8, 2), 65535)
    with pytest.raises(ArtifactError, match="topk_index .* is 65535"):
        ShardDataset(folder).batch([0])


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("label", None, r"its label is missing, but uint16 \(12, 8, 8\) is expected"),
        ("ab", np.zeros((12, 4, 4, 2), np.int8), r"its ab is int8 \(12, 4, 4, 2\)"),
        ("label", np.zeros((12, 8, 8), np.float32), "its label is float32"),
        ("lightness", np.zeros((11, 32, 32), np.uint8), r"its lightness is uint8 \(11, 32, 32\)"),
    ],
)
def test_shards_must_be_as_planned(label_folder, tmp_path, name, array, message):
    """The message names an array that is missing or has the wrong shape or type."""
    folder = tmp_path / "labels"
    shutil.copytree(label_folder, folder)
    with h5py.File(folder / "shard-00001.h5", "r+") as file:
        del file[name]
        if array is not None:
            file[name] = array
    with pytest.raises(ArtifactError, match=rf"shard-00001\.h5 is damaged: {message}"):
        ShardDataset(folder)
