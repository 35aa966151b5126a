"""Claims about networks that take the class and the features of images."""

import hashlib
import json

import numpy as np
import pytest
import torch
from classifiers import LENGTH, write_classifier
from folders import contents
from PIL import Image
from torch import nn

from colorprep.color.lab import lab_to_rgb
from colorprep.errors import ArtifactError, InputError, OutputExists
from colorprep.quantize.ab import ab_lattice
from colorprep.shards.reader import open_labels
from colorprep.stages import colorize, evaluate, export, labels, train, verify
from colorprep.stages.estimate import estimate_labels
from colorprep.stages.source import ImageParams
from colorprep.training.checkpoint import load_checkpoint, save_checkpoint
from colorprep.training.classifier import open_classifier, threads_restored
from colorprep.training.models import MODELS, make_model
from colorprep.workspace import Workspace

SIDE = 16


class Conditioned(nn.Module):
    """A network whose output depends on all that it takes."""

    takes = ("lightness", "class", "features")

    def __init__(self, spec) -> None:
        super().__init__()
        self.of_class = nn.Embedding(spec.size("classes"), spec.n_outputs)
        self.of_features = nn.Linear(spec.size("features"), spec.n_outputs)
        self.of_lightness = nn.Conv2d(1, spec.n_outputs, 1)

    def forward(self, lightness, class_id, features):
        """Return the outputs."""
        of_image = self.of_class(class_id) + self.of_features(features)
        return self.of_lightness(lightness) + of_image[:, :, None, None]


@pytest.fixture(autouse=True)
def conditioned(monkeypatch):
    """The network among those of the table."""
    monkeypatch.setitem(MODELS, "conditioned", Conditioned)


def write_images(folder):
    """Pictures in two classes; those of the second have the lightness of the first's, other ab."""
    random = np.random.default_rng(0)
    for number in range(4):
        coarse = random.uniform(30, 70, (4, 4)).repeat(SIDE // 4, 0).repeat(SIDE // 4, 1)
        for name, ab in (("blue", (5, -30)), ("red", (30, 15))):
            lab = np.dstack([coarse, *(np.full_like(coarse, each) for each in ab)])
            path = folder / name / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.rint(255 * lab_to_rgb(lab)).astype(np.uint8)).save(path)


def label(workspace, silent, **params):
    """Label the images of the workspace."""
    values = {"size": SIDE, "shard_size": 3, "features": "regions.pt", **params}
    return labels.run(labels.LabelsParams(**values), workspace, silent)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A workspace with images, a classifier, labels with its features, and a network."""
    from colorprep.progress import Reporter

    workspace = Workspace(tmp_path_factory.mktemp("features"))
    write_images(workspace.root / "images")
    write_classifier(workspace.root / "regions.pt")
    write_classifier(workspace.root / "other.pt", seed=1)
    label(workspace, Reporter(), images=ImageParams(workspace.root / "images", workers=1))
    params = train.TrainParams.of(
        model="conditioned", epochs=1, batch_size=4, held_out=0.0, device="cpu", loss="l2"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MODELS, "conditioned", Conditioned)
        run = train.run(params, workspace, Reporter())
    return workspace, run.folder


def test_features_are_those_of_the_gray_picture(made):
    """Shards hold what the classifier returns for lightness, nearly equal for equal lightness."""
    workspace, _ = made
    folder = open_labels(workspace.root / "labels")
    classifier = open_classifier(workspace.root / "regions.pt")
    facts = {"name": "regions.pt", "digest": classifier.digest, "length": LENGTH}
    assert folder.manifest["settings"]["features"] == facts
    found = {}
    with threads_restored():
        for shard in folder.shards:
            assert json.loads(shard.settings["features"]) == facts
            expected = classifier.of_each(shard.arrays["lightness"])
            np.testing.assert_array_equal(shard.arrays["features"], expected)
            found.update(zip(shard.keys, shard.arrays["features"].astype(float), strict=True))
    blue, red = (np.array([found[f"{c}/{n}.png"] for n in range(4)]) for c in ("blue", "red"))
    assert np.abs(blue - red).max() < 0.1 * np.ptp(blue, axis=0).max()


def test_bytes_do_not_depend_on_the_workers(made, workspace, silent):
    """Two workers and another order of work give the same files."""
    done, _ = made
    threads = torch.get_num_threads()
    images = ImageParams(done.root / "images", workers=2)
    label(workspace, silent, images=images, features=done.root / "regions.pt")
    assert contents(workspace.root / "labels") == contents(done.root / "labels")
    assert torch.get_num_threads() == threads


def test_other_classifiers_are_refused(made, silent):
    """Labels are continued and verified with their own classifier only."""
    workspace, _ = made
    with pytest.raises(OutputExists, match=r"features: .*regions.pt.* there, .*other.pt"):
        label(workspace, silent, features="other.pt")
    with pytest.raises(OutputExists, match="none requested"):
        label(workspace, silent, features=None)
    for given, text in ((None, "give that file with --features"), ("other.pt", "has digest")):
        with pytest.raises(InputError, match=text):
            verify.run(verify.VerifyParams("labels", deep=True, features=given), workspace, silent)
    with pytest.raises(ArtifactError, match="no file"):
        label(workspace, silent, features="none.pt")
    with pytest.raises(InputError, match="--features is for shards"):
        labels.LabelsParams(format="npy", features="classifier")


def test_wrong_features_are_found_and_repaired(made, workspace, silent):
    """`verify --deep` compares them; `--repair` makes them again."""
    done, _ = made
    images = ImageParams(done.root / "images", workers=1)
    file = done.root / "regions.pt"
    label(workspace, silent, images=images, features=file)
    before = contents(workspace.root / "labels")
    path = workspace.root / "labels" / "shard-00001.h5"
    offset = open_labels(path.parent).shards[1].stored["features"].offset
    content = bytearray(path.read_bytes())
    content[offset : offset + 2] = np.float16(0.5).tobytes()
    path.write_bytes(content)
    sidecar = path.with_suffix(".json")
    facts = json.loads(sidecar.read_text())
    sidecar.write_text(json.dumps(facts | {"sha256": hashlib.sha256(content).hexdigest()}))
    params = verify.VerifyParams("labels", True, False, images, features=file)
    assert [problem.path for problem in verify.run(params, workspace, silent).problems] == [path]
    params = verify.VerifyParams("labels", True, True, images, features=file)
    assert verify.run(params, workspace, silent).sound
    assert contents(workspace.root / "labels") == before


def test_estimates_count_features(made, silent):
    """A classifier's features take their room in the estimate."""
    workspace, _ = made
    sizes = {}
    for features in (None, "regions.pt"):
        params = labels.LabelsParams(size=SIDE, features=features)
        sizes[features] = estimate_labels(params, workspace, silent).disk["as asked"]
    assert sizes["regions.pt"] >= sizes[None] + 2 * LENGTH


def test_checkpoints_name_the_classes_and_the_classifier(made):
    """What colorizing needs is in the configuration."""
    workspace, run = made
    config = load_checkpoint(run / "best.pt").config
    assert config["sizes"] == {"classes": 2, "features": LENGTH}
    assert config["classes"] == ["blue", "red"]
    assert config["settings"]["features"]["name"] == "regions.pt"


def test_pictures_depend_on_class_and_features(made, silent):
    """A photograph is colored as one of the class, and evaluated as one of its own."""
    workspace, run = made
    params = {"inputs": ["images/red"], "device": "cpu", "features": "regions.pt"}
    pictures = {}
    for name in ("blue", "red"):
        given = colorize.ColorizeParams(**params, class_name=name)
        written = colorize.run(given, workspace, silent).written
        pictures[name] = [path.read_bytes() for path in written]
    assert all(a != b for a, b in zip(pictures["blue"], pictures["red"], strict=True))
    given = evaluate.EvaluateParams(
        ImageParams(workspace.root / "images", workers=1), checkpoint=run, features="regions.pt"
    )
    assert evaluate.run(given, workspace, silent).n_images == 8


@pytest.mark.parametrize(
    ("class_name", "features", "text"),
    [
        (None, "regions.pt", "give it with --class, one of blue, red"),
        ("green", "regions.pt", "no class 'green'; its classes are blue, red"),
        ("red", None, "features of regions.pt; give that file with --features"),
        ("red", "other.pt", "with digest"),
    ],
)
def test_missing_conditions_are_refused(made, silent, class_name, features, text):
    """The message says what is to be given."""
    workspace, _ = made
    params = colorize.ColorizeParams(["images"], class_name=class_name, features=features)
    with pytest.raises(InputError, match=text):
        colorize.run(params, workspace, silent)


def test_unknown_classes_are_not_evaluated(made, silent):
    """All images need a class that the network knows, by the rule of its labels."""
    workspace, run = made
    images = ImageParams(workspace.root / "images" / "red", workers=1)
    params = evaluate.EvaluateParams(images, checkpoint=run, features="regions.pt")
    with pytest.raises(InputError, match=r"that of 0.png: by --class-from top it is ''"):
        evaluate.run(params, workspace, silent)


@pytest.mark.parametrize("given", [{"class_name": "red"}, {"features": "classifier"}])
def test_needless_conditions_are_refused(made, tmp_path, silent, given):
    """A network that takes lightness alone is given no class and no features."""
    networks = {"colorizer": make_model("tiny", {"ab": 2}).state_dict()}
    config = {"model": "tiny", "outputs": "ab", "settings": {"size": SIDE, "stride": 4}}
    save_checkpoint(tmp_path / "plain.pt", {"networks": networks}, ab_lattice(), config, {})
    params = colorize.ColorizeParams(["images"], tmp_path / "plain.pt", **given)
    with pytest.raises(InputError, match="--class|--features"):
        colorize.run(params, made[0], silent)


def test_networks_that_take_a_class_are_not_exported(made, silent):
    """Their model.json could not say what a class is."""
    workspace, run = made
    with pytest.raises(InputError, match="this one has class"):
        export.run(export.ExportParams(run), workspace, silent)
