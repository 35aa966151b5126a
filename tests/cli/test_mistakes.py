"""Claims about plausible mistakes: each ends soon, with one message that says what to do."""

import resource
import subprocess
import sys

import pytest
from click.testing import CliRunner

from colorprep.cli.main import cli

MISTAKES = {
    "pior photos": (2, "did you mean prior?"),
    "lists randm 9": (2, "did you mean random?"),
    "prior phtos": (1, "there is no folder or archive phtos; give one that exists"),
    "prior": (1, "give it with --dir, as in `colorprep prior --dir train/`"),
    "prior photos --dir photos": (2, "give them once"),
    "prior photos/a.ppm": (1, "is a single image; give the folder"),
    "prior clip.mp4": (1, "is a video, and only images are read; write its frames"),
    "prior texts": (1, "no image in texts"),
    "prior other.7z": (1, "unpack it first with `7z x other.7z`"),
    "prior s4://bucket/train": (1, "give a folder, an archive, or a URL that fsspec supports"),
    "prior photos --list texts/notes.txt": (1, "notes.txt"),
    "prior prior.npz": (2, "priors add up by --merge"),
    "prior photos --quantizer ab331": (2, "ab313"),
    "prior photos --smoth none": (2, "--smooth"),
    "labels photos --size 0": (2, "neither native nor a number of pixels"),
    "lists random photos": (2, "'photos' is not a valid integer"),
    "weights --prior nope.npz": (1, "make it with `colorprep prior"),
    "train": (1, "make them with `colorprep labels`"),
    "train --recipe zang2016": (2, "did you mean zhang2016?"),
    "train --weights nope.npz --shards photos": (1, "make them with `colorprep labels`"),
    "verify labels": (1, "there is no file or folder labels"),
    "export photos": (1, "folder of labels (with --format webdataset or parquet)"),
    "info -C nowhere": (2, "no such folder"),
}
SECONDS = 2.0


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with an image, a text, and files of other kinds."""
    folder = tmp_path_factory.mktemp("mistakes")
    for name in ("photos", "texts"):
        (folder / name).mkdir()
    (folder / "photos" / "a.ppm").write_bytes(b"P6 1 1 255 " + bytes([255, 0, 0]))
    (folder / "texts" / "notes.txt").write_text("nothing.jpg\n")
    (folder / "clip.mp4").write_bytes(b"\0\0\0\x20ftypisom")
    (folder / "other.7z").write_bytes(b"7z\xbc\xaf\x27\x1c")
    return folder


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_explained(line, place, monkeypatch):
    """The exit code, one message with the way out, nothing on stdout, and nothing written."""
    monkeypatch.chdir(place)
    before = sorted(place.rglob("*"))
    done = CliRunner().invoke(cli, line.split())
    code, message = MISTAKES[line]
    assert (done.exit_code, done.stdout) == (code, ""), done.output
    assert message in done.stderr and done.stderr.count("\nError: ") == done.stderr.startswith(
        "Usage"
    )
    assert "Traceback" not in done.stderr
    assert sorted(place.rglob("*")) == before


@pytest.mark.parametrize("line", ["pior photos", "prior phtos", "train --recipe zang2016", "train"])
def test_a_mistake_ends_soon(line, place):
    """No more than two seconds of processor time, those of starting Python included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    words = [sys.executable, "-m", "colorprep", *line.split()]
    done = subprocess.run(words, cwd=place, capture_output=True, check=False)
    assert done.returncode in (1, 2)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < SECONDS
