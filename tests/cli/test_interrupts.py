"""Claims about Ctrl-C: exit code 130, and a true message about running the command again."""

import importlib
import itertools
import os
import signal
import threading
import time

import numpy as np
import pytest
from PIL import Image

from colorprep import ab_lattice
from colorprep.engine import ThreadEngine
from colorprep.images.folder import FolderSource
from colorprep.training.checkpoint import save_checkpoint
from colorprep.training.models import make_model


@pytest.fixture
def interrupt(colorprep, monkeypatch):
    """Runs a command that gets SIGINT when it reads its n-th image; returns its last message."""
    read, lock = FolderSource.read, threading.Lock()
    monkeypatch.setattr(ThreadEngine, "chunk_images", 4)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def run(at, *words):
        numbers = itertools.count(1)

        def interrupting(source, index):
            with lock:
                if next(numbers) == at:
                    time.sleep(0.3)
                    os.kill(os.getpid(), signal.SIGINT)
                    time.sleep(0.3)
            return read(source, index)

        with monkeypatch.context() as patch:
            patch.setattr(FolderSource, "read", interrupting)
            done = colorprep(*words)
        assert done.exit_code == 130 and done.stdout == "", done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr.splitlines()[-1]

    yield run
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def photos(tmp_path):
    """A folder of ten small photographs."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (10, 40, 40, 3))):
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def network(tmp_path):
    """The words that choose a tiny network."""
    config = {"model": "tiny", "settings": {"size": 32, "stride": 4}}
    networks = {"colorizer": make_model("tiny", 313, 0).state_dict()}
    save_checkpoint(tmp_path / "net.pt", {"networks": networks}, ab_lattice(), config, {})
    return ["--checkpoint", "net.pt"]


@pytest.mark.parametrize("name", ["prior", "audit", "evaluate"])
def test_what_begins_anew_says_so(interrupt, colorprep, photos, tmp_path, name, request):
    """Nothing but scores was written, and the same command does everything again."""
    words = [name, "--dir", photos, "--workers", "1"]
    if name == "evaluate":
        words += request.getfixturevalue("network")
    before = {path.name for path in tmp_path.iterdir()}
    said = interrupt(7, *words)
    assert said.startswith("interrupted: ") and "starts over" in said
    assert {path.name for path in tmp_path.iterdir()} - before <= {"scores", "workspace.json"}
    again = colorprep(*words)
    assert again.exit_code == 0 and "10 of 10 images" in again.stderr


def test_rgbvar_keeps_its_scores(interrupt, colorprep, photos, tmp_path):
    """The chunk that was scored is not scored again."""
    words = ["rgbvar", "--dir", photos, "--workers", "1"]
    said = interrupt(8, *words)
    assert "scores computed so far are in scores/; run the command again to continue" in said
    assert not (tmp_path / "lists").exists()
    again = colorprep(*words)
    assert again.exit_code == 0 and "6 of 6 images" in again.stderr
    assert len((tmp_path / "lists" / "rgbvar.txt").read_text().splitlines()) == 10


def test_colorize_keeps_its_pictures(interrupt, colorprep, photos, tmp_path, network):
    """Pictures that were recorded are not made again; the rest are."""
    words = ["colorize", photos, *network, "--workers", "1"]
    said = interrupt(7, *words)
    assert said.endswith("complete; run the command again to continue")
    folder = tmp_path / "colorized"
    there = {path: path.stat().st_mtime_ns for path in folder.rglob("*.png")}
    n_recorded = len((folder / "colorized.jsonl").read_text().splitlines())
    assert 4 <= n_recorded <= len(there) <= 7
    again = colorprep(*words)
    assert again.exit_code == 0 and len(again.stdout.splitlines()) == 10 + 1  # and a sheet
    assert f"{n_recorded} pictures already made from the same photographs" in again.stderr
    assert sum(path.stat().st_mtime_ns == time for path, time in there.items()) == n_recorded
    assert not list(tmp_path.rglob(".*.tmp"))


@pytest.mark.parametrize("name", ["sample", "demo", "labels", "train", "verify", "lists", "plot"])
def test_every_command_says_what_follows(colorprep, monkeypatch, tmp_path, name):
    """Interrupted anywhere, a command says what running it again will do."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    words = {
        "sample": ["x"], "verify": ["x"], "lists": ["tiny", "--dir", "x"], "train": ["--resume"]
    }.get(name, [])  # fmt: skip
    module = importlib.import_module(f"colorprep.stages.{name}")
    first = {"lists": "draw", "train": "check_inputs"}.get(name, "run")
    monkeypatch.setattr(module, first, interrupted)
    result = colorprep(name, *words)
    assert result.exit_code == 130 and result.stderr.startswith("interrupted: "), result.stderr
    follows = {
        "sample": "delete the folder", "demo": "starts over", "labels": "to continue",
        "train": "--resume to continue", "verify": "checks everything again",
    }.get(name, "starts over")  # fmt: skip
    assert follows in result.stderr
