"""Claims about plausible mistakes: each ends soon, with one message that says what to do."""

import json
import resource
import shutil
import subprocess
import sys
import zipfile

import pytest

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
    "prior nested.zip": (1, "unpack the outer one by `unzip -q nested.zip -d images`"),
    "prior s4://bucket/train": (1, "give a folder, an archive, or a URL that fsspec supports"),
    "prior photos --list texts/notes.txt": (1, "notes.txt"),
    "prior prior.npz": (2, "priors add up by --merge"),
    "prior photos --quantizer ab331": (2, "ab313"),
    "prior photos --smoth none": (2, "--smooth"),
    "labels photos --size 0": (2, "neither native nor a number of pixels"),
    "lists random photos": (2, "'photos' is not a whole number of 1 or more"),
    "lists subtract texts/notes.txt nope.txt": (1, "there is no list nope.txt"),
    "-C prior photos": (2, "-C took prior for its folder: give -C FOLDER prior photos"),
    "prior photos --components 0": (2, "'0' is not a whole number from 1 to 65535"),
    "prior photos --sigma-ab wide": (2, "'wide' is not a number"),
    "weights --prior nope.npz": (1, "make it with `colorprep prior"),
    "train": (1, "make them with `colorprep labels`"),
    "train --minutes 1h": (2, "'1h' is not a number above 0"),
    "train --ema 1": (2, "'1' is not a number above 0 and below 1"),
    "train --model unett": (2, "there is no unett; did you mean unet?"),
    "train --recipe zang2016": (2, "did you mean zhang2016?"),
    "train --weights nope.npz --shards photos": (1, "make them with `colorprep labels`"),
    "train --shards made --val nope.txt": (1, "there is no list nope.txt"),
    "train --shards made --val nope/": (1, "the top folders are astronaut, cat"),
    "train --shards made --curriculum nope.txt:2": (1, "there is no file nope.txt"),
    "train --shards made --init runs/nope": (1, "there is no file runs/nope"),
    "train --resume --steps 9 --val nope.txt": (1, "make them with `colorprep labels`"),
    "evaluate -q --original phtos --colorized photos": (1, "there is no folder or archive phtos"),
    "verify labels": (1, "there is no file or folder labels"),
    "verify photos": (1, "a prior.npz, a weights.npz or an .npy prior"),
    "export": (2, "ARTIFACT is missing, as in `colorprep export prior.npz`"),
    "export photos": (1, "folder of labels (with --format webdataset or parquet)"),
    "info photos": (1, "if it holds images, `colorprep prior photos` counts their colors"),
    "colorize photos/a.ppm": (1, "train one with `colorprep train`"),
    "colorize photos --checkpoint nope": (1, "there is no checkpoint nope; train one first"),
    "sweep --dir photos": (1, "train one with `colorprep train`"),
    "sweep made/best.pt --dir photos": (1, "there is no checkpoint made/best.pt"),
    "sweep texts/notes.txt --dir phtos": (1, "there is no folder or archive phtos"),
    "probe": (1, "make them with `colorprep labels`"),
    "probe nope --shards made": (1, "there is no checkpoint nope; train one first"),
    "report": (1, "make it with `colorprep prior"),
    "import nope.pth": (1, "there is no file nope.pth; give a .pth"),
    "info -C nowhere": (2, "no such folder"),
}
SECONDS = 2.0
# Prints what came of each line, and the processor time that it took, from the start of Python on.
RUN = """
import json, sys, time
from click.testing import CliRunner
from colorprep.cli.main import cli
done, last = {}, 0.0
for line in json.load(sys.stdin):
    result = CliRunner().invoke(cli, line.split())
    now = time.process_time()
    done[line] = (result.exit_code, result.stdout, result.stderr, now - last)
    last = now
json.dump([done, [*{"torch", "matplotlib"} & sys.modules.keys()]], sys.stdout)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory, prepared):
    """A folder with an image, a text, labels, and files of other kinds."""
    folder = tmp_path_factory.mktemp("mistakes")
    for name in ("photos", "texts"):
        (folder / name).mkdir()
    (folder / "photos" / "a.ppm").write_bytes(b"P6 1 1 255 " + bytes([255, 0, 0]))
    (folder / "texts" / "notes.txt").write_text("nothing.jpg\n")
    (folder / "clip.mp4").write_bytes(b"\0\0\0\x20ftypisom")
    (folder / "other.7z").write_bytes(b"7z\xbc\xaf\x27\x1c")
    with zipfile.ZipFile(folder / "nested.zip", "w") as archive:
        archive.writestr("a.zip", b"PK")
    shutil.copytree(prepared.root / "labels", folder / "made")
    return folder


@pytest.fixture(scope="module")
def outcomes(place):
    """What came of each line, in a fresh process, which leaves nothing but an index."""
    before = {*place.rglob("*")}
    words, lines = [sys.executable, "-c", RUN], json.dumps(list(MISTAKES))
    done = subprocess.run(words, input=lines, cwd=place, capture_output=True, text=True, check=True)
    assert {path for path in place.rglob("*") if "index" not in path.parts} == before
    found, slow_packages = json.loads(done.stdout)
    assert not slow_packages
    return found


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_explained(line, outcomes):
    """The exit code, one message with the way out, nothing on stdout, within two seconds."""
    code, stdout, stderr, seconds = outcomes[line]
    expected, message = MISTAKES[line]
    assert (code, stdout) == (expected, ""), stderr
    assert message in stderr and stderr.count("\nError: ") == stderr.startswith("Usage")
    assert "Traceback" not in stderr
    assert seconds < SECONDS


def test_a_mistake_ends_soon(place):
    """No more than two seconds of processor time, those of starting Python included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    words = [sys.executable, "-m", "colorprep", "train", "--shards", "made", "--val", "nope/"]
    assert subprocess.run(words, cwd=place, capture_output=True, check=False).returncode == 1
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < SECONDS
