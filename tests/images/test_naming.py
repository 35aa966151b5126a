"""Claims about deciding by the name of a file."""

import pytest
from PIL import Image

from colorprep.images.naming import (
    ending_of,
    is_ambiguous,
    is_image,
    is_system_folder,
    kind_of,
)
from colorprep.images.pairing import stem_of
from colorprep.images.source import has_image_ending

TOLD = [
    "a.jpg",
    "a.HEIC",
    "b.txt",
    "b.tar.gz",
    "x.jpg.xml",
    "x.parquet",
    "._a",
    ".DS_Store",
    "a.7z",
]
DOUBTFUL = ["a", "a.jfif", "a.HIF", "a.jpg?w=640", "a.jpg?f=b.txt", "a.jpg_large", "Mr. Smith"]
DOUBTFUL += ["2021.05.03", "a.jpg.1", "x.", "a.pgm", "a.avifs"]


@pytest.mark.parametrize("name", TOLD)
def test_names_that_tell_are_not_looked_into(name):
    """An image by its ending, hidden, or of another ending."""
    assert not is_ambiguous(name)


@pytest.mark.parametrize("name", DOUBTFUL)
def test_names_that_do_not_tell_are_looked_into(name):
    """No ending, what cannot be one, and endings of several formats."""
    assert is_ambiguous(name)
    assert not has_image_ending(name)


def test_first_bytes_decide(tmp_path):
    """A file with an ambiguous name is an image if it is in a supported format."""
    for form in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM"):
        Image.new("RGB", (9, 9), "teal").save(tmp_path / "x", form)
        assert is_image("x.hif", (tmp_path / "x").read_bytes()[:256]), form
    assert not is_image("x", b"words, words and words")
    assert not is_image("x.jfif", b"words, words and words")
    assert is_image("x.jfif", b"")
    assert not is_image("x", b"")


def test_kinds():
    """A file is counted by its ending, both parts of a packed tar's."""
    names = {"a.TXT": ".txt", "b.tar.gz": ".tar.gz", "c.d.gz": ".gz", "README": "without ending"}
    names |= {"._x.jpg": "hidden", "a.jpg?w=6": "without ending", ".tar": "hidden"}
    assert {name: kind_of(name) for name in names} == names
    assert ending_of("a.b/") == ""


def test_system_folders():
    """Folders that systems make for themselves, in any case; not those that resemble them."""
    for name in (
        "__MACOSX",
        ".git",
        "@eaDir",
        "$RECYCLE.BIN",
        "lost+found",
        "System Volume Information",
    ):
        assert is_system_folder(name)
    for name in ("macosx", "git", "@cats", "lost", "..", "."):
        assert not is_system_folder(name)


def test_stems_of_keys_without_ending():
    """Two files without an ending are not of one stem."""
    assert [stem_of(key) for key in ("n/a.jpg", "n/a", "n/b", "n.d/c", "a.jpg?w=6")] == [
        *("n/a", "n/a", "n/b", "n.d/c", "a")
    ]
