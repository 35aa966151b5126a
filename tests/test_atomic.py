"""Claims about writing files."""

import json
import os
import stat
import subprocess

import pytest

from colorprep.atomic import remove_leftovers, replacing, write_json, write_text
from colorprep.errors import OutputExists, UnusableName


def test_a_file_appears_whole(tmp_path):
    """Missing folders are made, and no temporary file is left."""
    write_json(tmp_path / "a" / "b.json", {"ä": 1})
    assert json.loads((tmp_path / "a" / "b.json").read_text(encoding="utf-8")) == {"ä": 1}
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.json"]


def test_an_error_leaves_the_old_file(tmp_path):
    """When writing fails, the old file stays and nothing else is left."""
    path = tmp_path / "list.txt"
    write_text(path, "old\n")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half of the n")
        raise RuntimeError
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]


def test_only_files_are_replaced(tmp_path):
    """A pipe (as a device would) and a folder stay what they are; the message names them."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, kind in ((pipe, "pipe"), (tmp_path, "folder")):
        with pytest.raises(OutputExists, match=f"{path.name}.*{kind}"):
            write_text(path, "text")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.parametrize("name", ["n" * 251 + ".npy", "é" * 125 + ".npy", "a.npy"])
def test_any_name_that_the_system_takes_can_be_written(tmp_path, name):
    """The temporary name is never too long; it stays in the folder, is hidden, and is removed."""
    with replacing(tmp_path / name) as temporary:
        temporary.write_bytes(b"x")
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(".")
        assert temporary.name.endswith(f".{os.getpid()}.tmp")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_temporary_names_of_long_names_differ(tmp_path):
    """Files of long names that begin alike can be written at the same time."""
    names = ["n" * 250 + end for end in ("1.npy", "2.npy")]
    with replacing(tmp_path / names[0]) as first, replacing(tmp_path / names[1]) as second:
        first.write_bytes(b"1")
        second.write_bytes(b"2")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        names[0]: b"1",
        names[1]: b"2",
    }


@pytest.mark.parametrize("parts", [["n" * 256], ["é" * 128], ["f" * 300, "a.npy"], ["long"] * 1000])
def test_a_name_that_is_too_long_is_told(tmp_path, parts):
    """The error says which name is too long, and by how much; nothing is left behind."""
    with pytest.raises(
        UnusableName, match=r"cannot write .*(256|300) bytes.* 255|not take its name"
    ):
        write_text(tmp_path.joinpath(*parts), "text")
    assert list(tmp_path.rglob("*.tmp")) == []


def test_leftovers_of_killed_writers_are_removed(tmp_path):
    """Temporary files of processes that are gone are removed, of long and of short names."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    for name in ("a.npy", "0123456789abcdef" * 2):
        (tmp_path / f".{name}.{gone.pid}.tmp").touch()
        (tmp_path / f".{name}.{os.getpid()}.tmp").touch()
    remove_leftovers(tmp_path)
    assert sorted(path.name.split(".")[-2] for path in tmp_path.iterdir()) == [str(os.getpid())] * 2
