"""Claims about the scripts in `pipelines/`: quick runs print their tables and name pictures."""

import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorprep import load_prior, load_weights
from colorprep.runs import read_config

PIPELINES = Path(__file__).resolve().parents[1] / "pipelines"
FIGURE = re.compile(r"\s{2,}(?:nan|-|[-\d.e+]+)")


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a script in an empty folder; returns the rows of its table and its messages."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(PIPELINES))

    def call(script, *arguments):
        monkeypatch.setattr(sys, "argv", [script, "--out", "out", *arguments])
        runpy.run_path(str(PIPELINES / f"{script}.py"), run_name="__main__")
        said = capsys.readouterr()
        pictures = re.findall(r"(\S+\.(?:png|jpg))", said.out)
        assert pictures
        for name in pictures:
            Image.open(name).verify()
        _, _, table = said.out.partition("held-out images:\n")
        header, *lines = table.splitlines()
        return header, {FIGURE.split(line, maxsplit=1)[0]: line for line in lines}, said.err

    return call


def test_zhang2016(run):
    """The network and gray pictures are evaluated; the same command finds everything done."""
    header, rows, messages = run("zhang2016", "--quick")
    assert list(rows) == ["eccv16", "gray"]
    assert all(name in header for name in ("psnr", "auc balanced", "mse ab"))
    assert "mean nothing" in messages
    config = read_config(Path("out/runs/zhang2016"))
    assert config["options"]["recipe"] == "zhang2016" and config["rebalanced"]
    again, messages = run("zhang2016", "--quick")[1:]
    assert again == rows and "is finished after step 3" in messages


def test_keras_fcn(run):
    """Segments are learned first; the regression starts from them, and the matrix is there."""
    header, rows, messages = run("keras_fcn", "--quick")
    trained = [
        "segmentation (nats per pixel)",
        "classification (nats per pixel)",
        "rebalanced (nats per pixel)",
        "regression (Lab units)",
    ]
    assert list(rows) == [*trained, "gray"]
    assert all(name in header for name in ("mean iou", "psnr", "bin accuracy"))
    assert "those of runs/keras-fcn-segmentation/best.pt" in messages
    matrix = np.load("out/color_vec_table.npy")
    assert matrix.shape == (313, 314) and (matrix[:, 313] == 0).all()
    weights = load_weights(Path("out/weights.npz"))[0].weights
    # The matrix reads its smoothed prior back without normalizing; the weights' prior sums to 1.
    np.testing.assert_allclose(matrix.sum(axis=1), weights, rtol=0.02)
    assert load_prior(Path("out/prior.npz")).meta["smoothing"] == "lattice"
    assert len(list(Path("out/maps").rglob("*.npy"))) == 13


def test_colorizer_fcn(run):
    """FCN-32s hands over to FCN-16s, and that to FCN-8s; all kinds of bins are scored."""
    header, rows, messages = run("colorizer_fcn", "--quick")
    assert list(rows) == ["32s", "16s", "8s", "32s-uniform", "32s-one-hot"]
    assert all(name in header for name in ("nats per pixel", "pixel accuracy", "frequency iou"))
    for before in ("32s", "16s"):
        assert f"those of runs/colorizer-fcn-{before}/best.pt" in messages


def test_cifar_models(run):
    """The models stand beside the published figures; without a classifier, one is left out."""
    header, rows, messages = run("cifar_models", "--quick")
    expected = ["cifar-autoencoder", "cifar-unet", "cifar-fusion-label", "cifar-cgan"]
    if "pip install 'colorprep[classifier]'" not in messages:
        expected.insert(3, "cifar-fusion-classifier")
    assert list(rows) == [*expected, "published cGAN", "gray"]
    assert rows["published cGAN"].split()[2:4] == ["0.06113", "0.008538"]
    assert header.split()[:3] == ["mae", "mse", "psnr"]


def test_places_models(run):
    """The networks of both sizes are compared with gray pictures of their size."""
    header, rows, _ = run("places_models", "--quick")
    networks = ["resnet", "unet224", "cgan", "nazeri224", "unet32", "nazeri32"]
    expected = {f"places-{name}" for name in networks}
    assert set(rows) == {*expected, "gray at 224 pixels", "gray at 32 pixels"}
    assert header.split()[-2:] == ["mse_ab", "s.e."]


def test_siggraph17(run):
    """Each phase starts from the one before; layers are probed, hints and weights are swept."""
    header, rows, messages = run("siggraph17", "--quick", "--saturation", "0", "0.1")
    saturated = "siggraph17-reg2-saturation-0.1"
    assert list(rows) == ["siggraph17-reg2", saturated, "gray"] and "psnr" in header
    assert read_config(Path("out/runs", saturated))["options"]["saturation"] == 0.1
    for before in ("class-small", "class", "reg"):
        assert f"those of runs/siggraph17-{before}/best.pt" in messages
    assert read_config(Path("out/runs/siggraph17-reg2"))["options"]["hints"] == 0.125
    probes = Path("out/probes/probes.csv").read_text()
    assert all(f"siggraph17-{name}" in probes for name in ("class", "reg2"))
    assert Path("out/sweep/siggraph17-reg2/sweep.csv").read_text().startswith("key,0,1,10")


def test_the_first_phase_of_siggraph17(monkeypatch):
    """It takes the first ten classes; of images in one folder, as in COCO, every tenth."""
    monkeypatch.syspath_prepend(str(PIPELINES))
    first_of = runpy.run_path(str(PIPELINES / "siggraph17.py"))["first_of"]
    keys = [f"train/n{number:02}/{name}.jpg" for number in range(12) for name in "ab"]
    assert first_of(keys) == keys[:20]
    assert first_of([f"train2017/{number:02}.jpg" for number in range(25)]) == [
        f"train2017/{number}.jpg" for number in ("00", "10", "20")
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give --dir IMAGES, or --quick"),
        (["--dir", "missing"], "Error: there is no .*missing"),
    ],
)
def test_mistakes_are_reported_without_a_traceback(run, capsys, arguments, message):
    """A script ends with a message that says what to do."""
    with pytest.raises(SystemExit) as stopped:
        run("zhang2016", *arguments)
    assert re.search(message, f"{stopped.value} {capsys.readouterr().err}")
