"""Claims about a folder with every kind of awkward image: each is handled, none is fatal."""

import csv
import json
import os
import shutil
import subprocess
import sys
from typing import NamedTuple

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


# Each command in a process of its own would spend most of its time on being started.
SEVERAL = """
import json, sys
from click.testing import CliRunner
from colorprep.cli.main import cli

done = [CliRunner().invoke(cli, words) for words in json.loads(sys.argv[1])]
print(json.dumps([[each.exit_code, each.stdout, each.stderr] for each in done]))
"""


LINES = {
    "counted": "prior --dir images --json",
    "labeled": "labels --format npy -q",
    "ranked": "rgbvar --json",
    "strict": "prior --dir images --strict",
    "void": "prior --dir void",
    "bad": "prior --dir bad",
    "gray": "prior --dir images --list gray.txt --smooth none --json",
    "info": "info prior.npz --json",
}


class Done(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def snapshot(folder):
    """Names, sizes and times of everything in a folder."""
    return {
        path: (path.lstat().st_size, path.lstat().st_mtime_ns, path.lstat().st_mode)
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A workspace with the awkward folder, a folder without an image and one with a bad one."""
    root = tmp_path_factory.mktemp("awkward")
    build(root / "images")
    for name in ("void", "bad"):
        (root / name).mkdir()
    (root / "bad" / "x.jpg").write_text("no")
    (root / "gray.txt").write_text("gray.jpg\n")
    yield root
    (root / "images" / "unreadable.jpg").chmod(0o600)


@pytest.fixture(scope="module")
def done(place):
    """How each command ended, run one after another; none can read `unreadable.jpg`."""
    before = snapshot(place / "images")
    words = json.dumps([[*line.split(), "-C", str(place)] for line in LINES.values()])
    command = [*bounded(), sys.executable, "-c", SEVERAL, words]
    process = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert process.returncode == 0, process.stderr
    assert snapshot(place / "images") == before
    ended = [Done(*each) for each in json.loads(process.stdout)]
    return dict(zip(LINES, ended, strict=True))


def test_each_is_handled_and_each_skip_is_named(done, place):
    """prior, labels and rgbvar read what can be read and name the rest, in text and JSON."""
    counted, labeled, ranked = (done[name] for name in ("counted", "labeled", "ranked"))
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

    assert labeled.returncode == 0, labeled.stderr
    maps = sorted(
        path.relative_to(place / "labels").as_posix().removesuffix(".npy")
        for path in (place / "labels").rglob("*.npy")
    )
    assert maps == READ
    with (place / "labels" / "skipped.csv").open(newline="", encoding="utf-8") as stream:
        listed = {row["key"]: row["reason"] for row in csv.DictReader(stream)}
    assert listed == SKIPPED

    assert ranked.returncode == 0, ranked.stderr
    assert sorted((place / "lists" / "rgbvar.txt").read_text().splitlines()) == READ


def test_single_images_and_none(done):
    """What --strict, folders without a good image, and a gray photograph alone lead to."""
    strict, void, bad, gray, info = (
        done[name] for name in ("strict", "void", "bad", "gray", "info")
    )
    assert strict.returncode == 1
    assert "--strict" in strict.stderr and any(name in strict.stderr for name in SKIPPED)
    assert void.returncode == 1 and "no image in" in void.stderr
    assert bad.returncode == 1 and "no image could be read" in bad.stderr
    # A gray photograph counts like any other, all in near-neutral bins.
    assert gray.returncode == 0, gray.stderr
    commonest = json.loads(info.stdout)["commonest"][0]
    assert commonest["bin"] == 120 and commonest["share"] == 1.0
