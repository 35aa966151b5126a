"""Claims about terminal output: file names are escaped, except in JSON."""

import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from colorprep.cli.console import Console
from colorprep.printable import printable, printable_json
from colorprep.report.page import Missing, render_page

NASTY = [
    "clear\x1b[2J.png",
    "csi\x9b2J.png",
    "\u202egnp.png",
    "a\u2028warning: b.png",
    "\ufeffc.png",
]
FORBIDDEN = {"\x1b", "\x9b", "\u202e", "\u2028", "\ufeff", "\r", "\x07"}


@pytest.fixture
def nasty(tmp_path):
    """A zip of images with terminal commands in their names, half of them damaged."""
    Image.fromarray(np.full((8, 8, 3), 99, np.uint8)).save(tmp_path / "a.png")
    good = (tmp_path / "a.png").read_bytes()
    with zipfile.ZipFile(tmp_path / "x\x1b[1m.zip", "w") as archive:
        for name in NASTY:
            archive.writestr(f"good/{name}", good)
            archive.writestr(f"bad/{name}", good[:40])
    return tmp_path / "x\x1b[1m.zip"


def run(folder, *arguments):
    """Return what the command sends to a terminal on stdout and stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "colorprep", *map(str, arguments), "-C", str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUTF8": "1"},
        capture_output=True,
        check=False,
    )
    return done.stdout.decode("utf-8"), done.stderr.decode("utf-8")


def test_messages_and_results_are_escaped(nasty, tmp_path):
    """Warnings, results and the log file contain no control character."""
    out, err = run(tmp_path, "rgbvar", "--dir", nasty, "--log-file", "log.txt")
    log = (tmp_path / "log.txt").read_text(encoding="utf-8")
    for text in (out, err.replace("\r", ""), log):
        assert not FORBIDDEN.intersection(text)
    assert r"skipped bad/clear\x1b[2J.png: corrupt" in err
    assert r"bad/\u202egnp.png" in err
    assert r"bad/a\u2028warning: b.png" in log
    listed = (tmp_path / "lists" / "rgbvar.txt").read_bytes().decode("utf-8").split("\n")
    assert sorted(listed[:-1]) == sorted(f"good/{name}" for name in NASTY)


def test_errors_are_escaped(colorprep):
    """Errors of images, of files and of usage are escaped too."""
    for arguments in (["prior", "--dir", "gone\x1b[2J"], ["info", "gone\x9b"], ["pri\x1bor"]):
        done = colorprep(*arguments)
        assert done.exit_code
        assert not FORBIDDEN.intersection(done.output)
        assert "Error: " in done.output


def test_json_keeps_the_names(colorprep, nasty):
    """JSON has no such character either, and keeps the true names."""
    done = colorprep("prior", "--dir", nasty, "--json", "-q")
    assert not FORBIDDEN.intersection(done.stdout)
    skipped = json.loads(done.stdout)["skipped"]
    assert sorted(skip["key"] for skip in skipped) == sorted(f"bad/{name}" for name in NASTY)


def test_names_of_all_scripts_stay_as_they_are():
    """Accents, joiners of Persian and emoji, and the tab are shown; surrogates are not."""
    for text in ("é/猫.jpg", "می‌خواهم", "👩‍🚀.png", "a\tb", "a\\b"):
        assert printable(text) == text
        assert printable_json(json.dumps(text)) == json.dumps(text)
    assert printable("caf\udce9\n.jpg") == r"caf\udce9\n.jpg"
    every = "".join(map(chr, range(0x3000)))
    assert json.loads(printable_json(json.dumps(every, ensure_ascii=False))) == every


def test_a_page_shows_them_escaped():
    """In a report they are escaped too, and markup stays markup."""
    missing = [Missing("x", "\u202e", "y\x1b")]
    page = render_page("\u202etitle", {"a\x1b": "<b>\x07"}, [], missing)
    assert not FORBIDDEN.intersection(page)
    assert r"\u202etitle" in page
    assert r"&lt;b&gt;\x07" in page


@pytest.mark.parametrize("quiet", [False, True])
def test_messages_have_lines_of_their_own(capsys, quiet):
    """A note or warning does not share its line with a bar that is drawn."""
    console = Console(quiet, None)
    with console.track(2, "images", "training") as advance:
        advance(1)
        console.note("a note")
        console.warn("beware")
    console.note("the end")
    lines = [line.rpartition("\r")[2] for line in capsys.readouterr().err.split("\n")]
    messages = ["warning: beware"] if quiet else ["a note", "warning: beware", "the end"]
    assert [line for line in lines if line in ("a note", "warning: beware", "the end")] == messages
