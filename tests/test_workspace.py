"""Claims about the workspace."""

from pathlib import Path

import pytest

from colorprep import InputError
from colorprep.workspace import Workspace


def test_the_source_is_remembered(workspace):
    """The last source is remembered as it was given: a path, or a URL."""
    for place in ("train/", "/data/train", "s3://bucket/train"):
        workspace.remember_source(place)
        assert workspace.remembered_source() == place


def test_without_a_source_the_error_says_what_to_do(workspace, tmp_path):
    """Nothing remembered, and a damaged memory, are clear errors."""
    with pytest.raises(InputError, match="--dir"):
        workspace.remembered_source()
    (tmp_path / "workspace.json").write_text("{")
    with pytest.raises(InputError, match="delete it"):
        workspace.remembered_source()


def test_paths_are_shown_as_seen_from_the_workspace(workspace, tmp_path):
    """Inside the workspace a path is shown relative, outside absolute."""
    assert workspace.shown(tmp_path / "runs" / "a") == "runs/a"
    assert workspace.shown(tmp_path.parent) == tmp_path.parent.as_posix()


def test_inputs_that_only_the_current_folder_has_are_named(workspace, tmp_path, monkeypatch):
    """The error gives the path from the workspace; what is there, or nowhere, passes."""
    here = tmp_path / "here"
    here.mkdir()
    (here / "a b.txt").touch()
    monkeypatch.chdir(here)
    assert Workspace().input_path("a b.txt").exists()
    assert workspace.input_path("nowhere.txt") == tmp_path / "nowhere.txt"
    assert workspace.input_path(None, "a b.txt") == tmp_path / "a b.txt"
    with pytest.raises(InputError, match=r"give 'here/a b\.txt', or its absolute path"):
        workspace.input_path("a b.txt")
    (tmp_path / "a b.txt").touch()
    assert workspace.input_path("a b.txt").exists()


def test_outputs_that_repeat_the_workspace_are_refused(tmp_path, monkeypatch):
    """-C out -o out/x is an error, unless out/out exists; other outputs are accepted."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    for root in (Path("out"), tmp_path / "out"):
        with pytest.raises(InputError, match=r"would be .*out/out/a/x\.npz; give -o a/x\.npz, or"):
            Workspace(root).check_output("out/a/x.npz")
        for output in (None, "x.npz", "out", "outer/x.npz", tmp_path / "out/x.npz", "s3://out/x"):
            Workspace(root).check_output(output)
    Workspace().check_output("out/x.npz")
    (tmp_path / "out" / "out").mkdir()
    Workspace(Path("out")).check_output("out/x.npz")
