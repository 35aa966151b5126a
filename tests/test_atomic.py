"""Claims about writing files."""

import json
import os
import stat

import pytest

from colorprep.atomic import replacing, write_json, write_text
from colorprep.errors import OutputExists


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
