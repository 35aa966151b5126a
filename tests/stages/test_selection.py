"""Claims about the images that `train` learns from and those that it holds out."""

import json

import pytest

from colorprep import InputError, open_labels
from colorprep.images.lists import write_list
from colorprep.stages.labels import stage as labels_stage
from colorprep.stages.source import ImageParams
from colorprep.stages.train.params import TrainParams
from colorprep.stages.train.selection import parse_curriculum, parse_held_out, split_labels
from colorprep.stages.train.stage import run


@pytest.fixture
def keys(ready):
    """The keys of the labels."""
    return open_labels(ready.root / "labels").keys


@pytest.fixture
def trained(ready, recorder):
    """Trains, and returns the config and the lines of validation.txt."""

    def train(**params):
        result = run(
            TrainParams.of(batch_size=8, output="runs/a", model="tiny", **params), ready, recorder
        )
        config = json.loads((result.folder / "config.json").read_text())
        held_out = (result.folder / "validation.txt").read_text().splitlines()
        assert held_out == result.held_out
        return config, held_out

    return train


@pytest.mark.parametrize(
    ("text", "stages"),
    [
        ("a.txt:3", (("a.txt", 3),)),
        ("lists/a.txt:5, all:10", (("lists/a.txt", 5), (None, 10))),
        (r"C:\lists\a.txt:2,./all:1", ((r"C:\lists\a.txt", 2), ("./all", 1))),
    ],
)
def test_curricula_are_read(text, stages):
    """The number after the last colon is the epochs, and `all` is not a list."""
    assert parse_curriculum(text) == stages


@pytest.mark.parametrize("text", ["", "a.txt", "a.txt:", ":3", "a.txt:x", "a.txt:-1", "a:1,,b:2"])
def test_no_curricula(text):
    """Texts that are not a curriculum are refused, and the error shows the form."""
    with pytest.raises(InputError, match="LIST:EPOCHS,LIST:EPOCHS"):
        parse_curriculum(text)


def test_shares_and_lists():
    """Numbers are fractions, everything else is a list."""
    assert parse_held_out("0.25") == 0.25
    assert parse_held_out("./0.25") == "./0.25"


def test_a_list_is_trained_on(trained, keys, ready, recorder):
    """--list narrows only the training images; lines without labels are reported."""
    lines = [f"/train/{key} 3" for key in keys[:20]]
    write_list(ready.root / "some.txt", [*lines, "gone.jpg"])
    _, everything = trained(epochs=1)
    (ready.root / "runs" / "a").rename(ready.root / "runs" / "b")
    config, held_out = trained(epochs=1, list="some.txt")
    assert held_out == everything and held_out
    assert config["n_training"] == len(set(keys[:20]) - set(held_out)) < 20
    assert config["list"] == "some.txt"
    assert any(
        "not among the labels: 1 image listed in some.txt" in text for text in recorder.warnings
    )


def test_a_list_is_held_out(trained, keys, ready):
    """--val LIST holds out its images, in any order, and records them."""
    write_list(ready.root / "val.txt", [keys[30], keys[3]])
    config, held_out = trained(epochs=1, held_out="val.txt")
    assert held_out == [keys[3], keys[30]]
    assert (config["held_out"], config["n_training"]) == ("val.txt", 38)


@pytest.mark.parametrize("form", ["./{}/", "{}/", "{}"])
def test_a_folder_is_held_out(prepared, recorder, form):
    """--val FOLDER/ holds out all images below it; a name of no list needs no slash."""
    labels = open_labels(prepared.root / "labels")
    folder = labels.keys[0].split("/")[0]
    training, held_out = split_labels(labels, form.format(folder), prepared, recorder)
    assert held_out == [key for key in labels.keys if key.startswith(f"{folder}/")]
    assert sorted([*training, *held_out]) == sorted(labels.keys) and training and held_out


def test_a_folder_to_hold_out_is_recorded(trained, keys):
    """In the config, as it was given."""
    folder = keys[0].split("/")[0] + "/"
    config, held_out = trained(epochs=1, held_out=folder)
    assert config["held_out"] == folder and all(key.startswith(folder) for key in held_out)


def test_nothing_held_out(trained):
    """A fraction of 0 trains on all images."""
    config, held_out = trained(epochs=1, held_out=0.0)
    assert held_out == [] and config["n_training"] == 40


def test_a_curriculum_is_followed(trained, keys, ready, recorder):
    """Stages have their lists and epochs, which set the steps; held-out images stay out."""
    write_list(ready.root / "val.txt", keys[:4])
    write_list(ready.root / "easy.txt", keys[:20])
    stages = (("easy.txt", 2), (None, 1))
    config, _ = trained(curriculum=stages, held_out="val.txt")
    assert config["total_steps"] == 2 * 2 + 5  # 16 images twice, then 36, in batches of 8
    assert config["curriculum"] == [
        {"list": "easy.txt", "epochs": 2},
        {"list": "all", "epochs": 1},
    ]
    assert any("held out for validation: 4 images of easy.txt" in note for note in recorder.notes)


def test_so_many_images_an_epoch(trained):
    """--max-images limits an epoch; --rare-color draws by weights that the loss may not use."""
    config, _ = trained(epochs=2, max_images=10, rare_color=True, use_weights=False)
    assert config["total_steps"] == 4
    assert (config["max_images"], config["rare_color"]) == (10, True)


def test_rare_color_needs_weights(trained, ready):
    """Without a file of weights, the message says what it is needed for."""
    (ready.root / "weights.npz").rename(ready.root / "elsewhere.npz")
    with pytest.raises(InputError, match="--rare-color chooses images by rebalancing weights"):
        trained(max_images=10, rare_color=True, use_weights=False)


def test_compressed_labels_train(photographs, workspace, recorder):
    """Compressed labels are trained on, with a note that this is slow."""
    params = labels_stage.LabelsParams(ImageParams(photographs), size=32, compression="gzip")
    labels_stage.run(params, workspace, recorder)
    run(TrainParams.of(epochs=1), workspace, recorder)
    assert any("without --compression" in note for note in recorder.notes)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"list": "others.txt"}, "none of the 1 images listed in others.txt is among the labels"),
        ({"held_out": "others.txt"}, "none of the 1 images listed in others.txt"),
        ({"held_out": "val/"}, "no image .* in the folder val/ .* top folders are .*--val"),
        ({"held_out": "every.txt"}, "every.txt holds out all images"),
        ({"list": "some.txt", "held_out": "some.txt"}, "some.txt are held out .* --val"),
        ({"curriculum": (("some.txt", 1),), "held_out": "some.txt"}, "some.txt are held out"),
        ({"list": "nowhere.txt"}, "there is no list"),
    ],
)
def test_nothing_to_train_on(trained, keys, ready, params, message):
    """Lists without labeled images, or with all held out, are refused before the run begins."""
    write_list(ready.root / "others.txt", ["other.jpg"])
    write_list(ready.root / "every.txt", keys)
    write_list(ready.root / "some.txt", keys[:3])
    with pytest.raises(InputError, match=message):
        trained(**params)
    assert not (ready.root / "runs").exists()
