"""Claims about what colorprep writes among photographs: it is never used as a photograph."""

import hashlib
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from run_folders import some_rows, write_run

from colorprep.cli.main import cli
from colorprep.images.opening import find_images
from colorprep.images.source import top_folder
from colorprep.marks import MARK

PRIOR = ("prior", "--dir", ".")
# Each command that writes pictures or folders, in its own place and in places of the user's.
COMMANDS = [
    ("audit", "--allow", "duplicate"),
    ("audit", "-o", "cat"),
    ("rgbvar", "--montage", "1,9"),
    ("rgbvar", "--montage", "1", "-o", "."),
    ("rgbvar", "--montage", "1", "-o", "empty"),
    ("lists", "random", "9"),
    ("lists", "split"),
    ("labels", "--size", "32", "-o", "labels"),
    ("labels", "--size", "32", "--format", "npy", "-o", "maps"),
    ("train", "--model", "tiny", "--epochs", "1", "--batch-size", "8", "-o", "runs/a"),
    ("train", "--model", "tiny", "--epochs", "1", "--batch-size", "8", "-o", "own-run"),
    ("plot", "runs/a", "older"),
    ("plot", "runs/a", "-o", "new/curves.png"),
    ("colorize", "cat", "--checkpoint", "runs/a"),
    ("colorize", "cat", "--checkpoint", "runs/a", "-o", "."),
    ("colorize", "coffee", "--checkpoint", "runs/a", "-o", "cat"),
    ("colorize", "cat", "--checkpoint", "runs/a", "-o", "cat/pictures"),
    ("evaluate", "--original", "cat", "--colorized", "colorized"),
    ("evaluate", "--original", "cat", "--colorized", "colorized", "-o", "coffee",
     "--write-pictures", "cat"),
    ("report", "--figures", "figures", "--dpi", "40"),
    ("prior", "--by-class", "--dir", "."),
    ("prior", "--name", "x", "--dir", "."),
    ("weights", "-o", "new/weights.npz"),
    ("export", "prior.npz", "-o", "exported"),
]  # fmt: skip


def digest(path):
    """The digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def photos(photographs, tmp_path_factory):
    """A folder of photographs in which every command was run, and its content before."""
    root = tmp_path_factory.mktemp("own") / "photos"
    shutil.copytree(photographs, root)
    (root / "empty").mkdir()
    write_run(root / "older", some_rows(9), unit="nats per pixel")
    before = {path.relative_to(root).as_posix() for path in root.rglob("*.jpg")}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        digests = [_run(*PRIOR)]
        for words in COMMANDS:
            _run(*words)
            digests.append(_run(*PRIOR))
    return root, before, digests


def _run(*words):
    """Run a command in the current folder; return the digest of the prior there."""
    result = CliRunner().invoke(cli, list(words))
    assert result.exit_code == 0, (words, result.output)
    return digest(Path("prior.npz"))


def test_no_command_changes_what_the_next_one_reads(photos):
    """After every command, the prior of the folder has the same bytes."""
    _, _, digests = photos
    others = [
        " ".join(words)
        for words, found in zip(COMMANDS, digests[1:], strict=True)
        if found != digests[0]
    ]
    assert others == []


def test_images_and_classes_are_those_of_before(photos):
    """Keys and classes are only those of the user's files, not of colorprep's pictures."""
    root, before, _ = photos
    keys = set(find_images(root).keys)
    assert keys == before
    assert not {"audit", "lists", "runs", "colorized"} & set(map(top_folder, keys))
    pictures = {
        p.relative_to(root).as_posix() for p in [*root.rglob("*.png"), *root.rglob("*.jpg")]
    }
    assert len(pictures - before) > 30


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_packed_folder_is_read_as_the_folder(photos, tmp_path, kind):
    """The marks are packed with it."""
    root, before, _ = photos
    path = tmp_path / f"photos.{kind}"
    if kind == "tar":
        with tarfile.open(path, "w") as archive:
            archive.add(root, ".")
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for file in root.rglob("*"):
                archive.write(file, file.relative_to(root))
    source = find_images(path)
    assert set(source.keys) == before
    assert source.passed_over == find_images(root).passed_over


def test_folders_that_commands_made_are_marked(photos):
    """Each has one mark, at its top; a folder of the user is never marked as a whole."""
    root, _, _ = photos
    whole = {
        p.parent.relative_to(root).as_posix() for p in root.rglob(MARK) if b"./\n" in p.read_bytes()
    }
    assert whole == {
        *("audit", "lists", "scores", "seen", "labels", "maps", "runs/a", "own-run", "colorized"),
        *("cat/original", "cat/grayscale", "cat/colorized"),
        *("cat/pictures", "evaluation", "figures", "priors", "exported", "empty"),
    }


def test_a_folder_that_is_given_is_taken(photos):
    """Pictures made by colorprep are read if their folder is given."""
    root, _, _ = photos
    assert len(find_images(root / "colorized").keys) == 4


def test_photographs_of_sample_and_demo_are_meant_as_input(workspace, colorprep, tmp_path):
    """They are not marked as colorprep's pictures."""
    assert colorprep("sample", "photos", "--count", "10", "--size", "32").exit_code == 0
    assert colorprep("sample", "empty/photos", "--count", "10", "--size", "32").exit_code == 0
    assert len(find_images(tmp_path).keys) == 20
    assert not list(tmp_path.rglob(MARK))
