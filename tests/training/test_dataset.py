"""Claims about reading shards for training."""

import numpy as np
import pytest
import torch

from colorprep.shards.reader import open_labels
from colorprep.stages.images import ImageParams
from colorprep.stages.labels import LabelsParams, run
from colorprep.training.dataset import ShardDataset, split_keys


@pytest.fixture
def labels(photographs, workspace, silent):
    """Labels of the photographs in four shards."""
    params = LabelsParams(ImageParams(photographs), size=32, shard_size=12)
    return open_labels(run(params, workspace, silent).folder)


def test_items_are_rows_of_shards(labels):
    """An item holds the tensors of its row, in the types that it is stored in."""
    dataset = ShardDataset(labels)
    assert len(dataset) == 40
    item = dataset[13]
    shard = labels.shards[1]
    assert dataset.keys[13] == shard.keys[1]
    np.testing.assert_array_equal(item["lightness"], shard.arrays["lightness"][1])
    np.testing.assert_array_equal(item["label"], shard.arrays["label"][1])
    dtypes = {name: tensor.dtype for name, tensor in item.items()}
    assert dtypes == {
        "lightness": torch.uint8,
        "ab": torch.int8,
        "label": torch.int32,
        "class_id": torch.int32,
    }


def test_an_epoch_is_every_image_once(labels):
    """Shuffled batches hold each image once; the seed and the epoch decide the order."""
    dataset = ShardDataset(labels)

    def order(seed, epoch):
        batches = dataset.batches(7, seed, epoch)
        return torch.cat([batch["lightness"].flatten(1).sum(1) for batch in batches]).tolist()

    plain = order(None, 0)
    assert sorted(order(0, 1)) == sorted(plain) and len(plain) == 40
    assert order(0, 1) == order(0, 1)
    assert order(0, 1) != order(0, 2) != order(1, 2)


def test_chosen_keys(labels):
    """A dataset of some keys holds those, in their order."""
    every = ShardDataset(labels)
    some = ShardDataset(labels, [every.keys[30], every.keys[2]])
    torch.testing.assert_close(some.batch([0, 1])["ab"], every.batch([30, 2])["ab"])


def test_split_depends_on_the_key_alone():
    """An image stays on its side when others come or go; shares are as asked."""
    keys = [f"class/{i}.jpg" for i in range(4000)]
    training, validation = split_keys(keys, 0.05)
    assert sorted(training + validation) == sorted(keys)
    assert 0.035 < len(validation) / 4000 < 0.065
    half = split_keys(keys[::2], 0.05)[1]
    assert set(half) == set(validation) & set(keys[::2])


def test_split_of_few_keys():
    """One image at least is held out where a share is, and one at least is left to train on."""
    assert [len(part) for part in split_keys(["a", "b"], 0.01)] == [1, 1]
    assert [len(part) for part in split_keys(["a", "b"], 0.99)] == [1, 1]
    assert split_keys(["a", "b"], 0.0) == (["a", "b"], [])
    assert split_keys(["a"], 0.5) == (["a"], []) or split_keys(["a"], 0.5) == ([], ["a"])
