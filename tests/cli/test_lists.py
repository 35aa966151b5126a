"""Claims about `colorprep lists`: what its commands print, write and refuse."""

import json

import pytest
from click.testing import CliRunner
from folders import put_files

from colorprep.cli.main import cli

KEYS = [f"{name}/{number}.jpg" for name in ("cat", "dog") for number in range(10)]


@pytest.fixture
def photos(tmp_path):
    """A folder of twenty images in two classes."""
    return put_files(tmp_path / "photos", KEYS)


def lines_of(path):
    """The lines of a list."""
    return path.read_text().splitlines()


def test_lists_are_drawn_and_combined(colorprep, photos, tmp_path):
    """Lists are made from each other, and each command prints what it wrote."""
    drawn = colorprep("lists", "random", 12, "--dir", "photos")
    assert drawn.stdout.endswith("lists/random-12.txt: 12 of 20 images, from 2 of 2 folders\n")
    assert drawn.stderr == ""
    tiny = colorprep("lists", "tiny")
    assert tiny.stdout.endswith("lists/tiny.txt: 9 of 20 images, from 2 of 2 folders\n")
    printed = colorprep("lists", "split", "--val", "0.2").stdout
    assert [line.partition("lists/")[2] for line in printed.splitlines()] == [
        "train.txt: 14 images from 2 folders",
        "val.txt: 4 images from 2 folders",
        "test.txt: 2 images from 2 folders",
    ]
    folder = tmp_path / "lists"
    rest = colorprep("lists", "subtract", "lists/random-12.txt", "lists/tiny.txt")
    assert rest.stdout.endswith("subtracted.txt: 3 images from 2 folders, of 12 and 9 listed\n")
    both = colorprep(
        "lists", "intersect", "lists/tiny.txt", "lists/random-12.txt", "-o", "both.txt"
    )
    assert both.exit_code == 0 and lines_of(tmp_path / "both.txt") == lines_of(folder / "tiny.txt")
    names = [f"lists/{name}.txt" for name in ("train", "val", "test")]
    assert colorprep("lists", "merge", *names).exit_code == 0
    assert sorted(lines_of(folder / "merged.txt")) == KEYS


def test_forms(colorprep, photos, tmp_path):
    """--form writes lines with the source's name, or with class numbers, and all are read."""
    for form, line in (("prefixed", "photos/cat/"), ("labeled", "/dog/")):
        name = f"{form}.txt"
        words = ["lists", "random", 20, "--dir", "photos", "--form", form, "-o", name]
        assert colorprep(*words).exit_code == 0
        assert any(text.startswith(line) for text in lines_of(tmp_path / name))
        keys = colorprep("lists", "merge", name, "--dir", "photos", "-o", f"{form}-keys.txt")
        assert keys.exit_code == 0 and lines_of(tmp_path / f"{form}-keys.txt") == KEYS
        assert colorprep("info", name).stdout.startswith("a list of 20 images")
    assert "/dog/3.jpg 1" in lines_of(tmp_path / "labeled.txt")


def test_json(colorprep, photos, tmp_path):
    """--json gives one object with stable keys."""
    source = ["--dir", "photos", "--json"]
    drawn = json.loads(colorprep("lists", "random", 3, *source).stdout)
    assert drawn == {
        "list": (tmp_path / "lists/random-3.txt").as_posix(),
        "n_images": 3,
        "n_classes": 2,
        "n_images_in_source": 20,
        "n_classes_in_source": 2,
        "skipped": [],
        "replaced": [],
        "passed_over": {},
    }
    always = ["skipped", "replaced", "passed_over"]
    parts = json.loads(colorprep("lists", "split", "--test", "0", *source).stdout)
    assert list(parts) == ["train", "val", "test", *always]
    assert parts["val"]["n_images"] == 2 and parts["test"] is None
    (tmp_path / "a.txt").write_text("cat/1.jpg\ngone.jpg\n")
    merged = json.loads(colorprep("lists", "merge", "a.txt", *source).stdout)
    assert list(merged) == ["list", "n_images", "n_classes", "n_listed", *always]
    assert merged["n_listed"] == [1] and merged["skipped"][0]["key"] == "gone.jpg"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["random", "21", "--dir", "photos"], "only 20 in photos"),
        (["tiny", "--dir", "photos", "--list", "nowhere.txt"], "there is no list"),
        (["merge", "a.txt", "nowhere.txt"], "nowhere.txt"),
        (["merge", "a.txt", "binary.txt"], "binary.txt"),
        (["merge", "a.txt", "table.csv"], "table.csv is a table, not a list"),
        (["merge", "a.txt", "keys.json"], "keys.json is JSON, not a list"),
        (["tiny", "--dir", "photos", "--list", "keys.json"], "keys.json is JSON, not a list"),
        (["random", "1", "--dir", "photos", "--list", "empty.txt"], "empty.txt is empty"),
        (["subtract", "a.txt", "a.txt"], "none is left"),
        (["intersect", "a.txt", "foreign.txt"], "no list is written"),
        (["merge", "foreign.txt", "--dir", "photos"], "none of the 1 images"),
        (["merge", "a.txt", "-o", "photos"], "a folder, not a file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_failures_exit_with_1(colorprep, photos, tmp_path, words, message):
    """A list that cannot be read, drawn or made says why in one line, and nothing is written."""
    (tmp_path / "a.txt").write_text("cat/1.jpg\n")
    (tmp_path / "foreign.txt").write_text("bird/1.jpg\n")
    (tmp_path / "empty.txt").touch()
    (tmp_path / "keys.json").write_text(json.dumps(KEYS, indent=2))
    (tmp_path / "binary.txt").write_bytes(b"\xff\xd8\xff\xe0")
    result = colorprep("lists", *words)
    assert result.exit_code == 1 and result.stdout == ""
    assert message in result.stderr and "Traceback" not in result.stderr
    assert not (tmp_path / "lists").exists()


def test_a_list_of_nothing_takes_nothing_away(colorprep, tmp_path):
    """An audit may drop nothing; the empty list can be subtracted and merged like any other."""
    (tmp_path / "a.txt").write_text("cat/1.jpg\ncat/2.jpg\n")
    (tmp_path / "drop.txt").touch()
    for operation, name in (("subtract", "subtracted"), ("merge", "merged")):
        result = colorprep("lists", operation, "a.txt", "drop.txt")
        assert result.exit_code == 0, result.stderr
        written = (tmp_path / "lists" / f"{name}.txt").read_text()
        assert written == "cat/1.jpg\ncat/2.jpg\n"


def test_common_options_may_precede_the_command(photos, tmp_path):
    """-C, --json and others given before the name of the command apply to it, but not twice."""
    words = ["lists", "-C", str(tmp_path), "--json", "-q", "random", "3", "--dir", "photos"]
    result = CliRunner().invoke(cli, words)
    assert json.loads(result.stdout)["n_images"] == 3 and result.stderr == ""
    assert len(lines_of(tmp_path / "lists/random-3.txt")) == 3
    twice = CliRunner().invoke(cli, [*words, "-C", "elsewhere"])
    assert twice.exit_code == 2 and "--workspace is given twice" in twice.stderr
