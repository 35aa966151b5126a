"""Claims about `colorprep probe`: what it prints and writes, and what it refuses."""

import csv
import json
import re

import numpy as np
import pytest
from PIL import Image

from colorprep import InputError, ab_lattice
from colorprep.stages.labels import LabelsParams
from colorprep.stages.labels import run as run_labels
from colorprep.stages.probe import ProbeParams
from colorprep.stages.report.results import read_probes
from colorprep.stages.source import ImageParams
from colorprep.training.checkpoint import MAIN, save_checkpoint
from colorprep.training.models import make_model

LAYERS = [f"block{number}" for number in range(1, 6)]
QUICK = ("--val", "0.3", "--epochs", "2", "--device", "cpu")


def save_network(path, model="eccv16", seed=0):
    """Save an untrained narrow network as the best one of a run."""
    channels = {"bins": 313} if model != "siggraph17" else {"ab": 2}
    config = {"model": model, "width": 0.05, "outputs": next(iter(channels))}
    network = make_model(model, channels, seed, 0.05)
    path.parent.mkdir(parents=True)
    save_checkpoint(path, {"networks": {MAIN: network.state_dict()}}, ab_lattice(), config, {})


@pytest.fixture
def runs(ready):
    """Three runs in a workspace of labels in ten classes, and one that cannot be probed."""
    for name, model in (("a", "eccv16"), ("b", "eccv16"), ("c", "siggraph17"), ("small", "tiny")):
        save_network(ready.root / "runs" / name / "best.pt", model, len(name))
    return ready


def test_it_prints_and_writes_a_table(runs, colorprep):
    """Layers by runs and their mean, chance, the log of every epoch, and a figure."""
    done = colorprep("probe", "runs/a", "runs/b", "runs/c", *QUICK)
    assert done.exit_code == 0, done.output
    header, *rows = [line.split() for line in done.stdout.splitlines()[:6]]
    assert header == ["a", "b", "c", "mean", "of", "runs"]
    assert [row[0] for row in rows] == LAYERS and all(row.count("..") == 4 for row in rows)
    facts = json.loads((runs.root / "probes/probes.json").read_text())
    assert f"of {facts['chance']['n_images']} held-out images of 10 classes" in done.stdout
    table = list(csv.DictReader((runs.root / "probes/probes.csv").open()))
    epochs = list(csv.DictReader((runs.root / "probes/epochs.csv").open()))
    assert len(table) == 3 * 5 and len(epochs) == 3 * 5 * 2
    for row in table:
        own = [e for e in epochs if (e["run"], e["layer"]) == (row["run"], row["layer"])]
        best = min(own, key=lambda epoch: float(epoch["val_loss"]))
        assert (best["epoch"], best["val_loss"]) == (row["epoch"], row["val_loss"])
        assert float(best["val_accuracy"]) == pytest.approx(float(row["accuracy"]))
        assert facts["runs"][row["run"]]["layers"][row["layer"]]["accuracy"]["low"] == float(
            row["low"]
        )
    assert Image.open(runs.root / "probes/probes.png").width > 800
    shown = read_probes(runs).facts["runs"]["a"]["block3"]
    assert shown == facts["runs"]["a"]["layers"]["block3"]["accuracy"]
    means = [facts["runs"][name]["layers"]["block3"]["accuracy"]["value"] for name in "abc"]
    assert facts["over_runs"]["block3"]["value"] == pytest.approx(np.mean(means))


def test_json_is_the_same_each_time(runs, colorprep):
    """One run has no mean over runs; the files are the same bytes when they are made again."""
    first = json.loads(colorprep("probe", "runs/a", *QUICK, "--json").stdout)
    before = {path: path.read_bytes() for path in (runs.root / "probes").iterdir()}
    again = json.loads(colorprep("probe", "runs/a", *QUICK, "--json").stdout)
    assert first == again and first["replaced"] == [] and first["over_runs"] == {}
    assert set(first["runs"]["a"]["layers"]) == set(LAYERS)
    assert first["facts"].endswith("probes/probes.json") and len(before) == 5  # with the mark
    assert before == {path: path.read_bytes() for path in (runs.root / "probes").iterdir()}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["runs/small"], "runs/small/best.pt is of tiny: .* use a run of eccv16 or siggraph17"),
        (["runs/none"], "runs/none"),
        (["runs/a", "--shards", "elsewhere"], "colorprep labels"),
    ],
    ids=["no layers", "no run", "no labels"],
)
def test_what_cannot_be_probed_is_refused(runs, colorprep, words, message):
    """Before anything is trained or written."""
    done = colorprep("probe", "--device", "cpu", *words)
    assert done.exit_code == 1 and not (runs.root / "probes").exists()
    assert re.search(message, done.stderr), done.stderr


@pytest.mark.parametrize(
    ("folders", "message"),
    [((".",), "no classes; make them with"), (("only",), "of the class only, but probes tell")],
    ids=["none", "one"],
)
def test_labels_need_two_classes(workspace, silent, colorprep, folders, message):
    """Labels without classes, or with one, are refused with what to do."""
    for folder in folders:
        (workspace.root / "images" / folder).mkdir(parents=True)
        for number in range(4):
            pixels = np.full((16, 16, 3), 60 * number, np.uint8)
            Image.fromarray(pixels).save(workspace.root / "images" / folder / f"{number}.png")
    images = ImageParams(workspace.root / "images", workers=1)
    run_labels(LabelsParams(images, size=16), workspace, silent)
    done = colorprep("probe", "--val", "0.5")
    assert done.exit_code == 1 and message in done.stderr


def test_options_are_those_of_training_as_published():
    """Unless given, they are published; others than those of probes are refused."""
    params = ProbeParams.of(["runs/a"], epochs=3)
    assert params.published() == {
        "optimizer": "adam", "schedule": "constant", "warm_up": 0.0, "learning_rate": 1e-3,
        "batch_size": 25, "epochs": 3, "max_images": 13_000,
    }  # fmt: skip
    with pytest.raises(TypeError, match="crop"):
        ProbeParams.of(crop=16)
    with pytest.raises(InputError, match="--val"):
        ProbeParams.of(held_out=0.0)
    with pytest.raises(InputError, match="at most 6 runs"):
        ProbeParams.of([f"runs/{number}" for number in range(7)])
