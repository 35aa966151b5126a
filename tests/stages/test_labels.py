"""Claims about `labels`: exact labels, fixed slices, the same bytes however it is run."""

import csv
import hashlib
import json

import h5py
import numpy as np
import pytest
from folders import contents
from skimage import color

from colorprep import (
    ArtifactError,
    InputError,
    OutputExists,
    QuantizerSpec,
    ab_lattice,
)
from colorprep.color.hue_chroma import rgb_to_hue_chroma_lightness
from colorprep.engine import ThreadEngine
from colorprep.images.folder import folder_source
from colorprep.images.reader import ImageReader
from colorprep.marks import MARK
from colorprep.shards.reader import ShardReader, open_labels
from colorprep.stages.labels.stage import LabelsParams, run
from colorprep.stages.prior import stage as prior_stage
from colorprep.stages.source import ImageParams


def params_for(folder, **values):
    """Small labels of a folder."""
    return LabelsParams(ImageParams(folder, workers=values.pop("workers", None)), **values)


def test_shards_hold_what_the_format_says(photographs, workspace, silent):
    """Lightness, ab and labels equal scikit-image's Lab of the resized photographs."""
    result = run(params_for(photographs, size=64), workspace, silent)
    labels = open_labels(result.folder)
    (shard,) = labels.shards
    source = folder_source(photographs)
    assert shard.keys == list(source.keys) and len(labels) == 40
    reader = ImageReader(source, 64)
    for row in range(len(shard)):
        lab = color.rgb2lab(reader.read(row).pixels)
        small = lab[::4, ::4, 1:]
        expected = np.rint(lab[..., 0] * 255 / 100)
        np.testing.assert_array_equal(shard.arrays["lightness"][row], expected)
        np.testing.assert_array_equal(shard.arrays["ab"][row], np.floor(small))
        np.testing.assert_array_equal(shard.arrays["label"][row], ab_lattice().encode(small))
    classes = labels.manifest["classes"]
    assert [classes[i] for i in shard.arrays["class_id"]] == [k.split("/")[0] for k in shard.keys]
    dtypes = {name: array.dtype.str for name, array in shard.arrays.items()}
    assert dtypes == {"lightness": "|u1", "ab": "|i1", "label": "<u2", "class_id": "<i4"}


def test_datasets_are_contiguous(photographs, workspace, silent):
    """Datasets can be mapped: contiguous, uncompressed, at an offset of the file."""
    result = run(params_for(photographs, size=32), workspace, silent)
    with h5py.File(result.folder / "shard-00000.h5") as file:
        assert file.attrs["schema"] == "colorprep.shard/1"
        assert file.attrs["fingerprint"] == ab_lattice().fingerprint
        for name, dataset in file.items():
            assert dataset.chunks is None and dataset.compression is None, name
        keys = [key.decode() for key in file["key"][:]]
    shard = ShardReader(result.folder / "shard-00000.h5")
    assert shard.keys == keys
    assert isinstance(shard.arrays["lightness"], np.memmap)


@pytest.mark.parametrize("stride", [1, 3, 4])
def test_stride(photographs, workspace, silent, stride):
    """Labels are those of rows and columns 0, S, 2S, ... of the label map."""
    whole = run(params_for(photographs, size=32, stride=1, output="whole"), workspace, silent)
    some = run(params_for(photographs, size=32, stride=stride, output="some"), workspace, silent)
    every = open_labels(whole.folder).shards[0].arrays["label"]
    kept = open_labels(some.folder).shards[0].arrays["label"]
    np.testing.assert_array_equal(kept, every[:, ::stride, ::stride])


def test_shards_are_fixed_slices(photographs, workspace, silent):
    """Shard i holds keys i S to (i + 1) S - 1, and sidecars account for every input once."""
    result = run(params_for(photographs, size=16, shard_size=12), workspace, silent)
    keys = list(folder_source(photographs).keys)
    assert result.n_shards == 4
    seen = []
    for number in range(4):
        shard = ShardReader(result.folder / f"shard-{number:05d}.h5")
        assert shard.keys == keys[12 * number : 12 * (number + 1)]
        path = result.folder / f"shard-{number:05d}"
        sidecar = json.loads(path.with_suffix(".json").read_text())
        assert sidecar["inputs"] == {key: row for row, key in enumerate(shard.keys)}
        data = path.with_suffix(".h5").read_bytes()
        assert sidecar["sha256"] == hashlib.sha256(data).hexdigest()
        assert sidecar["bytes"] == len(data)
        seen += shard.keys
    assert seen == keys


@pytest.mark.parametrize("form", ["h5", "npy"])
def test_same_bytes_however_it_is_run(photographs, workspace, silent, monkeypatch, form):
    """Workers and chunk size change no byte of any file."""
    made = []
    for workers, chunk in ((1, 32), (4, 32), (2, 5)):
        monkeypatch.setattr(ThreadEngine, "chunk_images", chunk)
        name = f"labels-{len(made)}"
        values = {"size": 32, "shard_size": 15, "format": form, "workers": workers}
        run(params_for(photographs, output=name, **values), workspace, silent)
        made.append(contents(workspace.path(name)))
    assert made[0] == made[1] == made[2]


def test_skipped_images_leave_no_row(photographs, workspace, recorder, tmp_path):
    """A bad image has no row; skipped.csv and its sidecar say why."""
    folder = tmp_path / "images"
    folder.mkdir()
    for name, path in zip("acd", photographs.rglob("*.jpg"), strict=False):
        (folder / f"{name}.jpg").write_bytes(path.read_bytes())
    (folder / "b.jpg").write_bytes(b"no image")
    result = run(params_for(folder, size=32, shard_size=2), workspace, recorder)
    shards = open_labels(result.folder).shards
    assert [shard.keys for shard in shards] == [["a.jpg"], ["c.jpg", "d.jpg"]]
    with (result.folder / "skipped.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["key", "reason", "detail"] and rows[1][:2] == ["b.jpg", "not-an-image"]
    sidecar = json.loads((result.folder / "shard-00000.json").read_text())
    assert sidecar["inputs"]["b.jpg"].startswith("not-an-image")
    assert any("b.jpg" in text for text in recorder.warnings)


def test_a_shard_of_bad_images_alone_is_empty(photographs, workspace, silent, tmp_path):
    """A slice without one good image gives an empty shard that can be read."""
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"no")
    (folder / "b.jpg").write_bytes(next(photographs.rglob("*.jpg")).read_bytes())
    result = run(params_for(folder, size=32, shard_size=1), workspace, silent)
    assert [len(shard) for shard in open_labels(result.folder).shards] == [0, 1]


def test_nothing_readable_is_an_error(workspace, silent, tmp_path):
    """No good image at all fails the run and leaves no labels."""
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"no")
    with pytest.raises(InputError, match="no image could be read"):
        run(params_for(folder), workspace, silent)
    assert list(contents(tmp_path / "labels")) == [MARK]


def test_label_maps(photographs, workspace, silent):
    """In the npy format, each image gives a uint16 map of native size under its key."""
    result = run(params_for(photographs, format="npy"), workspace, silent)
    source = folder_source(photographs)
    for index, key in enumerate(source.keys):
        label = np.load(result.folder / f"{key}.npy")
        pixels = ImageReader(source).read(index).pixels
        assert label.dtype == np.uint16 and label.shape == pixels.shape[:2]
        expected = ab_lattice().encode(color.rgb2lab(pixels)[..., 1:])
        np.testing.assert_array_equal(label, expected)
    with pytest.raises(ArtifactError, match="--format h5"):
        open_labels(result.folder)


@pytest.mark.parametrize(
    "spec",
    [QuantizerSpec("gmm", 6), QuantizerSpec("hc-grid", 25), QuantizerSpec("kmeans", 30)],
    ids=lambda spec: spec.name,
)
def test_labels_take_the_quantizer_of_the_prior(photographs, workspace, silent, spec):
    """Labels use the prior's bins; bins of hue and chroma add the cells of both."""
    params = prior_stage.PriorParams(ImageParams(photographs), spec)
    prior = prior_stage.run(params, workspace, silent).whole.prior
    labels = open_labels(run(params_for(photographs, size=32), workspace, silent).folder)
    assert labels.quantizer.fingerprint == prior.quantizer.fingerprint
    reader = ImageReader(folder_source(photographs), 32)
    arrays = labels.shards[0].arrays
    for row in range(8):
        pixels = reader.read(row).pixels[::4, ::4]
        if spec.name == "kmeans":
            assert "hc" not in arrays
            colors = color.rgb2lab(pixels)[..., 1:]
        else:
            colors = rgb_to_hue_chroma_lightness(pixels)[..., :2]
            np.testing.assert_array_equal(arrays["hc"][row, ..., 0], np.floor(256 * colors[..., 0]))
        np.testing.assert_array_equal(arrays["label"][row], labels.quantizer.encode(colors))


def test_without_a_prior_labels_are_of_ab313(photographs, workspace, recorder):
    """Without a prior, the published bins are used, and a note says so."""
    result = run(params_for(photographs, size=32), workspace, recorder)
    assert result.quantizer.name == "ab313"
    assert any("ab313" in note for note in recorder.notes)


def test_labels_are_never_overwritten_unless_asked(photographs, workspace, silent):
    """A second run is refused; with --overwrite it replaces colorprep's files and no others."""
    first = run(params_for(photographs, size=32, shard_size=10), workspace, silent)
    (first.folder / "notes.txt").write_text("mine")
    with pytest.raises(OutputExists, match="--overwrite"):
        run(params_for(photographs, size=32), workspace, silent)
    second = run(params_for(photographs, size=16, overwrite=True), workspace, silent)
    names = sorted(path.name for path in second.folder.iterdir())
    ours = ["manifest.json", "plan.json", "shard-00000.h5", "shard-00000.json", "skipped.csv"]
    assert names == sorted([MARK, *ours, "notes.txt"])


def test_shards_need_one_size(photographs, workspace, silent):
    """Native size in shards is refused, and the message says what to do."""
    with pytest.raises(InputError, match="--format npy"):
        LabelsParams(ImageParams(photographs), size="native")


def test_other_decoding_rules_are_noticed(photographs, workspace, recorder):
    """Labels with other decoding rules than the prior's give a warning."""
    prior_stage.run(prior_stage.PriorParams(ImageParams(photographs)), workspace, recorder)
    run(LabelsParams(ImageParams(photographs, icc="ignore"), size=32), workspace, recorder)
    assert any("--icc" in text for text in recorder.warnings)


def test_damaged_folders_are_refused(photographs, workspace, silent):
    """Missing, cut and exchanged files are clear errors that name the file."""
    folder = run(params_for(photographs, size=32), workspace, silent).folder
    shard, manifest = folder / "shard-00000.h5", folder / "manifest.json"
    whole, text = shard.read_bytes(), manifest.read_text()
    shard.write_bytes(whole[: len(whole) // 4])
    with pytest.raises(ArtifactError, match=r"shard-00000\.h5 is damaged"):
        open_labels(folder)
    shard.unlink()
    with pytest.raises(ArtifactError, match="missing"):
        open_labels(folder)
    shard.write_bytes(whole)
    manifest.write_text(text[: len(text) // 2])
    with pytest.raises(ArtifactError, match=r"manifest\.json is damaged"):
        open_labels(folder)
    manifest.write_text(text.replace('"ab313"', '"ab529"', 1).replace("labels/1", "labels/7"))
    with pytest.raises(ArtifactError, match="newer"):
        open_labels(folder)
    manifest.unlink()
    with pytest.raises(ArtifactError, match="colorprep labels"):
        open_labels(folder)


def test_size_of_an_image(photographs, workspace, silent):
    """256 x 256 lightness with 64 x 64 ab and labels takes at most 84 kB per image."""
    result = run(params_for(photographs), workspace, silent)
    assert (result.folder / "shard-00000.h5").stat().st_size / 40 < 84_000


def test_killed_while_a_plan_is_replaced(photographs, workspace, silent, monkeypatch):
    """A plan of which nothing is made stays until the next one, so that the folder is known."""
    params = LabelsParams(ImageParams(photographs), format="npy", size=32, output="maps")
    folder = run(params, workspace, silent).folder
    for path in folder.rglob("*.npy"):
        path.unlink()
    (folder / "manifest.json").unlink()

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("colorprep.stages.labels.planning.write_plan", die)
        with pytest.raises(KeyboardInterrupt):
            run(params, workspace, silent)
    assert run(params, workspace, silent).n_images == len(list(photographs.rglob("*.jpg")))
