"""Claims about `audit` on the command line."""

import json
import shlex

import pytest
from click.testing import CliRunner
from PIL import Image

from colorprep.cli.main import cli


@pytest.fixture
def images(photographs, tmp_path):
    """Four photographs, one of them twice, and a broken file."""
    folder = tmp_path / "train"
    folder.mkdir()
    for number, path in enumerate(sorted(photographs.rglob("*.jpg"))[::11]):
        (folder / f"{number}.jpg").write_bytes(path.read_bytes())
    (folder / "again.jpg").write_bytes((folder / "0.jpg").read_bytes())
    (folder / "broken.jpg").write_bytes(b"\xff\xd8")
    return folder


def test_audit_prints_reasons_leaks_and_files(colorprep, images, tmp_path):
    """The text has the counts by reason, the leaks and the files."""
    (tmp_path / "val.txt").write_text("again.jpg\n")
    result = colorprep("audit", "--dir", images, "--val", "val.txt", "-q")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "warning: skipped broken.jpg: truncated (a JPEG that ends before its first scan)"
    ]
    lines = result.stdout.splitlines()
    assert lines[0].endswith("audit/audit.csv: 6 images, 4 to keep, 2 to drop")
    assert any(line.split()[:2] == ["corrupt", "1"] for line in lines)
    assert any(line.split()[:2] == ["duplicate", "1"] for line in lines)
    assert "1 picture in both training and validation:" in lines
    assert "  again.jpg = 0.jpg" in lines


@pytest.mark.parametrize("rules", [[], ["--orientation", "ignore"]])
def test_the_command_that_uses_the_lists_can_be_pasted(images, tmp_path, monkeypatch, rules):
    """The last line is a shell command, with -C, and with quotes where names need them."""
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "my 'own' $HOME"
    place.mkdir()
    images.rename(place / "the photos; all")
    words = ["audit", "-C", place.name, "--dir", "the photos; all", "-q", *rules]
    result = CliRunner().invoke(cli, words)
    line = result.stdout.splitlines()[-1]
    assert line.startswith("to use these lists: colorprep prior -C ")
    pasted = shlex.split(line.removeprefix("to use these lists: "))
    assert pasted[0] == "colorprep" and pasted[-len(rules) :] == (rules or pasted)
    made = CliRunner().invoke(cli, [*pasted[1:], "-q", "--json"])
    assert made.exit_code == 0 and json.loads(made.stdout)["n_images"] == 4
    assert (place / "prior.npz").exists()
    again = CliRunner().invoke(cli, ["audit", "-C", place.name, "-q", "--json", *rules])
    assert json.loads(again.stdout)["use"] == line.removeprefix("to use these lists: ")


def test_without_an_image_to_keep_there_is_no_command(colorprep, tmp_path):
    """No command is suggested for an empty list."""
    (tmp_path / "gray").mkdir()
    Image.new("RGB", (64, 64), (90, 90, 90)).save(tmp_path / "gray" / "a.png")
    result = colorprep("audit", "--dir", "gray", "-q")
    assert result.exit_code == 0 and "to use these" not in result.stdout


def test_json_has_stable_keys(colorprep, images):
    """--json is one object with the files and the whole summary."""
    result = colorprep("audit", "--dir", images, "--allow", "corrupt", "-q", "--json")
    facts = json.loads(result.stdout)
    assert set(facts) >= {
        "audit",
        "keep",
        "drop",
        "class_counts",
        "summary",
        "sheets",
        "n_images",
        "n_kept",
        "n_dropped",
        "reasons",
        "notes",
        "published",
        "subsampling",
        "errors",
        "leaks",
        "classes",
        "rules",
    }
    assert facts["n_dropped"] == 1 and facts["notes"]["corrupt"] == 1
    assert list(facts["sheets"]) == ["duplicate"]


def test_output_goes_elsewhere(colorprep, images, tmp_path):
    """-o takes the table and the pictures; the lists stay in lists/."""
    assert colorprep("audit", "--dir", images, "-o", "elsewhere").exit_code == 0
    assert (tmp_path / "elsewhere/audit.csv").is_file()
    assert (tmp_path / "lists/keep.txt").is_file() and not (tmp_path / "audit").exists()
    assert Image.open(tmp_path / "elsewhere/duplicate.jpg").format == "JPEG"


@pytest.mark.parametrize("words", [["--allow", "grey"], ["--workers", "2", "--cluster", "2"]])
def test_wrong_usage(colorprep, words):
    """Invalid options exit with 2."""
    assert colorprep("audit", *words).exit_code == 2


def test_failures_say_what_to_do(colorprep, images, tmp_path):
    """A missing source, and a list without a match, are reported in one line."""
    (tmp_path / "val.txt").write_text("nowhere.jpg\n")
    for words, message in (
        (["--dir", "nowhere"], "no folder"),
        (["--dir", images, "--val", "val.txt"], "val.txt"),
        (["--dir", images, "--strict"], "broken.jpg"),
    ):
        result = colorprep("audit", *words, "-q")
        assert result.exit_code == 1 and message in result.stderr
        assert "Traceback" not in result.stderr


def test_reasons_of_the_command_are_those_of_the_stage():
    """The command offers every reason."""
    from colorprep.cli.audit import REASONS as OFFERED
    from colorprep.stages.audit.findings import REASONS

    assert tuple(REASONS) == OFFERED
