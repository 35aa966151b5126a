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


class Done(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(tmp_path):
    """Command lines, one after another, on the awkward folder; none can read `unreadable.jpg`."""
    folder = tmp_path / "images"
    build(folder)

    def run_them(*lines):
        words = json.dumps([[*line.split(), "-C", str(tmp_path)] for line in lines])
        command = [*bounded(), sys.executable, "-c", SEVERAL, words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
        return [Done(*each) for each in json.loads(done.stdout)]

    yield run_them
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
    counted, labeled, ranked = run(
        "prior --dir images --json", "labels --format npy -q", "rgbvar --json"
    )
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
        path.relative_to(tmp_path / "labels").as_posix().removesuffix(".npy")
        for path in (tmp_path / "labels").rglob("*.npy")
    )
    assert maps == READ
    with (tmp_path / "labels" / "skipped.csv").open(newline="", encoding="utf-8") as stream:
        listed = {row["key"]: row["reason"] for row in csv.DictReader(stream)}
    assert listed == SKIPPED

    assert ranked.returncode == 0, ranked.stderr
    assert sorted((tmp_path / "lists" / "rgbvar.txt").read_text().splitlines()) == READ
    assert snapshot(tmp_path / "images") == before


def test_single_images_and_none(run, tmp_path):
    """What --strict, folders without a good image, and a gray photograph alone lead to."""
    for name in ("void", "bad"):
        (tmp_path / name).mkdir()
    (tmp_path / "bad" / "x.jpg").write_text("no")
    (tmp_path / "gray.txt").write_text("gray.jpg\n")
    strict, void, bad, gray, info = run(
        "prior --dir images --strict",
        "prior --dir void",
        "prior --dir bad",
        "prior --dir images --list gray.txt --smooth none --json",
        "info prior.npz --json",
    )
    assert strict.returncode == 1
    assert "--strict" in strict.stderr and any(name in strict.stderr for name in SKIPPED)
    assert void.returncode == 1 and "no image in" in void.stderr
    assert bad.returncode == 1 and "no image could be read" in bad.stderr
    # A gray photograph counts like any other, all in near-neutral bins.
    assert gray.returncode == 0, gray.stderr
    commonest = json.loads(info.stdout)["commonest"][0]
    assert commonest["bin"] == 120 and commonest["share"] == 1.0
