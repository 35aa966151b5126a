"""Claims about writing and reading one shard."""

import os
import time

import h5py
import numpy as np
import pytest

from colorprep import ArtifactError, InputError, Labeler, ShardReader, ShardWriter, ab_lattice
from colorprep.images.skip import Skip
from colorprep.shards import compression
from colorprep.shards.shard import CompressedArray
from colorprep.shards.sidecar import finished, read_sidecar


def some_images(n, size=32):
    """Images that compress, and their labels."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (n, size // 8, size // 8, 3)).astype(np.uint8)
    images = small.repeat(8, axis=1).repeat(8, axis=2)
    labeler = Labeler(ab_lattice(), 4, keep_rgb=True)
    buffers = labeler.buffers(n, size)
    for row, image in enumerate(images):
        labeler.label_into(image, buffers, row)
    return images, buffers


def write(path, buffers, keys, **settings):
    """Write a shard in two parts."""
    writer = ShardWriter(path, {"fingerprint": ab_lattice().fingerprint, **settings})
    half = len(keys) // 2
    for start, stop in ((0, half), (half, len(keys))):
        rows = {name: array[start:stop] for name, array in buffers.items()}
        writer.add(keys[start:stop], [-1] * (stop - start), rows)
    writer.skip([Skip("é/bad.jpg", "corrupt", "a: b, c")])
    return writer.write()


KEYS = ["a/1.jpg", "a/ä.jpg", "b/3 .jpg", "b/4.jpg", "c.jpg"]


@pytest.mark.parametrize("method", ["none", "gzip", "lz4", "zstd"])
def test_what_is_written_is_read(tmp_path, method):
    """Keys, arrays, settings and the sidecar come back, compressed or not."""
    images, buffers = some_images(5)
    sidecar = write(tmp_path / "shard-00000.h5", buffers, KEYS, compression=method)
    shard = ShardReader(tmp_path / "shard-00000.h5")
    assert shard.keys == KEYS and len(shard) == 5
    assert shard.settings["compression"] == method
    for name, array in buffers.items():
        assert shard.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(shard.arrays[name][:], array)
        np.testing.assert_array_equal(shard.arrays[name][3], array[3])
        np.testing.assert_array_equal(shard.arrays[name][1:4], array[1:4])
    np.testing.assert_array_equal(shard.arrays["rgb"][:], images)
    again = read_sidecar(shard.path)
    assert again == sidecar == finished(shard.path)
    assert again.skipped == [Skip("é/bad.jpg", "corrupt", "a: b, c")]
    assert isinstance(shard.arrays["label"], CompressedArray if method != "none" else np.memmap)


@pytest.mark.parametrize("method", ["none", "gzip"])
def test_bytes_do_not_depend_on_the_time(tmp_path, method):
    """Written a second later, a shard has the same bytes."""
    _, buffers = some_images(4)
    first = write(tmp_path / "a.h5", buffers, KEYS[:4], compression=method)
    time.sleep(1.1)
    second = write(tmp_path / "b.h5", buffers, KEYS[:4], compression=method)
    assert first.sha256 == second.sha256
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_compressed_shards_are_smaller(tmp_path):
    """A compressed shard is smaller, has one chunk per image, and can be read after a fork."""
    _, buffers = some_images(5, 128)
    sizes = {}
    for method in ("none", "gzip", "lz4", "zstd"):
        path = tmp_path / f"{method}.h5"
        sizes[method] = write(path, buffers, KEYS, compression=method).n_bytes
        with h5py.File(path) as file:
            chunks = file["lightness"].chunks
        assert chunks == (None if method == "none" else (1, 128, 128))
    assert max(sizes["gzip"], sizes["lz4"], sizes["zstd"]) < 0.4 * sizes["none"]
    shard = ShardReader(tmp_path / "zstd.h5")
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(shard.arrays["label"][2], buffers["label"][2]) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_reading_copies_nothing(tmp_path):
    """Slices of an uncompressed shard are views of the mapped file."""
    _, buffers = some_images(4)
    write(tmp_path / "a.h5", buffers, KEYS[:4])
    array = ShardReader(tmp_path / "a.h5").arrays["lightness"]
    part = array[1:3]
    assert np.shares_memory(part, array) and not part.flags.owndata and not part.flags.writeable


def test_missing_hdf5plugin_is_reported(tmp_path, monkeypatch):
    """Without the package, its methods are an error that says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "hdf5plugin", None)
    assert compression.filter_options("none") == {}
    with pytest.raises(InputError, match=r"colorprep\[compression\]"):
        compression.filter_options("zstd")


def test_newer_and_foreign_shards(tmp_path):
    """Unknown datasets are ignored; a newer schema and other bins are refused."""
    _, buffers = some_images(4)
    path = tmp_path / "a.h5"
    write(path, buffers, KEYS[:4])
    with h5py.File(path, "r+") as file:
        file["depth"] = np.zeros(4)
    assert "depth" not in ShardReader(path).arrays
    with pytest.raises(ArtifactError, match="another quantizer"):
        ShardReader(path, "0" * 32)
    with h5py.File(path, "r+") as file:
        file.attrs["schema"] = "colorprep.shard/9"
    with pytest.raises(ArtifactError, match="newer"):
        ShardReader(path)
