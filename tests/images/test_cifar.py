"""Claims about CIFAR's binary archives: records become images, and wrong ones are refused."""

import io
import pickle
import tarfile

import numpy as np
import pytest
from packing import archive_source
from PIL import Image

from colorprep import InputError

TEN = "airplane automobile bird cat deer dog frog horse ship truck".split()
COARSE = ["fish", "flowers"]
FINE = ["rose", "shark", "tulip"]


def pixels(number):
    """The pixels of an image, (32, 32, 3) uint8."""
    return np.random.default_rng(number).integers(0, 256, (32, 32, 3)).astype(np.uint8)


def record(number, *labels):
    """A record: labels, then all red values, all green and all blue ones."""
    return bytes(labels) + pixels(number).transpose(2, 0, 1).tobytes()


def text(names):
    """A file of names, with the empty line at its end that CIFAR-10's has."""
    return "".join(f"{name}\n" for name in [*names, ""]).encode()


def write(path, folder, files, mode="w:gz"):
    """Write a tar of files in a folder."""
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def cifar10(path, changed=None, mode="w:gz"):
    """CIFAR-10 of three images."""
    files = {
        "batches.meta.txt": text(TEN),
        "data_batch_1.bin": record(0, 6) + record(1, 9),
        "readme.html": b"<html>",
        "test_batch.bin": record(2, 0),
    }
    return write(path, "cifar-10-batches-bin", files | (changed or {}), mode)


def cifar100(path, changed=None):
    """CIFAR-100 of two images."""
    files = {
        "coarse_label_names.txt": text(COARSE),
        "fine_label_names.txt": text(FINE),
        "test.bin": record(3, 0, 1),
        "train.bin": record(4, 1, 2),
    }
    return write(path, "cifar-100-binary", files | (changed or {}))


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_cifar_10(tmp_path, mode):
    """Records are images under their classes, in gzipped and plain archives, pickled or not."""
    source = archive_source(cifar10(tmp_path / "cifar-10-binary.tar.gz", mode=mode))
    assert source.name == "cifar-10-binary"
    assert list(source.keys) == [
        "airplane/test_batch-00000.ppm",
        "frog/data_batch_1-00000.ppm",
        "truck/data_batch_1-00001.ppm",
    ]
    assert source.skipped == []
    for each in (source, pickle.loads(pickle.dumps(source))):
        for index, number in enumerate((2, 0, 1)):
            data = each.read(index)
            assert len(data) == source.sizes[index]
            np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels(number))


def test_cifar_100(tmp_path):
    """The class of an image is its fine one."""
    source = archive_source(cifar100(tmp_path / "cifar-100-binary.tar.gz"))
    assert list(source.keys) == ["shark/test-00000.ppm", "tulip/train-00000.ppm"]
    image = Image.open(io.BytesIO(source.read(1)))
    np.testing.assert_array_equal(np.asarray(image), pixels(4))


def test_lists_narrow_cifar(tmp_path):
    """A list of keys selects some of the records."""
    path = cifar10(tmp_path / "cifar-10-binary.tar.gz")
    source = archive_source(path, ["truck/data_batch_1-00001.ppm", "cat/x.ppm"], "some.txt")
    assert list(source.keys) == ["truck/data_batch_1-00001.ppm"]
    assert [skip.reason for skip in source.skipped] == ["missing"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"test_batch.bin": record(2, 0)[:-1]}, r"test_batch\.bin .* 3072 bytes, .* 3073 bytes"),
        (
            {"test_batch.bin": record(2, 0) + record(2, 10)},
            "record 1 of .* has label 10, .* 0 to 9",
        ),
        ({"batches.meta.txt": b"\n"}, r"batches\.meta\.txt .* is empty"),
    ],
)
def test_wrong_records_are_errors(tmp_path, changed, message):
    """Parts of records, labels without names and empty names are errors that name the file."""
    with pytest.raises(InputError, match=message):
        archive_source(cifar10(tmp_path / "c.tar.gz", changed))


def test_wrong_coarse_labels_are_errors(tmp_path):
    """Coarse labels are checked by their own names."""
    with pytest.raises(InputError, match="has label 2, but there are names for 0 to 1 only"):
        archive_source(cifar100(tmp_path / "c.tar.gz", {"train.bin": record(4, 2, 2)}))


@pytest.mark.parametrize("folder", ["cifar-10-batches-bin", "cifar-100-binary"])
def test_missing_names_are_an_error(tmp_path, folder):
    """An archive without the names of classes is an error that names the missing file."""
    path = write(tmp_path / "c.tar.gz", folder, {"test.bin": record(0, 0)})
    with pytest.raises(InputError, match=rf"has no {folder}/(batches\.meta|coarse_label_names)"):
        archive_source(path)


@pytest.mark.parametrize("folder", ["cifar-10-batches-py", "cifar-100-python"])
def test_cifar_for_python_is_refused(tmp_path, folder):
    """The pickled version is never unpickled; the message names the binary one."""
    path = write(tmp_path / "c.tar.gz", folder, {"test": pickle.dumps({"data": 0})})
    with pytest.raises(InputError, match=r"take the binary version, cifar-10-binary\.tar\.gz"):
        archive_source(path)
