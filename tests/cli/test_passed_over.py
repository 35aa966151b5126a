"""Claims about files that a source passes over: every command reports them."""

import json

import pytest

EXPECTED = {".tar": 1, ".txt": 3, "without ending": 2, "__MACOSX/": 2}
LINE = "passed over 6 files: 3 .txt, 2 without ending, 1 .tar"

COMMANDS = [
    ("prior",),
    ("prior", "--by-class"),
    ("prior", "--dry-run"),
    ("prior", "--quantizer", "gmm", "--components", "2", "-o", "gmm.npz"),
    ("labels", "--size", "32"),
    ("labels", "--size", "32", "--dry-run"),
    ("labels", "--size", "32", "--format", "npy", "-o", "maps"),
    ("rgbvar",),
    ("audit",),
    ("lists", "random", "9"),
    ("lists", "random", "9", "--form", "labeled"),
    ("lists", "tiny"),
    ("lists", "split"),
    ("report",),
    ("verify", "labels", "--deep"),
    ("verify", "maps"),
]


@pytest.fixture(scope="module")
def cluttered(photographs, tmp_path_factory):
    """A folder of ten photographs with other files among them."""
    root = tmp_path_factory.mktemp("cluttered") / "train"
    for path in sorted(photographs.rglob("*-000.jpg")):
        (root / path.parent.name).mkdir(parents=True)
        (root / path.parent.name / path.name).symlink_to(path)
    for name in ("a.tar", "cat/a.txt", "cat/b.txt", "b.TXT", "README", "cat/LICENSE"):
        (root / name).write_text("words")
    (root / "__MACOSX/cat").mkdir(parents=True)
    for name in ("._cat-000.jpg", "cat/._cat-000.jpg"):
        (root / "__MACOSX" / name).touch()
    return root


@pytest.fixture
def ready(colorprep, cluttered):
    """The command line in a workspace that holds a prior and labels in both forms."""
    for words in COMMANDS[0], COMMANDS[4], COMMANDS[6]:
        assert colorprep(*words, "--dir", cluttered).exit_code == 0
    return colorprep


@pytest.mark.usefixtures("without_charts")
def test_every_command_tells_once_and_in_json(ready, cluttered):
    """One line on stderr, even if quiet, and a mapping on stdout."""
    for words in COMMANDS:
        result = ready(*words, "--dir", cluttered, "--json", "-q")
        assert result.exit_code == 0, (words, result.output)
        assert result.stderr.count("passed over") == 1, (words, result.stderr)
        assert LINE in result.stderr
        assert "2 files in __MACOSX" in result.stderr
        assert json.loads(result.stdout)["passed_over"] == EXPECTED, words


def test_repairing_tells_once(ready, cluttered, tmp_path):
    """The source is opened more than once."""
    shard = tmp_path / "labels/shard-00000.h5"
    shard.write_bytes(shard.read_bytes()[:-100])
    result = ready("verify", "labels", "--deep", "--repair", "--dir", cluttered, "--json")
    assert result.exit_code == 0, result.output
    assert result.stderr.count("passed over") == 1
    assert json.loads(result.stdout)["passed_over"] == EXPECTED


@pytest.mark.usefixtures("without_charts")
def test_the_report_has_a_line(ready, cluttered, tmp_path):
    """The page lists the files that were passed over."""
    assert ready("report", "--dir", cluttered).exit_code == 0
    page = (tmp_path / "report.html").read_text()
    assert f"In train, colorprep {LINE}" in page


def test_colorizing_and_evaluating_tell(ready, cluttered, tmp_path):
    """So do the commands whose sources have other options."""
    train = ("train", "--model", "tiny", "--epochs", "1", "--batch-size", "8", "-o", "runs/a")
    assert ready(*train).exit_code == 0
    for words in (
        ("colorize", cluttered),
        ("evaluate", "--original", cluttered, "--colorized", "colorized"),
        ("evaluate", "--checkpoint", "runs/a", "--dir", cluttered),
    ):
        result = ready(*words, "--json", "-q")
        assert result.exit_code == 0, (words, result.output)
        assert result.stderr.count(LINE) == 1
        assert json.loads(result.stdout)["passed_over"] == EXPECTED


def test_a_source_of_images_alone_is_told_without_words(colorprep, photographs):
    """Nothing on stderr, and an empty mapping."""
    result = colorprep("lists", "tiny", "--dir", photographs, "--json", "-q")
    assert result.stderr == ""
    assert json.loads(result.stdout)["passed_over"] == {}


def test_links_to_folders_are_classes_unless_asked_otherwise(colorprep, photographs, tmp_path):
    """`--no-follow` leaves them out and reports it."""
    train = tmp_path / "train"
    train.mkdir()
    for name in ("cat", "coffee"):
        (train / name).symlink_to(photographs / name)
    (train / "top.jpg").symlink_to(photographs / "cat/cat-000.jpg")
    result = colorprep("prior", "--dir", train, "--by-class", "--json")
    assert sorted(json.loads(result.stdout)["classes"]) == ["cat", "coffee"]
    assert "in no class prior: 1\n" in result.stderr
    result = colorprep("prior", "--dir", train, "--no-follow", "--json")
    facts = json.loads(result.stdout)
    assert facts["n_images"] == 1
    assert facts["passed_over"] == {"links to folders": 2}


def test_other_inputs_leave_priors_as_they_are(colorprep, photographs, cluttered, tmp_path):
    """Files that are passed over are reported, but do not affect a prior."""
    priors = []
    for folder in (photographs, tmp_path / "copy"):
        if not folder.exists():
            folder.mkdir()
            for path in photographs.iterdir():
                (folder / path.name).symlink_to(path)
            (folder / "notes.txt").touch()
        assert colorprep("prior", "--dir", folder).exit_code == 0
        priors.append((tmp_path / "prior.npz").read_bytes())
    assert priors[0] == priors[1]
