"""Claims about images in parquet files: the keys, bytes and labels of the folder they are from."""

import json
import pickle
import random
from concurrent.futures import ThreadPoolExecutor

import packing
import pyarrow as pa
import pytest
from folders import contents
from pyarrow import parquet as pq
from range_server import serving

from colorprep import InputError, Reporter, find_images
from colorprep.images import parquet_rows
from colorprep.images.classes import class_names
from colorprep.images.folder import folder_source
from colorprep.images.parquet_classes import has_class_column, read_class_column
from colorprep.images.source import Search
from colorprep.shards.reader import open_labels
from colorprep.stages.labels.stage import LabelsParams, run
from colorprep.stages.source import ImageParams
from colorprep.stages.verify.stage import VerifyParams
from colorprep.stages.verify.stage import run as verify
from colorprep.workspace import Workspace

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
GIF = b"GIF89a..."


def rows(images, paths):
    """A column of images as Hugging Face `datasets` writes it."""
    pairs = zip(images, paths, strict=True)
    return pa.array([{"bytes": data, "path": path} for data, path in pairs], IMAGE)


def write(path, features=None, group=8, **columns):
    """Write a file, and features as Hugging Face `datasets` declares them; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(columns)
    if features is not None:
        declared = {"info": {"features": features}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(declared)})
    pq.write_table(table, path, row_group_size=group)
    return path


@pytest.fixture(scope="module")
def images(photographs):
    """The photographs by their keys."""
    return packing.contents(folder_source(photographs))


@pytest.fixture(scope="module")
def files(images, tmp_path_factory):
    """The photographs in two files with their paths, in random order, and numbers of classes."""
    root = tmp_path_factory.mktemp("parquet") / "data"
    keys = random.Random(0).sample(list(images), len(images))
    names = sorted({key.partition("/")[0] for key in keys}, reverse=True)
    features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": names}}
    for number in range(2):
        part = keys[number::2]
        labels = [names.index(key.partition("/")[0]) for key in part]
        images_of_part = rows(map(images.get, part), part)
        write(root / f"train-{number}.parquet", features, image=images_of_part, label=labels)
    return root


@pytest.fixture(scope="module")
def numbered(images, tmp_path_factory):
    """The photographs in one file of bytes alone."""
    path = tmp_path_factory.mktemp("numbered") / "train.parquet"
    return write(path, jpg=list(images.values()), caption=list(images), group=len(images))


def test_paths_are_keys(images, files):
    """Rows with paths have the keys, bytes and labels of a folder, on a disk and behind a URL."""
    source = find_images(files)
    assert packing.contents(pickle.loads(pickle.dumps(source))) == images
    assert len(set(source.stamps.tolist())) == 2
    with serving() as server:
        server.files = {f"/{path.name}": path.read_bytes() for path in files.iterdir()}
        remote = find_images(f"{server.url}/train-{{0..1}}.parquet")
        server.faults = lambda number: 503 if number == server.n_requests - 1 else None
        assert packing.contents(remote) == images


def test_rows_without_paths_are_numbered(images, numbered):
    """Keys are in the order of the rows, and have the ending of their format."""
    source = find_images(numbered)
    assert list(source.keys)[::39] == ["train-000000.jpg", "train-000039.jpg"]
    assert list(packing.contents(source).values()) == list(images.values())


@pytest.mark.parametrize("paths", [["a.gif", "a.gif"], ["a", "b.gif"], ["/a.gif", "b.gif"]])
def test_paths_that_are_no_keys(tmp_path, paths):
    """If paths repeat or are not of images, rows are numbered, and a warning says so."""
    path = write(tmp_path / "x.parquet", image=rows([GIF, GIF], paths))
    with pytest.warns(UserWarning, match="are numbered, since their paths"):
        assert list(find_images(path).keys) == ["x-000000.gif", "x-000001.gif"]


def test_the_same_key_in_two_files(tmp_path):
    """Files are told apart by folders."""
    for name in "xy":
        write(tmp_path / f"{name}.parquet", image=rows([GIF], ["a.gif"]))
    with pytest.raises(InputError, match=r"both have a\.gif; with --archive-folders"):
        find_images(tmp_path)
    source = find_images(tmp_path, search=Search(archive_folders=True))
    assert list(source.keys) == ["x/a.gif", "y/a.gif"]


def test_blocks_in_any_order(images, numbered, monkeypatch):
    """However threads jump about in a row group that is read in small blocks: the right bytes."""
    monkeypatch.setattr(parquet_rows, "BLOCK", 10_000)
    monkeypatch.setattr(parquet_rows, "_BLOCKS", parquet_rows._Recent(20_000, lambda b: b.nbytes))
    monkeypatch.setattr(parquet_rows, "_GROUPS", parquet_rows._Recent(1))
    source = find_images(numbered)
    order = random.Random(0).sample(range(len(images)), len(images))
    with ThreadPoolExecutor(4) as threads:
        read = list(threads.map(source.read, order))
    assert read == [list(images.values())[index] for index in order]


def test_rows_without_an_image(tmp_path):
    """An empty row costs one image, a damaged row group its own."""
    data = [random.Random(number).randbytes(500) for number in range(4)]
    path = write(tmp_path / "x.parquet", group=1, png=[GIF, None, *data])
    parts = path.read_bytes()
    at = parts.index(data[1])
    path.write_bytes(parts[: at - 8] + bytes(8) + parts[at:])
    source = find_images(path)
    chunk = [0, 2, 4]
    assert [source.read(index) for index in chunk] == [GIF, data[0], data[2]]
    for index, reason in ((1, "empty"), (3, "unreadable")):
        with pytest.raises(Exception) as error:
            source.read(index)
        assert error.value.reason == reason


def test_a_file_of_empty_rows_costs_no_other(tmp_path):
    """As downloads leave it where every image failed: a warning."""
    write(tmp_path / "x.parquet", jpg=pa.array([None, None], pa.binary()))
    write(tmp_path / "y.parquet", jpg=[GIF])
    with pytest.warns(UserWarning, match="x.parquet holds no image: all rows of its column jpg"):
        assert list(find_images(tmp_path).keys) == ["y-000000.gif"]


@pytest.fixture(scope="module")
def expected(photographs, tmp_path_factory):
    """Labels of the folder."""
    return label(photographs, Workspace(tmp_path_factory.mktemp("expected")), Reporter())


def label(place, workspace, reporter, **options):
    """Label the images of a place; small labels in three shards."""
    params = LabelsParams(ImageParams(place, workers=2), size=16, shard_size=16, **options)
    return run(params, workspace, reporter).folder


def test_labels_of_paths_are_those_of_the_folder(files, expected, workspace, silent):
    """The shards have the same bytes; adding a file extends labels; --deep labels anew."""
    label(files / "train-0.parquet", workspace, silent)
    folder = label(files, workspace, silent, overwrite=True)
    shards = [name for name in contents(folder) if name.endswith(".h5")]
    assert len(shards) == 3
    assert all(contents(folder)[name] == contents(expected)[name] for name in shards)
    assert verify(VerifyParams("labels", deep=True), workspace, silent).sound


def test_labels_of_numbered_rows(numbered, expected, workspace, silent):
    """Under other keys, the arrays of the folder."""
    pairs = zip(
        open_labels(label(numbered, workspace, silent)).shards,
        open_labels(expected).shards,
        strict=True,
    )
    for shard, of_folder in pairs:
        assert (shard.arrays["ab"] == of_folder.arrays["ab"]).all()


def test_classes_are_a_column(images, files, numbered, tmp_path, workspace, silent):
    """Numbers of a declared column of classes stand for names; others are classes themselves.

    Declared classes keep their numbers, unless files declare different ones.
    """
    classes = {key: key.partition("/")[0] for key in images}
    assert read_class_column(find_images(files), None) == classes
    assert has_class_column(find_images(files)) and not has_class_column(find_images(numbered))
    folder = label(files, workspace, silent, class_from="column:label")
    labels = open_labels(folder)
    named = [labels.manifest["classes"][number] for number in labels.shards[0].arrays["class_id"]]
    assert named == [classes[key] for key in labels.shards[0].keys]
    assert labels.manifest["classes"] == sorted(set(classes.values()), reverse=True)
    assert verify(VerifyParams("labels"), workspace, silent).sound
    path = write(tmp_path / "x.parquet", img=[GIF] * 3, category=[10, None, 9], n=[1, 2, 3])
    ids = {"x-000000.gif": "10", "x-000002.gif": "9"}
    assert read_class_column(find_images(path), None) == ids
    features = {"category": {"_type": "ClassLabel", "names": ["ox", "cow", "bee"]}}
    write(tmp_path / "y.parquet", features, img=[GIF], category=[1])
    declared = read_class_column(find_images(tmp_path / "y.parquet"), None)
    assert class_names(declared, declared) == ["ox", "cow", "bee"]
    with pytest.warns(UserWarning, match=r"x.parquet and .*y.parquet declare different classes"):
        differing = read_class_column(find_images(tmp_path), None)
    assert class_names(differing, differing) == ["9", "10", "cow"]


@pytest.mark.parametrize(
    ("columns", "search", "message"),
    [
        ({"url": ["http://x"], "n": [1]}, {}, r"holds addresses of images \(url\).*img2dataset"),
        ({"u": ["http://x"]}, {"image_column": "u"}, r"addresses of images \(u\), not images"),
        ({"n": [1], "x": ["a"]}, {}, "has no column of images.*its columns are n, x"),
        ({"a": [GIF], "b": [GIF]}, {}, "has 2 columns .* images; choose it by --image-column NAME"),
        ({"image": [GIF]}, {"image_column": "c"}, "no column 'c' of images.*such a type: image"),
        ({"image": rows([None], ["/a.jpg"])}, {}, r"paths of images \(image.path\), not images"),
        ({"image": [b"text"]}, {}, "first value is of no known format"),
    ],
)
def test_files_without_images_are_refused(tmp_path, columns, search, message):
    """The error says what the file holds, and what to do."""
    path = write(tmp_path / "x.parquet", **columns)
    with pytest.raises(InputError, match=message):
        find_images(path, search=Search(**search))


@pytest.mark.parametrize(
    ("columns", "chosen", "message"),
    [
        ({"fine": [1], "coarse": [2]}, None, "has no columns .* classes.*type: fine, coarse"),
        ({"label": [1], "class": [2]}, None, "has 2 columns .*; choose it by --class-from column:"),
        ({"label": ["a/b"]}, "label", "should hold classes.*not 'a/b'"),
    ],
)
def test_columns_that_are_no_classes_are_refused(tmp_path, columns, chosen, message):
    """The error names the columns that would do."""
    path = write(tmp_path / "x.parquet", image=[GIF], **columns)
    with pytest.raises(InputError, match=message):
        read_class_column(find_images(path), chosen)


def test_only_parquet_has_columns(photographs, files, tmp_path):
    """A folder has no column of classes, and a file that was cut is no parquet."""
    with pytest.raises(InputError, match="reads a column of parquet files, but train is no"):
        read_class_column(find_images(photographs), None)
    cut = tmp_path / "cut.parquet"
    cut.write_bytes((files / "train-0.parquet").read_bytes()[:-9])
    with pytest.raises(InputError, match="damaged or cut short"):
        find_images(cut)
