"""Claims about segments in labels: whose pixels they are, and that changed masks are noticed."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from colorprep import InputError, open_labels
from colorprep.errors import ColorprepError, OutputExists
from colorprep.shards.checks import array_problems
from colorprep.shards.plan import plan_quantizer, read_plan
from colorprep.stages.labels import LabelsParams, run
from colorprep.stages.source import ImageParams
from colorprep.stages.verify import VerifyParams
from colorprep.stages.verify import run as run_verify

SIZES = {"2011_000003": (50, 40), "2011_000006": (33, 47), "2011_000025": (40, 40)}
CLASSES = (0, 1, 15, 20, 255)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder in the layout of VOC, of three images and their masks."""
    folder = tmp_path_factory.mktemp("voc")
    random = np.random.default_rng(0)
    for name in ("JPEGImages", "SegmentationClass"):
        (folder / name).mkdir()
    for stem, (width, height) in SIZES.items():
        pixels = random.integers(0, 256, (height, width, 3), np.uint8)
        Image.fromarray(pixels).save(folder / "JPEGImages" / f"{stem}.jpg")
        write_mask(folder, stem, random.choice(CLASSES, (height, width)))
    return folder


def write_mask(folder, stem, indices):
    """Write a mask with a palette."""
    height, width = indices.shape
    mask = Image.frombytes("P", (width, height), indices.astype(np.uint8).tobytes())
    mask.putpalette([index * 11 % 256 for index in range(768)])
    mask.save(folder / "SegmentationClass" / f"{stem}.png")


@pytest.fixture
def voc(made, tmp_path):
    """A copy of it, to be changed."""
    return shutil.copytree(made, tmp_path / "voc")


@pytest.fixture
def label(workspace, recorder):
    """Labels 24 x 24 pixels, one image a shard, and returns the arrays of each image."""

    def run_labels(voc, strict=False, **values):
        images = ImageParams(voc / "JPEGImages", workers=1, strict=strict)
        given = {"segments": voc / "SegmentationClass", "size": 24, "stride": 2, "shard_size": 1}
        result = run(LabelsParams(images, **{**given, **values}), workspace, recorder)
        shards = open_labels(result.folder).shards
        return {shard.keys[0]: dict(shard.arrays) for shard in shards if shard.keys}

    return run_labels


@pytest.fixture
def verify(voc, workspace, recorder):
    """Verifies the labels, and returns the problems."""

    def run_check(masks="SegmentationClass", **values):
        values["segments"] = masks and voc / masks
        params = VerifyParams("labels", images=ImageParams(voc / "JPEGImages", workers=1), **values)
        return [problem.what for problem in run_verify(params, workspace, recorder).problems]

    return run_check


@pytest.mark.parametrize("fit", ["stretch", "crop"])
def test_segments_are_the_nearest_pixels_of_the_masks(made, label, workspace, fit):
    """As Pillow samples a mask at the size of labels, of which every other pixel is kept."""
    labels = label(made, fit=fit)
    assert labels.keys() == {f"{stem}.jpg" for stem in SIZES}
    for stem, (width, height) in SIZES.items():
        mask = Image.open(made / "SegmentationClass" / f"{stem}.png")
        left, top = (width - min(SIZES[stem])) // 2, (height - min(SIZES[stem])) // 2
        box = (0, 0, width, height)
        if fit == "crop":
            box = (left, top, left + min(SIZES[stem]), top + min(SIZES[stem]))
        near = mask.resize((24, 24), Image.Resampling.NEAREST, box=box)
        found = labels[f"{stem}.jpg"]["segments"][0]
        assert found.dtype == np.uint8 and np.array_equal(found, np.asarray(near)[::2, ::2])
    settings = json.loads(workspace.path("labels/manifest.json").read_text())["settings"]
    assert settings["segments"] == 21 and "class_from" not in settings


def test_labels_without_masks_say_nothing_of_them(made, label, workspace):
    """Plans and shards are those of earlier versions."""
    labels = label(made, segments=None)
    assert all("segments" not in arrays for arrays in labels.values())
    assert "segments" not in json.loads(workspace.path("labels/plan.json").read_text())["settings"]


def test_a_changed_mask_is_noticed(voc, label, verify, recorder):
    """Only its shard is made again, even if the mask's size in bytes is the same; --deep tells."""
    before = label(voc)
    assert verify(deep=True) == []
    path = voc / "SegmentationClass" / "2011_000006.png"
    changed = np.where(np.asarray(Image.open(path)) == 1, 15, np.asarray(Image.open(path)))
    write_mask(voc, "2011_000006", changed)
    assert verify(deep=True) == [
        "2011_000006.jpg has changed since it was labeled, and now gives other values of segments "
        "than the labels contain"
    ]
    after = label(voc)
    assert any("1 image changed since it was labeled" in text for text in recorder.warnings)
    differing = {
        key for key in before if not np.array_equal(before[key]["segments"], after[key]["segments"])
    }
    assert differing == {"2011_000006.jpg"} and verify(deep=True) == []


def test_a_missing_or_wrong_mask_costs_one_image(voc, label, verify, recorder):
    """It is skipped with the reason, and labeled once the mask is there; --strict stops."""
    mask = voc / "SegmentationClass" / "2011_000025.png"
    mask.rename(voc / "elsewhere.png")
    write_mask(voc, "2011_000003", np.full((40, 50), 21))
    with pytest.raises(ColorprepError, match="--strict"):
        label(voc, strict=True)
    assert label(voc).keys() == {"2011_000006.jpg"}
    assert {text.split(" (")[0] for text in recorder.warnings} == {
        "skipped 2011_000003.jpg: bad-mask",
        "skipped 2011_000025.jpg: no-mask",
    }
    (voc / "elsewhere.png").rename(mask)
    assert label(voc).keys() == {"2011_000006.jpg", "2011_000025.jpg"}
    assert verify(deep=True) == []


def test_labels_are_extended_and_repaired_with_masks(voc, label, verify, workspace):
    """New images bring their masks; a shard that was lost is made again from both."""
    for name, ending in (("JPEGImages", "jpg"), ("SegmentationClass", "png")):
        shutil.copy(voc / name / f"2011_000003.{ending}", voc / name / f"2012_000001.{ending}")
    kept = [voc / "JPEGImages/2012_000001.jpg", voc / "SegmentationClass/2012_000001.png"]
    for path in kept:
        path.rename(voc / path.name)
    label(voc)
    for path in kept:
        (voc / path.name).rename(path)
    labels = label(voc, extend=True)
    first, last = labels["2011_000003.jpg"], labels["2012_000001.jpg"]
    assert np.array_equal(first["segments"], last["segments"])
    shard = workspace.path("labels/shard-00001.h5")
    content = shard.read_bytes()
    shard.write_bytes(content[:-1])
    assert verify(repair=True) == [] and shard.read_bytes() == content


def test_a_value_that_is_no_segment_is_found(made, label, workspace):
    """`verify` knows the range of segments."""
    label(made)
    shard = open_labels(workspace.path("labels")).shards[0]
    shard.arrays["segments"] = np.full((1, 12, 12), 21, np.uint8)
    plan = read_plan(workspace.path("labels/plan.json"))
    problems = array_problems(shard, plan, plan_quantizer(plan))
    assert list(problems) == ["a segment is neither below 21 nor 255"]


def test_labels_and_masks_must_go_together(voc, label, verify):
    """Labels with segments need the masks again, and labels without have no use for them."""
    label(voc)
    with pytest.raises(InputError, match="hold segments.*--segments"):
        verify(None, deep=True)
    with pytest.raises(OutputExists, match="segments: 21 there, none requested"):
        label(voc, segments=None)
    label(voc, segments=None, overwrite=True)
    with pytest.raises(InputError, match="hold no segments"):
        verify(deep=True)


def test_nothing_is_made_without_any_mask(voc, label, workspace):
    """A folder of other masks is refused before any image is read."""
    with pytest.raises(InputError, match=r"no image of JPEGImages has a mask in JPEGImages"):
        label(voc, segments=voc / "JPEGImages")
    with pytest.raises(InputError, match="no masks can be read by --segments: there is no folder"):
        label(voc, segments=voc / "nowhere")
    assert not workspace.path("labels/plan.json").exists()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"segments": "masks", "format": "npy"}, "--segments is for shards"),
        ({"segment_classes": 5}, "--segment-classes counts the classes of --segments"),
        ({"segments": "masks", "segment_classes": 256}, "from 1 to 255, got 256"),
    ],
)
def test_wrong_parameters_are_refused(values, message):
    """When they are made."""
    with pytest.raises(InputError, match=message):
        LabelsParams(**values)
