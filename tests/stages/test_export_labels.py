"""Claims about exported labels: other loaders read from them what the shards hold."""

import json
from urllib.parse import unquote

import numpy as np
import pyarrow.parquet as pq
import pytest
import webdataset
from PIL import Image

from colorprep import InputError, Reporter
from colorprep.atomic import write_bytes
from colorprep.errors import OutputExists
from colorprep.places import Url
from colorprep.shards import exporting
from colorprep.shards.reader import open_labels
from colorprep.stages.export import ExportParams, run
from colorprep.stages.labels.stage import LabelsParams
from colorprep.stages.labels.stage import run as label
from colorprep.stages.source import ImageParams
from colorprep.storage import read_bytes, sizes_in
from colorprep.workspace import Workspace

KEYS = ("__v__/a.png", "n.01/a.b.png", "n.01/a.png", "n.01/Größe 100%.png", "x.png")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A workspace with labels of five images, every kind of array among them, in two shards."""
    workspace = Workspace(tmp_path_factory.mktemp("made"))
    for number, key in enumerate(KEYS):
        for name, mode in (("images", "RGB"), ("masks", "L")):
            path = workspace.root / name / key
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng(number).integers(0, 20, (8, 8, 3), np.uint8)
            Image.fromarray(noise).convert(mode).save(path)
    params = LabelsParams(
        ImageParams(workspace.root / "images"),
        size=8,
        stride=2,
        soft=3,
        keep="rgb",
        segments=workspace.root / "masks",
        compression="gzip",
        shard_size=3,
    )
    label(params, workspace, Reporter())
    return workspace


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch):
    """Two images are read from a shard at once."""
    monkeypatch.setattr(exporting, "AT_ONCE", 1000)


def exported(format, workspace, output=None):
    """Export the labels; return the files that hold them."""
    return run(ExportParams("labels", output, format), workspace, Reporter()).written[1:]


def expected(workspace):
    """The arrays of each image by its key, and the name of its class."""
    labels = open_labels(workspace.root / "labels")
    classes = [*labels.manifest["classes"], None]
    for shard in labels.shards:
        for row, key in enumerate(shard.keys):
            arrays = {name: array[row] for name, array in shard.arrays.items()}
            number = int(arrays.pop("class_id"))
            yield key, classes[number], number, arrays


def test_webdataset_reads_its_tars(made):
    """Each image is a sample: its key, its class and an array for each dataset."""
    paths = exported("webdataset", made)
    assert [path.name for path in paths] == ["labels-000000.tar", "labels-000001.tar"]
    samples = iter(webdataset.WebDataset([str(p) for p in paths], shardshuffle=False).decode())
    for key, name, number, arrays in expected(made):
        sample = next(samples)
        assert unquote(sample["__key__"]) == key
        assert sample["json"] == {"key": key, "class": name, "class_id": number}
        assert sample["cls"] == number
        found = {f"{name}.npy" for name in arrays}
        assert {name for name in sample if name.endswith(".npy")} == found
        for name, array in arrays.items():
            assert sample[f"{name}.npy"].dtype == array.dtype
            assert (sample[f"{name}.npy"] == array).all()
    assert next(samples, None) is None


def test_pyarrow_reads_parquet(made):
    """Each image is a row; shapes and types are in the metadata of the schema."""
    table = pq.read_table([str(path) for path in exported("parquet", made)])
    facts = json.loads(table.schema.metadata[b"colorprep"])
    rows = table.to_pylist()
    assert len(rows) == len(KEYS)
    for row, (key, name, number, arrays) in zip(rows, expected(made), strict=True):
        assert (row["key"], row["class"], row["class_id"]) == (key, name, number)
        assert set(facts["arrays"]) == set(arrays)
        for array_name, array in arrays.items():
            stored = facts["arrays"][array_name]
            found = np.frombuffer(row[array_name], stored["dtype"]).reshape(stored["shape"])
            assert found.dtype == array.dtype
            assert (found == array).all()


@pytest.mark.parametrize("format", ["webdataset", "parquet"])
def test_an_export_continues(made, format):
    """What is there is kept, what is missing is made, with the same bytes; others are refused."""
    name = f"again-{format}"
    paths = exported(format, made, name)
    written = [path.read_bytes() for path in paths]
    paths[0].unlink()
    kept = paths[1].stat().st_mtime_ns
    exported(format, made, name)
    assert [path.read_bytes() for path in paths] == written
    assert paths[1].stat().st_mtime_ns == kept
    other = {"webdataset": "parquet", "parquet": "webdataset"}[format]
    with pytest.raises(OutputExists, match="holds an export of other labels"):
        exported(other, made, name)
    (made.root / name / "export.json").unlink()
    with pytest.raises(OutputExists, match="or files of the same names"):
        exported(format, made, name)


def test_labels_need_a_format(made):
    """The error names the formats; other artifacts take none."""
    with pytest.raises(InputError, match="give --format webdataset or --format parquet"):
        run(ExportParams("labels"), made, Reporter())
    with pytest.raises(InputError, match="--format is for folders of labels"):
        run(ExportParams("prior.npz", None, "parquet"), made, Reporter())


def test_labels_in_a_store_are_exported_to_one(made, tmp_path, monkeypatch):
    """The files are those of labels on a disk."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    store = Url("memory://labels-to-export")
    for name in sizes_in(made.root / "labels"):
        write_bytes(store / "labels" / name, read_bytes(made.root / "labels" / name))
    output = store / "exported"
    run(ExportParams(str(store / "labels"), str(output), "webdataset"), made, Reporter())
    here = made.root / "from-a-disk"
    exported("webdataset", made, here.name)
    names = set(sizes_in(here))
    assert names == set(sizes_in(output)) > {"labels-000000.tar"}
    assert all(read_bytes(here / name) == read_bytes(output / name) for name in names)
