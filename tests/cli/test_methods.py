"""Claims about the options of `evaluate` that name methods, and what is printed of them."""

import json

import numpy as np
import pytest
from PIL import Image

from colorprep import InputError
from colorprep.cli.methods import methods_of
from colorprep.stages.source import ImageParams


@pytest.fixture
def photos(tmp_path):
    """Three small pictures in gt, and the same in lighter in a and b=1."""
    generator = np.random.default_rng(0)
    for name in ("gt", "a", "b=1"):
        (tmp_path / name).mkdir()
    for number in range(3):
        pixels = generator.integers(0, 200, (16, 16, 3))
        for name, more in (("gt", 0), ("a", 20), ("b=1", 40)):
            image = Image.fromarray((pixels + more).astype(np.uint8))
            image.save(tmp_path / name / f"{number}.png")


def methods(workspace, colorized=(), checkpoint=(), suffixes=(), match="stem", **values):
    """The parameters of each method."""
    shared = {"original": "gt", "images": ImageParams(), "temperature": None, "features": None}
    return methods_of(workspace, colorized, checkpoint, suffixes, match, **shared | values)


def test_methods_are_named_or_named_like_their_folders(photos, workspace):
    """A folder whose name has a sign of equality is taken as it is."""
    found = methods(
        workspace, ["zhang=a/", "x/b", "b=1", "s3://c/d?e=f", "far=s3://c/d"], ["ours=runs/x"]
    )
    assert {name: one.colorized or one.checkpoint for name, one in found.items()} == {
        "zhang": "a/",
        "b": "x/b",
        "b=1": "b=1",
        "d?e=f": "s3://c/d?e=f",
        "far": "s3://c/d",
        "ours": "runs/x",
    }
    assert found["ours"].images.folder == "gt" and found["ours"].original is None


def test_options_of_pictures_and_of_networks(workspace):
    """Suffixes and matching go to methods with pictures, temperatures to those with networks."""
    found = methods(workspace, ["a=x", "b=y"], ["c=z"], ["_fake", "b=_B"], "name", temperature=0.5)
    assert [one.suffix for one in found.values()] == ["_fake", "_B", ""]
    assert [one.match for one in found.values()] == ["name", "name", "stem"]
    assert [one.temperature for one in found.values()] == [None, None, 0.5]


def test_one_method_needs_no_name(workspace):
    """Its parameters are those of a single evaluation, with or without a name."""
    ((_, named),) = methods(workspace, ["zhang=a"], suffixes=["zhang=_B"]).items()
    ((_, plain),) = methods(workspace, ["a"], suffixes=["_B"]).items()
    assert named == plain and plain.colorized == "a" and plain.suffix == "_B"
    ((_, signed),) = methods(workspace, ["a"], suffixes=["_x=1"]).items()
    assert signed.suffix == "_x=1"


def test_pictures_are_those_that_colorize_made(workspace):
    """Originals alone are compared with colorized/."""
    with pytest.raises(InputError, match="give them with --colorized"):
        methods(workspace)
    workspace.own_folder("colorized")
    ((name, made),) = methods(workspace).items()
    assert (name, made.colorized) == ("colorized", "colorized")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"colorized": ["x/a", "y/a"]}, "two methods are called a"),
        ({"colorized": ["a", "b"], "suffixes": ["_x", "_y"]}, "twice for all methods"),
        ({"colorized": ["a", "b"], "suffixes": ["a=_x", "a=_y"]}, "twice for a"),
        (
            {"colorized": ["a=x", "b=y"], "suffixes": ["c=_x"]},
            "there is no method c; the methods are a, b",
        ),
        ({"colorized": ["a", "b"], "temperature": 0.5}, "--temperature"),
        ({"colorized": ["a", "b"], "original": None}, "needs the originals"),
        ({"checkpoint": ["a", "b"], "suffixes": ["a=_x"]}, "go with --colorized"),
        ({"checkpoint": ["a", "b"], "images": ImageParams("d")}, "--dir are both given"),
    ],
    ids=str,
)
def test_methods_that_do_not_fit_together(workspace, values, message):
    """They are refused before any image is read."""
    with pytest.raises(InputError, match=message):
        methods(workspace, **values)


def test_the_tables_are_printed(colorprep, photos, tmp_path):
    """As Markdown, with a short protocol; the files are beside each other."""
    words = ["--original", "gt", "--colorized", "a", "--colorized", "b=b=1"]
    result = colorprep("evaluate", *words)
    assert result.exit_code == 0 and "| metric " in result.stdout
    assert "Differences to a, with paired 95% intervals:" in result.stdout
    assert max(map(len, result.stdout.splitlines())) < 160
    names = sorted(path.name for path in (tmp_path / "evaluation").glob("[!.]*"))
    endings = ("-images.csv", ".csv", ".html", ".json", ".md", ".tex")
    assert names == [f"methods{ending}" for ending in endings]
    facts = json.loads(colorprep("evaluate", *words, "--baseline", "b", "--json").stdout)
    assert facts["baseline"] == "b" and list(facts["methods"]) == ["a", "b"]
    assert facts["methods"]["a"]["differences"]["psnr"]["mean"] > 0


def test_a_baseline_needs_several_methods(colorprep):
    """With one method it is wrong usage."""
    result = colorprep("evaluate", "--original", "gt", "--colorized", "a", "--baseline", "a")
    assert result.exit_code == 2 and "several methods" in result.stderr
