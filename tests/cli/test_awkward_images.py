"""Claims about a folder with every kind of awkward image: each is handled, none is fatal."""

import csv
import json
import os
import shutil
import subprocess
import sys

import pytest
from awkward_images import FATES, build

READ = sorted(name for name, reason in FATES.items() if reason is None)
SKIPPED = {name: reason for name, reason in FATES.items() if reason}


def bounded():
    """Return what makes a process obey file permissions even as root."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("as root, an unreadable file needs setpriv (util-linux) to be unreadable")
    dropped = "-dac_override,-dac_read_search"
    return ["setpriv", "--bounding-set", dropped, "--inh-caps", dropped]


@pytest.fixture
def run(tmp_path):
    """The command line in a separate process, on the awkward folder."""
    folder = tmp_path / "images"
    build(folder)

    def run_it(*words):
        command = [*bounded(), sys.executable, "-m", "colorprep", *words, "-C", str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    yield run_it
    (folder / "unreadable.jpg").chmod(0o600)


def snapshot(folder):
    """Names, sizes and times of everything in a folder."""
    return {
        path: (path.lstat().st_size, path.lstat().st_mtime_ns, path.lstat().st_mode)
        for path in sorted(folder.rglob("*"))
    }


def test_each_is_handled_and_each_skip_is_named(run, tmp_path):
    """prior, labels and rgbvar read what can be read and name the rest, in text and JSON."""
    before = snapshot(tmp_path / "images")
    counted = run("prior", "--dir", "images", "--json")
    assert counted.returncode == 0, counted.stderr
    facts = json.loads(counted.stdout)
    assert {skip["key"]: skip["reason"] for skip in facts["skipped"]} == SKIPPED
    assert facts["n_images"] == len(READ)
    assert facts["passed_over"] == {
        ".txt": 1,
        "links to a folder above them": 1,
        "pipes, sockets and devices": 1,
    }
    for name, reason in SKIPPED.items():
        assert f"skipped {name}: {reason}" in counted.stderr

    labeled = run("labels", "--format", "npy", "-q")
    assert labeled.returncode == 0, labeled.stderr
    maps = sorted(
        path.relative_to(tmp_path / "labels").as_posix().removesuffix(".npy")
        for path in (tmp_path / "labels").rglob("*.npy")
    )
    assert maps == READ
    with (tmp_path / "labels" / "skipped.csv").open(newline="", encoding="utf-8") as stream:
        listed = {row["key"]: row["reason"] for row in csv.DictReader(stream)}
    assert listed == SKIPPED

    ranked = run("rgbvar", "--json")
    assert ranked.returncode == 0, ranked.stderr
    assert sorted((tmp_path / "lists" / "rgbvar.txt").read_text().splitlines()) == READ
    assert snapshot(tmp_path / "images") == before


def test_strict_fails_at_the_first(run):
    """--strict names a bad image and fails."""
    result = run("prior", "--dir", "images", "--strict")
    assert result.returncode == 1
    assert "--strict" in result.stderr and any(name in result.stderr for name in SKIPPED)


def test_no_image_at_all(run, tmp_path):
    """A folder without images, and one with only bad images, are clear errors."""
    (tmp_path / "void").mkdir()
    result = run("prior", "--dir", "void")
    assert result.returncode == 1 and "no image in" in result.stderr
    (tmp_path / "void" / "x.jpg").write_text("no")
    result = run("prior", "--dir", "void")
    assert result.returncode == 1 and "no image could be read" in result.stderr


def test_gray_images_count_and_are_labeled(run, tmp_path):
    """A gray photograph counts like any other, all in near-neutral bins."""
    (tmp_path / "gray.txt").write_text("gray.jpg\n")
    result = run("prior", "--dir", "images", "--list", "gray.txt", "--smooth", "none", "--json")
    assert result.returncode == 0, result.stderr
    info = run("info", "prior.npz", "--json")
    commonest = json.loads(info.stdout)["commonest"][0]
    assert commonest["bin"] == 120 and commonest["share"] == 1.0
