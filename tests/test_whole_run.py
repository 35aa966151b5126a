"""The whole chain once, as a newcomer runs it: the four commands, and the demo."""

import json
from functools import partial

import numpy as np
import pytest
from PIL import Image

from colorprep.marks import MARK
from colorprep.stages import demo


def test_the_four_commands(colorprep, photographs, tmp_path):
    """prior, labels, rgbvar and train work one after another as they are documented."""
    assert colorprep("prior", "--dir", photographs).exit_code == 0
    assert colorprep("labels", "--size", "64").exit_code == 0
    assert colorprep("rgbvar", "--range", "10-100100").exit_code == 0
    assert colorprep("train", "--epochs", "1").exit_code == 0
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    expected = {
        "workspace.json",
        "prior.npz",
        "weights.npz",
        "labels/manifest.json",
        "labels/shard-00000.h5",
        "labels/shard-00000.json",
        "labels/skipped.csv",
        "lists/rgbvar.txt",
        "lists/rgbvar.csv",
        "lists/rgbvar-10-100100.txt",
    }
    assert expected <= names
    (run,) = (tmp_path / "runs").iterdir()
    assert run.name.endswith("-small")
    made = {"log.csv", "config.json", "last.pt", "best.pt", "samples", "validation.txt", MARK}
    assert {path.name for path in run.iterdir()} == made
    assert not [name for name in names if name.endswith(".tmp")]


@pytest.mark.slow
def test_the_demo(colorprep, tmp_path, monkeypatch):
    """The demo, shortened, replaces an earlier one and names pictures that are there."""
    fewer = partial(demo.sample.SampleParams, count=32)
    monkeypatch.setattr(demo.sample, "SampleParams", fewer)
    monkeypatch.setattr(demo, "EPOCHS", 8)  # of fourteen; enough for it to dare colors
    earlier = tmp_path / "demo"
    earlier.mkdir()
    (earlier / demo.DEMO_MARK).touch()
    (earlier / "old.png").touch()
    run, done = demo.run, []

    def run_once(*given):
        if not done:
            done.append(run(*given))
        return done[0]

    monkeypatch.setattr(demo, "run", run_once)
    result = colorprep("demo", "--json", "-q")
    assert result.exit_code == 0, result.stderr
    assert not (earlier / "old.png").exists()
    facts = json.loads(result.stdout)
    assert len(facts["pictures"]) == 4
    for path in [*facts["pictures"].values(), *facts["colorized"]]:
        pixels = np.asarray(Image.open(path).convert("RGB"))
        assert np.ptp(pixels, axis=2).max() > 50
    text = colorprep("demo")
    assert text.exit_code == 0 and "demo/figures/prior.png" in text.stdout


def test_the_demo_takes_no_foreign_folder(colorprep, tmp_path):
    """A folder with something else in it is left alone."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "thesis.tex").touch()
    result = colorprep("demo")
    assert result.exit_code == 1 and "--out" in result.stderr
    assert (tmp_path / "demo" / "thesis.tex").exists()


def test_sample(colorprep, tmp_path):
    """The built-in photographs are written as JPEG files, into a new folder only."""
    assert colorprep("sample", "photos", "--count", "10", "--size", "48").exit_code == 0
    files = sorted((tmp_path / "photos").rglob("*.jpg"))
    assert len(files) == 10 and all(Image.open(path).size == (48, 48) for path in files)
    assert Image.open(files[0]).format == "JPEG"
    assert colorprep("sample", "photos").exit_code == 1
