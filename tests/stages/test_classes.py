"""Claims about classes in labels and priors, where they are not the top folders."""

import json

import packing
import pytest
from changing import put_bitmaps

from colorprep import InputError, open_labels
from colorprep.errors import OutputExists
from colorprep.stages.labels import LabelsParams
from colorprep.stages.labels import run as run_labels
from colorprep.stages.prior import PriorParams
from colorprep.stages.prior import run as run_prior
from colorprep.stages.source import ImageParams
from colorprep.stages.verify import VerifyParams
from colorprep.stages.verify import run as run_verify
from colorprep.training.data.label_maps import LabelMapDataset


@pytest.fixture
def images(tmp_path):
    """A source of train/CLASS/x.bmp and test/CLASS/x.bmp."""
    for part in ("train", "test"):
        put_bitmaps(tmp_path / "images" / part, 3)
    return ImageParams(tmp_path / "images", workers=1)


def test_labels_take_classes_from_a_level(images, workspace, silent):
    """Shards, their check and more images follow the rule, which a rerun must repeat."""
    params = LabelsParams(images, size=16, class_from="parent")
    run_labels(params, workspace, silent)
    put_bitmaps(images.folder / "more" / "n00", 2)
    run_labels(LabelsParams(images, size=16, class_from="parent", extend=True), workspace, silent)
    labels = open_labels(workspace.path("labels"))
    assert labels.manifest["classes"] == ["n01", "n02"]
    assert labels.manifest["settings"]["class_from"] == "parent"
    for shard in labels.shards:
        names = [labels.manifest["classes"][number] for number in shard.arrays["class_id"]]
        assert names == [key.split("/")[-2] for key in shard.keys]
    assert run_verify(VerifyParams("labels", images=images), workspace, silent).sound
    with pytest.raises(OutputExists, match="class_from: parent there, top requested"):
        run_labels(LabelsParams(images, size=16), workspace, silent)


def test_label_maps_know_the_rule(images, workspace, silent):
    """A dataset of maps gives the same class ids as shards would."""
    params = LabelsParams(images, format="npy", class_from=2)
    folder = run_labels(params, workspace, silent).folder
    dataset = LabelMapDataset(folder, images.folder)
    ids = {key: int(dataset[index]["class_id"]) for index, key in enumerate(dataset.keys)}
    assert ids == {key: int("/n02/" in key) for key in ids} and len(ids) == 6


def test_priors_by_class_follow_the_rule(images, workspace, silent):
    """One prior of each class that the rule finds."""
    result = run_prior(PriorParams(images, by_class=True, class_from="parent"), workspace, silent)
    assert sorted(result.classes) == ["n01", "n02"]
    with pytest.raises(InputError, match="--class-from chooses the classes of --by-class"):
        PriorParams(images, class_from="parent")


def test_classes_come_from_the_command_line(images, colorprep):
    """A level is a number, and other words are refused."""
    words = ("lists", "random", "2", "--per-class", "--dir", images.folder, "--json")
    drawn = json.loads(colorprep(*words, "--class-from", "2").stdout)
    assert (drawn["n_images"], drawn["n_classes"]) == (4, 2)
    assert colorprep(*words, "--class-from", "0").exit_code == 2


@pytest.mark.parametrize("kind", ["folder", "tars"])
def test_classes_beside_the_images(workspace, silent, recorder, kind):
    """As in webdataset, x.cls holds the class of x.bmp; numbers are in order of their values.

    Files that are read are not reported as passed over; where they are not read, advice names them.
    """
    folder = workspace.root / "images"
    paths = put_bitmaps(folder, 6)
    classes = ["10\n", "9", "10", None, "cat", "9"]
    for path, name in zip(paths, classes, strict=True):
        if name is not None:
            path.with_suffix(".cls").write_text(name)
    if kind == "tars":
        packing.pack_in_parts(folder, workspace.root / "tars")
    images = ImageParams(workspace.root / ("images" if kind == "folder" else "tars"), workers=1)
    params = LabelsParams(images, size=16, class_from="cls")
    passed_over = []
    recorder.pass_over = lambda _, counts: passed_over.append(counts)
    run_labels(params, workspace, recorder)
    labels = open_labels(workspace.path("labels"))
    assert labels.manifest["classes"] == ["9", "10", "cat"]
    assert labels.shards[0].arrays["class_id"][:].tolist() == [1, 0, 1, -1, 2, 0]
    assert run_labels(params, workspace, silent).n_done_before == 1
    assert run_verify(VerifyParams("labels", images=images), workspace, silent).sound
    prior = PriorParams(images, by_class=True, class_from="cls")
    assert set(run_prior(prior, workspace, silent).classes) == {"9", "10", "cat"}
    run_prior(PriorParams(images, by_class=True, class_from=3), workspace, recorder)
    assert any(each.endswith("by --class-from cls") for each in recorder.warnings)
    assert passed_over == [{}, {".cls": 5}]


def test_what_is_no_class_is_refused(images, workspace, silent):
    """A file beside an image that holds no class, and none at all, are errors that say so."""
    params = LabelsParams(images, size=16, class_from="cls")
    with pytest.raises(InputError, match=r"class of x\.jpg in x\.cls beside it, but no image of"):
        run_labels(params, workspace, silent)
    first = sorted(images.folder.rglob("*.bmp"))[0]
    first.with_suffix(".cls").write_text("a/b")
    with pytest.raises(InputError, match=r"\.cls should hold the class .* not 'a/b'"):
        run_labels(params, workspace, silent)
    with pytest.raises(InputError, match="--class-from cls is for shards"):
        LabelsParams(images, format="npy", class_from="cls")
