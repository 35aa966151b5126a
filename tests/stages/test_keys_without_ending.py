"""Claims about images without an image ending in their names: every stage works with them."""

import shutil

import numpy as np
import pytest
from click.testing import CliRunner

from colorprep.cli.main import cli
from colorprep.training.data.label_maps import LabelMapDataset

KEYS = ["cat/one", "cat/three.jfif", "cat/two.jpg?w=640", "coffee/Mr. Smith"]


@pytest.fixture
def odd(photographs, tmp_path):
    """Four photographs with such names in two classes."""
    for key, path in zip(KEYS, sorted(photographs.rglob("c*.jpg")), strict=False):
        (tmp_path / "odd" / key).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / "odd" / key)
    return tmp_path / "odd"


def test_label_maps(colorprep, odd, tmp_path):
    """Each has a map that training finds, and that --overwrite replaces or removes."""
    words = ("labels", "--dir", odd, "--format", "npy", "-o", "maps")
    assert colorprep(*words).exit_code == 0
    assert len(LabelMapDataset(tmp_path / "maps", odd)) == len(KEYS)
    for key in KEYS:
        assert np.load(tmp_path / "maps" / f"{key}.npy").shape == (96, 96)
    (odd / "cat/one").unlink()
    assert colorprep(*words, "--overwrite").exit_code == 0
    found = {path.relative_to(tmp_path / "maps").as_posix() for path in tmp_path.rglob("*.npy")}
    assert found == {f"{key}.npy" for key in KEYS[1:]}


def test_arrays_of_the_user_survive_overwriting(colorprep, odd, tmp_path):
    """In a folder without labels, no array is mistaken for a map."""
    (tmp_path / "mine").mkdir()
    np.save(tmp_path / "mine/array.npy", np.zeros((2, 2), np.uint16))
    words = ("labels", "--dir", odd, "--format", "npy", "-o", "mine", "--overwrite")
    assert colorprep(*words).exit_code == 0
    assert (tmp_path / "mine/array.npy").exists()


def test_classes_lists_pictures_and_figures(colorprep, odd, tmp_path):
    """From class priors to the evaluation of a network's pictures."""
    assert colorprep("prior", "--dir", odd, "--by-class").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "priors").glob("[!.]*")) == ["cat", "coffee"]
    assert colorprep("labels", "--size", "32").exit_code == 0
    assert colorprep("lists", "random", "4", "-o", "all.txt").exit_code == 0
    assert (tmp_path / "all.txt").read_text().splitlines() == KEYS
    train = ("train", "--model", "tiny", "--epochs", "1", "--batch-size", "4", "-o", "run")
    assert colorprep(*train, "--val", "0").exit_code == 0
    assert colorprep("colorize", odd, "--checkpoint", "run").exit_code == 0
    pictures = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*/c*/*.png")}
    assert pictures == {
        *("colorized/cat/one.png", "colorized/cat/three.png", "colorized/cat/two.png"),
        "colorized/coffee/Mr.png",
    }
    result = CliRunner().invoke(
        cli,
        [
            "evaluate",
            "--original",
            str(odd),
            "--colorized",
            f"{tmp_path}/colorized",
            "-C",
            str(tmp_path),
        ],
    )
    assert result.exit_code == 0, result.output
    assert "4 images" in result.stdout
