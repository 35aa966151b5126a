"""Claims about messages of decoding libraries: nothing on stderr, with or without workers."""

import subprocess
import sys

import numpy as np
import pytest
from awkward_images import picture
from made_files import compressed, saved, tiff
from PIL import Image

PICTURE = picture()
SIZE = (PICTURE.shape[1], PICTURE.shape[0])


def damaged_strip():
    """A TIFF that libtiff complains about."""
    rows = PICTURE.reshape(PICTURE.shape[0], -1)
    strip = bytearray(compressed(rows, "tiff_adobe_deflate"))
    strip[5:40] = b"\xff" * 35
    tags = {"bits": (8, 8, 8), "samples": 3, "photometric": 2, "compression": 8}
    return tiff(SIZE, bytes(strip), **tags)


def odd_tags():
    """A sound TIFF with a tag of too many values, about which Pillow warns."""
    tags = {"bits": (8, 8, 8), "samples": 3, "photometric": 2, "orientation": (1, 1, 1)}
    return tiff(SIZE, PICTURE.tobytes(), **tags)


@pytest.fixture
def folder(tmp_path):
    """A folder of images about which the libraries write messages."""
    images = tmp_path / "images"
    images.mkdir()
    (images / "damaged.tif").write_bytes(damaged_strip())
    (images / "odd.tif").write_bytes(odd_tags())
    broken_exif = b"Exif\0\0MM\0*\xff\xff\xff\xff"
    (images / "exif.jpg").write_bytes(saved(Image.fromarray(PICTURE), "JPEG", exif=broken_exif))
    inks = Image.fromarray(np.dstack([PICTURE, PICTURE[..., :1]]), "CMYK")
    (images / "inks.jpg").write_bytes(saved(inks, "JPEG", exif=broken_exif))
    return images


def spoken(code, folder):
    """Return what a process writes to stderr."""
    words = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stderr


ALL = "import sys, pathlib\nfiles = sorted(pathlib.Path(sys.argv[1]).iterdir())\n"
BY_PILLOW = """
from PIL import Image
for file in files:
    try:
        image = Image.open(file)
        image.load()
        image.getexif()
    except OSError:
        pass
"""
TASK = """
from colorprep import BadImage, decode
def read(_):
    for file in files:
        try:
            decode(file.read_bytes())
        except BadImage as error:
            assert file.name == "damaged.tif", error
    return len(files)
"""
BY_US = (
    TASK
    + """
from colorprep.decoder_messages import keep_quiet
keep_quiet()
read(None)
"""
)
BY_A_WORKER = (
    TASK
    + """
if __name__ == "__main__":
    from colorprep.engine import Chunk
    from colorprep.engine.cluster import local_cluster
    with local_cluster(1) as engine:
        assert list(engine.run(read, [Chunk([0])])) == [4]
"""
)


def test_these_files_make_the_libraries_speak(folder):
    """By themselves, Pillow warns and libtiff writes to stderr."""
    said = spoken(ALL + BY_PILLOW, folder)
    assert "ZIPDecode" in said
    assert "too many entries" in said and "Corrupt EXIF" in said


@pytest.mark.parametrize("code", [BY_US, BY_A_WORKER], ids=["here", "worker"])
def test_nothing_on_stderr(folder, code):
    """Here and on a worker of a cluster, the same files are decoded without a message."""
    assert spoken(ALL + code, folder) == ""


def test_warnings_are_in_the_log_on_demand(folder, colorprep, capfd):
    """With --log-file, Pillow's warnings are in the log and not on stderr."""
    log = folder.parent / "run.log"
    words = ["prior", "--dir", str(folder), "--log-file", str(log)]
    result = colorprep(*words, "-q")
    assert result.exit_code == 0, result.stderr
    shown = result.stderr + capfd.readouterr().err
    assert "skipped damaged.tif: corrupt" in shown
    logged = log.read_text()
    for words in ("too many entries", "Corrupt EXIF"):
        assert words in logged and words not in shown
