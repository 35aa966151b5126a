"""Files in object stores are written whole or not at all, and read as from a disk."""

import os
import subprocess

import pytest

from colorprep.atomic import remove_leftovers, replacing, write_json, write_text
from colorprep.errors import OutputError, UnusableName
from colorprep.places import Url
from colorprep.storage import (
    local_copies,
    local_copy,
    read_bytes,
    read_each,
    read_text,
    remove,
    remove_each,
    size_of,
    sizes_in,
)

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


def test_many_files(folder):
    """Many small files are read and removed in order, and copied to this disk while they last."""
    names = [f"{number}.txt" for number in range(5)]
    for name in names[:4]:
        write_text(folder / name, name)
    found = list(read_each(folder / name for name in names))
    assert found == [b"0.txt", b"1.txt", b"2.txt", b"3.txt", None]
    seen = []
    for path in local_copies([folder / name for name in names], 2):
        assert all(earlier.exists() == (folder == earlier.parent) for earlier in seen)
        seen.append(path)
        assert not path.exists() if len(seen) == 5 else path.read_text() == names[len(seen) - 1]
    remove_each(folder / name for name in names)
    assert sizes_in(folder) == {}


def test_long_names(tmp_path):
    """A path that no store takes is refused as a name that no disk takes is."""
    with pytest.raises(UnusableName, match="its path in the bucket has 1029 bytes.*allow 1024"):
        write_text(FOLDER.parent / "labels" / ("猫" * 340) / "a", "")


def test_leftovers_on_the_way_to_a_store(tmp_path, monkeypatch):
    """What killed processes left in the temporary folder is removed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    gone = subprocess.Popen(["true"])
    gone.wait()
    kept = [f"colorprep-{os.getpid()}-a", "colorprep-other", "other"]
    for name in [f"colorprep-{gone.pid}-b", *kept]:
        (tmp_path / name).mkdir()
    remove_leftovers(FOLDER)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
