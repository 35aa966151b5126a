"""Claims about sources and engines: the bytes are always the same."""

import tarfile
import uuid
import zipfile

import fsspec
import numpy as np
import packing
import pytest
from folders import contents

from colorprep import Reporter, load_prior
from colorprep.shards.reader import open_labels
from colorprep.stages.labels.stage import LabelsParams, run
from colorprep.stages.prior import stage as prior_stage
from colorprep.stages.rgbvar import stage as rgbvar_stage
from colorprep.stages.source import ImageParams
from colorprep.workspace import Workspace


@pytest.fixture(scope="module")
def places(photographs, tmp_path_factory):
    """The same photographs in a folder, in archives, in five tars, and in an object store."""
    root = tmp_path_factory.mktemp("places")
    paths = [path for path in sorted(photographs.rglob("*.jpg"), reverse=True)]
    for mode, name in (("w", "train.tar"), ("w:gz", "train.tar.gz")):
        with tarfile.open(root / name, mode) as archive:
            for path in paths:
                archive.add(path, path.relative_to(photographs))
    with zipfile.ZipFile(root / "train.zip", "w") as archive:
        for path in paths:
            archive.write(path, path.relative_to(photographs))
    url = f"memory://{uuid.uuid4().hex}/train"
    store = fsspec.filesystem("memory")
    for path in paths:
        store.pipe(f"{url}/{path.relative_to(photographs)}", path.read_bytes())
    return {
        "folder": photographs,
        "tar": root / "train.tar",
        "tar.gz": root / "train.tar.gz",
        "zip": root / "train.zip",
        "memory": url,
        "tars": packing.pack_in_parts(photographs, root / "tars")[0].parent,
    }


@pytest.fixture(scope="module")
def expected(places, tmp_path_factory):
    """Labels of the folder, by one thread."""
    workspace = Workspace(tmp_path_factory.mktemp("expected"))
    params = LabelsParams(ImageParams(places["folder"], workers=1), size=32, shard_size=16)
    return contents(run(params, workspace, Reporter()).folder)


@pytest.mark.parametrize("place", ["folder", "tar", "tar.gz", "zip", "memory"])
@pytest.mark.parametrize("workers", [1, 4])
def test_labels_are_the_same_from_any_source(places, expected, workspace, silent, place, workers):
    """Folder, archives and object store, on one and four threads: the same bytes."""
    images = ImageParams(places[place], workers=workers)
    result = run(LabelsParams(images, size=32, shard_size=16), workspace, silent)
    assert contents(result.folder) == expected


@pytest.mark.parametrize("place", ["folder", "tars", "zip"])
def test_labels_are_the_same_on_a_cluster(places, expected, workspace, silent, scheduler, place):
    """Two processes of a dask cluster give the same bytes."""
    images = ImageParams(places[place], scheduler=scheduler)
    result = run(LabelsParams(images, size=32, shard_size=16), workspace, silent)
    assert contents(result.folder) == expected


@pytest.mark.parametrize("spec", ["ab313", "gmm"])
def test_priors_and_ranks_are_the_same_on_a_cluster(places, workspace, silent, scheduler, spec):
    """Priors and ranked lists are those of the folder, from an archive and on a cluster."""
    made = []
    for name, images in (
        ("threads", ImageParams(places["folder"])),
        ("cluster", ImageParams(places["tar"], scheduler=scheduler)),
    ):
        quantizer = prior_stage.QuantizerSpec(spec, 4 if spec == "gmm" else None)
        n_levels = 3 if spec == "gmm" else 0
        params = prior_stage.PriorParams(
            images, quantizer, by_class=True, output=f"{name}.npz", by_lightness=n_levels
        )
        result = prior_stage.run(params, workspace, silent)
        lists = rgbvar_stage.RgbvarParams(images, None, f"lists-{name}")
        ranked = rgbvar_stage.run(lists, workspace, silent)
        made.append(
            (
                result.whole.path.read_bytes(),
                [load_prior(path).counts.tolist() for path in result.classes.values()],
                ranked.scores_path.read_bytes(),
            )
        )
    assert made[0] == made[1]


def test_labels_from_a_real_store(photographs, expected, workspace, silent, monkeypatch, tmp_path):
    """An S3 server, over HTTP, gives the same bytes: from images, and from five tars of them."""
    moto = pytest.importorskip("moto.server")
    s3fs = pytest.importorskip("s3fs")
    server = moto.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        for name, value in (
            ("AWS_ENDPOINT_URL", f"http://{host}:{port}"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
        ):
            monkeypatch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        store = s3fs.S3FileSystem()
        store.mkdir("bucket")
        for path in photographs.rglob("*.jpg"):
            store.pipe(f"bucket/train/{path.relative_to(photographs)}", path.read_bytes())
        images = ImageParams("s3://bucket/train", workers=2)
        result = run(LabelsParams(images, size=32, shard_size=16), workspace, silent)
        assert contents(result.folder) == expected
        again = run(LabelsParams(ImageParams(), size=32, shard_size=16), workspace, silent)
        assert again.n_done_before == 3
        for path in packing.pack_in_parts(photographs, tmp_path / "tars"):
            store.pipe(f"bucket/tars/{path.name}", path.read_bytes())
        params = LabelsParams(
            ImageParams("s3://bucket/tars"), size=32, shard_size=16, output="five"
        )
        assert contents(run(params, workspace, silent).folder) == expected
    finally:
        server.stop()
        s3fs.S3FileSystem.clear_instance_cache()


def test_a_list_narrows_an_archive(places, workspace, silent):
    """Lines in the published forms name members of an archive."""
    keys = [path.relative_to(places["folder"]) for path in places["folder"].rglob("*.jpg")]
    lines = [f"/{keys[0]} 7", f"train/{keys[1]}", f"{keys[2]}", "n01/missing.jpg"]
    (workspace.root / "some.txt").write_text("\n".join(lines))
    images = ImageParams(places["tar"], "some.txt")
    result = run(LabelsParams(images, size=32), workspace, silent)
    (shard,) = open_labels(result.folder).shards
    assert shard.keys == sorted(str(key) for key in keys[:3])
    assert [skip.reason for skip in result.skipped] == ["missing"]


def test_cifar_has_its_classes(workspace, silent, tmp_path):
    """CIFAR-10's archive is read in place, with its classes."""
    draw = np.random.default_rng(0)
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    names = [
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ]
    (folder / "batches.meta.txt").write_text("\n".join(names) + "\n\n")
    for name in ("data_batch_1", "test_batch"):
        records = draw.integers(0, 256, (20, 3073)).astype(np.uint8)
        records[:, 0] = np.arange(20) % 10
        (folder / f"{name}.bin").write_bytes(records.tobytes())
    with tarfile.open(tmp_path / "cifar-10-binary.tar.gz", "w:gz") as archive:
        archive.add(folder, folder.name)
    images = ImageParams(tmp_path / "cifar-10-binary.tar.gz")
    result = run(LabelsParams(images, size=32, stride=1, keep="rgb"), workspace, silent)
    labels = open_labels(result.folder)
    (shard,) = labels.shards
    assert labels.manifest["classes"] == names and len(shard) == 40
    row = shard.keys.index("cat/test_batch-00013.ppm")
    record = np.frombuffer((folder / "test_batch.bin").read_bytes(), np.uint8)[13 * 3073 :]
    planes = record[1:3073].reshape(3, 32, 32)
    np.testing.assert_array_equal(shard.arrays["rgb"][row], np.moveaxis(planes, 0, -1))
