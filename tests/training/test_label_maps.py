"""Claims about reading label maps with their images."""

import shutil

import numpy as np
import pytest
import torch
from changing import put_bitmaps, replace_quietly
from torch.utils.data import DataLoader

from colorprep import ArtifactError, InputError, LabelMapDataset, ShardDataset
from colorprep.images.opening import find_images
from colorprep.stages.labels.stage import LabelsParams, run
from colorprep.stages.source import ImageParams


@pytest.fixture(scope="module")
def map_folder(make_labels):
    """Label maps of the photographs, at native size."""
    return make_labels(format="npy", size=None)


def test_items_are_maps_and_images(map_folder, photographs):
    """The label comes from the file, lightness and color from the image, at native size."""
    dataset = LabelMapDataset(map_folder, photographs)
    assert len(dataset) == 40
    item = dataset[11]
    np.testing.assert_array_equal(item["label"], np.load(map_folder / f"{dataset.keys[11]}.npy"))
    shapes = {name: (tensor.dtype, tuple(tensor.shape)) for name, tensor in item.items()}
    assert shapes == {
        "lightness": (torch.uint8, (96, 96)),
        "ab": (torch.int8, (96, 96, 2)),
        "label": (torch.int32, (96, 96)),
        "class_id": (torch.int32, ()),
    }


@pytest.mark.parametrize("settings", [{}, {"lowpass": 4, "fit": "crop"}])
def test_maps_and_shards_agree(make_labels, photographs, settings):
    """With the same settings, items are those of shards."""
    settings = {"size": 33, "stride": 4, **settings}
    maps = LabelMapDataset(make_labels(format="npy", **settings), find_images(photographs))
    shards = ShardDataset(make_labels(**settings))
    assert maps.keys == shards.keys
    batch = next(iter(DataLoader(maps, batch_size=5)))
    expected = shards.batch(range(5))
    assert set(batch) == set(expected)
    for name, tensor in expected.items():
        torch.testing.assert_close(batch[name], tensor)


def test_maps_of_some_images(make_labels, photographs, tmp_path):
    """Images of different shapes are read one by one; skipped ones have no label."""
    images = tmp_path / "images"
    shutil.copytree(photographs, images)
    (images / "bad.jpg").write_text("no image")
    from PIL import Image

    Image.new("RGB", (30, 20), "red").save(images / "a.png")
    from colorprep.progress import Reporter
    from colorprep.stages.labels.stage import LabelsParams, run
    from colorprep.stages.source import ImageParams
    from colorprep.workspace import Workspace

    params = LabelsParams(ImageParams(images), format="npy")
    folder = run(params, Workspace(tmp_path), Reporter()).folder
    dataset = LabelMapDataset(folder, images)
    assert "bad.jpg" not in dataset.keys and len(dataset) == 41
    two = LabelMapDataset(folder, images, ["a.png", dataset.keys[5]])
    shapes = [tuple(item["lightness"].shape) for item in DataLoader(two, batch_size=None)]
    assert shapes == [(20, 30), (96, 96)]
    assert two[0]["class_id"] == -1
    with pytest.raises(InputError, match="no label, such as 'bad.jpg'"):
        LabelMapDataset(folder, images, ["bad.jpg"])


def test_folders_that_cannot_be_read(map_folder, label_folder, photographs, tmp_path):
    """Shards, other images, and missing, damaged or misshapen maps have their own errors."""
    with pytest.raises(ArtifactError, match="use ShardDataset"):
        LabelMapDataset(label_folder, photographs)
    other = photographs / next(photographs.iterdir()).name
    with pytest.raises(ArtifactError, match="of 40 images, but 0 of"):
        LabelMapDataset(map_folder, other)
    copy = tmp_path / "copy"
    shutil.copytree(map_folder, copy)
    dataset = LabelMapDataset(copy, photographs)
    path = copy / f"{dataset.keys[3]}.npy"
    np.save(path, np.zeros((96, 95), np.uint16))
    with pytest.raises(ArtifactError, match=r"uint16 of shape \(96, 95\), but .* \(96, 96\)"):
        dataset[3]
    np.save(path, np.full((96, 96), 400, np.uint16))
    with pytest.raises(ArtifactError, match="it contains 400, but a bin below 313, or 65535"):
        dataset[3]
    path.write_bytes(b"no array")
    with pytest.raises(ArtifactError, match="is damaged"):
        dataset[3]
    path.unlink()
    with pytest.raises(ArtifactError, match="is missing"):
        dataset[3]


def test_a_replaced_image_is_refused(workspace, silent, tmp_path):
    """A label map is never combined with another image."""
    images = tmp_path / "train"
    path = put_bitmaps(images)[1]
    params = LabelsParams(ImageParams(images), format="npy")
    dataset = LabelMapDataset(run(params, workspace, silent).folder, images)
    replace_quietly(path)
    assert len(dataset[0]["label"])
    with pytest.raises(ArtifactError, match=r"n01/2\.bmp has changed since"):
        dataset[1]
