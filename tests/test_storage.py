"""Files in object stores are written whole or not at all, and read as from a disk."""

import pytest

from colorprep.atomic import replacing, write_json, write_text
from colorprep.errors import OutputError
from colorprep.places import Url
from colorprep.storage import local_copy, read_bytes, read_text, remove, size_of, sizes_in

FOLDER = Url("memory://bucket/labels")


@pytest.fixture(params=["a disk", "a store"])
def folder(request, tmp_path):
    """An empty folder."""
    if request.param == "a disk":
        return tmp_path / "labels"
    for name in sizes_in(FOLDER):
        remove(FOLDER / name)
    return FOLDER


def test_what_is_written_is_read(folder):
    """Contents, sizes and names are those that were written; a removed file is missing."""
    assert sizes_in(folder) == {}
    write_text(folder / "a.txt", "one\n")
    write_json(folder / "below" / "b.json", [1])
    write_text(folder / "a.txt", "one, two\n")
    assert read_text(folder / "a.txt") == "one, two\n"
    assert sizes_in(folder) == {"a.txt": 9, "below/b.json": 8}
    assert size_of(folder / "a.txt") == 9
    assert size_of(folder / "c.txt") is None
    with local_copy(folder / "a.txt") as path:
        assert path.read_bytes() == b"one, two\n"
    remove(folder / "a.txt")
    remove(folder / "a.txt")
    with pytest.raises(FileNotFoundError):
        read_bytes(folder / "a.txt")


def test_a_failure_leaves_the_old_file(folder):
    """A file that was not written to its end does not replace the old one."""
    write_text(folder / "a.txt", "old")
    with pytest.raises(RuntimeError), replacing(folder / "a.txt") as temporary:
        temporary.write_text("new")
        raise RuntimeError
    assert read_text(folder / "a.txt") == "old"
    assert list(sizes_in(folder)) == ["a.txt"]


def test_web_servers_are_not_written_to():
    """The message says where output can go."""
    with pytest.raises(OutputError, match="only those of object stores are written to"):
        write_text(Url("http://localhost:9/a.txt"), "a")
