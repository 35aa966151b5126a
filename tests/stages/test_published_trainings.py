"""Claims about published ways to train: resuming is exact, all is logged, misfits are refused."""

import numpy as np
import pytest
import torch
from PIL import Image

from colorprep import InputError
from colorprep.images.sample import sample_crops
from colorprep.progress import Reporter
from colorprep.runs import read_log
from colorprep.stages.labels import LabelsParams
from colorprep.stages.labels import run as label
from colorprep.stages.source import ImageParams
from colorprep.stages.train import TrainParams, run
from colorprep.stages.train.inputs import read_inputs
from colorprep.stages.train.method import make_method
from colorprep.training.processes import Process
from colorprep.training.recipes import RECIPES
from colorprep.workspace import Workspace

# What each way of training adds to a recipe: narrow networks, and a crop of small labels.
WAYS = {
    "keras-fcn-segmentation": {"width": 1 / 16, "crop": 24},
    "keras-fcn-rebalanced": {"width": 1 / 16, "crop": 24, "use_weights": False},
    "keras-fcn-regression": {"width": 1 / 16, "crop": 24},
    "cifar-fusion-label": {"width": 1 / 16},
    "cifar-cgan": {"width": 1 / 16},
    "places-nazeri32": {"width": 1 / 16},
    "siggraph17": {
        "model": "siggraph17",
        "loss": "siggraph17-reg",
        "hints": 0.125,
        "saturation": 0.01,
        "width": 1 / 16,
        "crop": 24,
    },  # fmt: skip
    "classifier": {"width": 1 / 8, "crop": 24},
}
LOGGED = {
    "keras-fcn-segmentation": ("val_mean_iou", "val_pixel_accuracy"),
    "cifar-cgan": ("train_adversarial", "train_critic_real", "train_critic_fake", "val_chroma"),
    "places-nazeri32": ("train_adversarial", "train_critic_real", "train_critic_fake"),
    "siggraph17": ("train_l1", "val_coarse-ce", "train_saturation", "val_saturation"),
    "classifier": ("val_accuracy",),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A workspace with labels of 16 photographs in two classes, with masks and pixels."""
    workspace = Workspace(tmp_path_factory.mktemp("published"))
    for number, crop in enumerate(sample_crops(16, 32)):
        stem = f"{number:02}"
        folder = workspace.root / "photos" / "train" / ("cat", "dog")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        crop.image.save(folder / f"{stem}.png")
        mask = np.full((32, 32), number % 3, np.uint8)
        mask[:2] = 255
        masks = workspace.root / "masks" / folder.relative_to(workspace.root / "photos")
        masks.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(masks / f"{stem}.png")
    images = ImageParams(workspace.root / "photos")
    values = {"size": 32, "stride": 1, "keep": "rgb", "class_from": "parent"}
    full = LabelsParams(images, segments=workspace.root / "masks", segment_classes=3, **values)
    label(full, workspace, Reporter())
    label(LabelsParams(images, size=32, output="plain"), workspace, Reporter())
    return workspace


def params_of(way, **given):
    """A few steps of a way to train."""
    recipe = {**RECIPES[way].options, "recipe": way} if way in RECIPES else {}
    short = {"epochs": None, "batch_size": 4, "steps": 4, "held_out": 0.25, "deterministic": True}
    # A schedule that does not depend on the number of steps, which resuming changes.
    short["schedule"] = "constant"
    return TrainParams.of(**{**recipe, **WAYS[way], **short, **given})


def networks_of(folder):
    """The numbers of all networks of a run, by network and array."""
    networks = torch.load(folder / "last.pt", weights_only=False)["networks"]
    return {
        f"{name}.{array}": numbers
        for name, state in networks.items()
        for array, numbers in state.items()
    }


@pytest.mark.parametrize("way", WAYS)
def test_resuming_is_exact(made, way):
    """Two steps and two more are four, to the bit; losses and measures are in the log."""
    whole = run(params_of(way, output=f"runs/{way}"), made, Reporter())
    parts = params_of(way, output=f"runs/{way}-parts", steps=2)
    run(parts, made, Reporter())
    run(parts.replace(resume=True), made, Reporter(), {"steps": 4})
    first, second = (networks_of(made.root / f"runs/{way}{end}") for end in ("", "-parts"))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    log = read_log(whole.log)
    for name in ("train_loss", "val_loss", *LOGGED.get(way, ())):
        assert np.isfinite(log[name][-1])
    assert whole.picture.exists()


REFUSED = {
    "no segments": ("keras-fcn-segmentation", "colorprep labels --segments DIR"),
    "no rgb": ("cifar-cgan", "--keep rgb"),
    "another stride": ("colorizer-fcn-32s", "--lowpass 8"),
    "too small": ("places-unet224", "colorprep labels --dir train/ --size 256"),
    "another head": ("zhang2016", "predicts"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_labels_that_do_not_fit_are_refused(made, why):
    """The message has the command that makes labels which fit."""
    recipe, text = REFUSED[why]
    given = {"model": "cifar-unet", "crop": None} if why == "another head" else {}
    params = TrainParams.of(**{**RECIPES[recipe].options, "recipe": recipe, **given})
    with pytest.raises(InputError, match=text):
        run(params.replace(shards="plain", output="runs/refused"), made, Reporter())
    assert not (made.root / "runs/refused/config.json").exists()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"hints": 0.5}, "the model tiny takes no hints"),
        ({"loss": "siggraph17-class"}, "is for --model siggraph17, not for tiny"),
    ],
)
def test_networks_that_do_not_fit_are_refused(made, given, text):
    """The message says which network fits."""
    params = TrainParams.of(model="tiny", output="runs/refused", **given)
    with pytest.raises(InputError, match=text):
        run(params, made, Reporter())


@pytest.mark.parametrize("part", ["class", "reg"])
def test_shared_layers_learn_from_the_head_of_the_loss(made, part):
    """The method of a run tells the network, also when the run is resumed."""
    params = params_of("siggraph17", loss=f"siggraph17-{part}", resume=True)
    inputs = read_inputs(params, made, Process(torch.device("cpu")), Reporter())
    network = make_method(params, inputs).network
    assert network.trunk_head == {"class": "coarse-bins", "reg": "ab"}[part]


def test_segments_of_three_voc_pairs_are_overfitted(tmp_path):
    """Palette masks in VOC's layout are learned by heart: the loss falls ten times."""
    workspace = Workspace(tmp_path)
    for name in ("JPEGImages", "SegmentationClass"):
        (tmp_path / name).mkdir()
    for number, crop in enumerate(sample_crops(3, 32)):
        crop.image.save(tmp_path / "JPEGImages" / f"2011_{number:06}.jpg")
        mask = np.zeros((32, 32), np.uint8)
        mask[:, 16:], mask[:2] = 5 * (number + 1), 255
        palette = Image.fromarray(mask, "L").convert("P")
        palette.putpalette([index * 11 % 256 for index in range(768)])
        palette.putdata(mask.ravel().tolist())
        palette.save(tmp_path / "SegmentationClass" / f"2011_{number:06}.png")
    images = ImageParams(tmp_path / "JPEGImages")
    made = LabelsParams(images, size=32, stride=1, segments=tmp_path / "SegmentationClass")
    label(made, workspace, Reporter())
    params = TrainParams.of(
        model="keras-fcn", loss="segments", width=1 / 8, optimizer="adam", learning_rate=3e-3,
        schedule="constant", warm_up=0.0, flip=False, held_out=0.0, steps=20, batch_size=3,
        checkpoint_every=20,
    )  # fmt: skip
    losses = read_log(run(params, workspace, Reporter()).log)["train_loss"]
    assert losses[-1] < 0.1 * losses[0]
