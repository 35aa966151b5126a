"""Claims about writing files."""

import csv
import json
import os
import resource
import signal
import stat
import subprocess

import numpy as np
import pytest
from PIL import Image

from colorprep.atomic import (
    remove_leftovers,
    replacing,
    write_csv,
    write_json,
    write_npy,
    write_text,
)
from colorprep.errors import OutputExists, UnusableName


def test_a_file_appears_whole(tmp_path):
    """Missing folders are created, and no temporary file is left."""
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


def test_tables_keep_every_value(tmp_path):
    r"""Lines end in \n whatever the values contain, and floats read back exactly."""
    path = tmp_path / "new" / "table.csv"
    rows = [["ä, b", 0.1, 3], ['say "so"', 1e-300, None], ["a\nb\r\nc", float("nan"), ""]]
    write_csv(path, ["key", "score", "n"], (row for row in rows))
    text = 'key,score,n\n"ä, b",0.1,3\n"say ""so""",1e-300,\n"a\nb\r\nc",nan,\n'
    assert path.read_bytes() == text.encode("utf-8")
    with path.open(encoding="utf-8", newline="") as stream:
        read = list(csv.reader(stream))[1:]
    assert [(row[0], repr(float(row[1]))) for row in read] == [(r[0], repr(r[1])) for r in rows]


def test_rows_that_fail_leave_the_old_table(tmp_path):
    """A table whose rows raise halfway is not written."""
    path = tmp_path / "table.csv"
    write_csv(path, ["n"], [])
    with pytest.raises(ZeroDivisionError):
        write_csv(path, ["n"], ([1 // n] for n in (1, 0)))
    assert path.read_text() == "n\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("array", [np.eye(3), np.arange(6, dtype=np.uint16).reshape(2, 3)[:, ::2]])
def test_arrays_are_written_as_numpy_does(tmp_path, array):
    """The bytes are those of `np.save`, and the size is returned."""
    np.save(tmp_path / "expected.npy", array)
    expected = (tmp_path / "expected.npy").read_bytes()
    assert write_npy(tmp_path / "new" / "array.npy", array) == len(expected)
    assert (tmp_path / "new" / "array.npy").read_bytes() == expected


def test_objects_are_never_pickled(tmp_path):
    """An array of objects is refused, and leaves no file."""
    with pytest.raises(ValueError, match="allow_pickle"):
        write_npy(tmp_path / "array.npy", np.array([None]))
    assert not list(tmp_path.iterdir())


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
def test_a_name_that_is_too_long_is_reported(tmp_path, parts):
    """The error says which name is too long, and by how much; nothing is left behind."""
    with pytest.raises(
        UnusableName, match=r"cannot write .*(256|300) bytes.* 255|not allow its name"
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


def _torch(path):
    import torch

    torch.save({"a": torch.zeros(10), "b": torch.zeros(200_000)}, path)


def _safetensors(path):
    import torch
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(200_000)}, path)


def _npy(path):
    with path.open("wb") as stream:
        np.save(stream, np.zeros(200_000))


def _npz(path):
    with path.open("wb") as stream:
        np.savez(stream, a=np.zeros(200_000), b=np.zeros(3))


def _picture(path, kind):
    noise = np.random.default_rng(0).integers(0, 256, (500, 500, 3), np.uint8)
    Image.fromarray(noise).save(path, kind)


WRITERS = {
    "torch": _torch,
    "safetensors": _safetensors,
    "npy": _npy,
    "npz": _npz,
    "png": lambda path: _picture(path, "PNG"),
    "jpeg": lambda path: _picture(path, "JPEG"),
    "bytes": lambda path: path.write_bytes(bytes(200_000)),
}


def writes_without_room(path, write, room=100_000):
    """Write in a forked process whose files may not be larger; return its error."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        message = "nothing"
        try:
            with replacing(path) as temporary:
                write(temporary)
        except BaseException as error:
            message = f"{type(error).__name__}: {error}"
        finally:
            os.write(writing, message.encode())
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as stream:
        return stream.read()


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_is_reported_whichever_library_writes(tmp_path, writer):
    """Libraries raise various errors; the message is always the same, and the old file stays."""
    path = tmp_path / "file"
    path.write_text("as it was")
    message = writes_without_room(path, WRITERS[writer])
    assert message.startswith(f"OutputError: cannot write {path}: there is no room for it")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("file", "as it was")]


def test_other_errors_stay_what_they_are(tmp_path):
    """Errors other than missing room are not reported as a full disk."""
    with pytest.raises(RuntimeError, match="mine"), replacing(tmp_path / "file"):
        raise RuntimeError("mine")
    assert not list(tmp_path.iterdir())
