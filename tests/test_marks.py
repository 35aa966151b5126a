"""Claims about the mark: it names all that colorprep created, and nothing of the user."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from colorprep.atomic import make_own_folder, replacing, write_bytes, write_text
from colorprep.errors import OutputError, OutputExists
from colorprep.marks import MARK, Mark, is_empty, parse_mark, read_mark
from colorprep.workspace import Workspace


def test_new_and_empty_folders_become_own(tmp_path):
    """A folder that colorprep creates, or that was empty, is marked as a whole."""
    (tmp_path / "empty").mkdir()
    for name in ("new/inner", "empty"):
        make_own_folder(tmp_path / name)
        assert read_mark(tmp_path / name) == Mark(whole=True)
    assert not read_mark(tmp_path / "new").whole


def test_folders_of_the_user_never_become_own(tmp_path):
    """A folder with a file, the workspace and the folders above it are not marked."""
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.jpg").touch()
    make_own_folder(photos)
    workspace = tmp_path / "empty"
    workspace.mkdir()
    assert Workspace(workspace).own_folder(".") == workspace
    Workspace(workspace).own_folder(tmp_path)
    (tmp_path / "link").symlink_to(workspace)
    Workspace(workspace).own_folder(tmp_path / "link")
    assert not list(tmp_path.rglob(MARK))


def test_pictures_in_folders_of_the_user_are_named(tmp_path):
    """A picture beside the user's files is named once; other outputs are not named."""
    (tmp_path / "mine.jpg").touch()
    for name in ("curves.png", "# sheet.JPG", "curves.png", "ä.png"):
        write_bytes(tmp_path / name, b"")
    write_text(tmp_path / "log.csv", "")
    assert read_mark(tmp_path) == Mark(False, frozenset(["curves.png", "# sheet.JPG", "ä.png"]))
    assert (tmp_path / MARK).read_bytes().count(b"./curves.png") == 1


def test_a_picture_that_was_not_written_is_not_named(tmp_path):
    """A failure before the picture is complete leaves no mark."""
    with pytest.raises(ValueError), replacing(tmp_path / "a.png"):
        raise ValueError
    assert is_empty(tmp_path)
    assert not (tmp_path / MARK).exists()


def test_folders_within_an_own_one_need_no_mark(tmp_path):
    """One mark stands for a whole tree of pictures."""
    make_own_folder(tmp_path / "colorized")
    write_bytes(tmp_path / "colorized/n01/a.png", b"")
    assert [path.parent.name for path in tmp_path.rglob(MARK)] == ["colorized"]


def test_photographs_are_not_named(tmp_path):
    """Pictures that are written as input for later commands are not named."""
    with replacing(tmp_path / "a.jpg", is_photograph=True) as temporary:
        temporary.touch()
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_many_threads_name_their_pictures(tmp_path):
    """No name is lost if threads write pictures at the same time."""
    names = [f"{i:03}.png" for i in range(100)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: write_bytes(tmp_path / name, b""), names))
    assert read_mark(tmp_path).names == set(names)


def test_what_a_mark_says():
    """Only lines that begin with ./ count; all others are comments."""
    assert parse_mark(b"") == Mark()
    assert parse_mark(b"# ./a.png\n./\n") == Mark(True)
    assert parse_mark(b"words\r\n./a b.png\r\n") == Mark(False, frozenset(["a b.png"]))


def test_a_folder_that_cannot_be_created_is_an_output_error(tmp_path, monkeypatch):
    """A full disk is reported with what to do, even if only a folder is created."""
    monkeypatch.setattr("pathlib.Path.mkdir", _no_room)
    with pytest.raises(OutputError, match="there is no room for it"):
        make_own_folder(tmp_path / "lists")


def test_a_file_in_the_place_of_a_folder_is_reported(tmp_path):
    """A file in place of the folder itself, or of one above it, is an error."""
    (tmp_path / "file").touch()
    for name in ("file", "file/inner"):
        with pytest.raises(OutputExists, match="is a file, not a folder"):
            make_own_folder(tmp_path / name)


def _no_room(*_, **__):
    raise OSError(28, "No space left on device")
