"""Claims about folders and lists."""

import os
from pathlib import Path

import pytest

from colorprep import BadImage, InputError, folder_source
from colorprep.images.source import keys_digest, narrowed, read_list, top_folder


@pytest.fixture
def folder(tmp_path):
    """A folder named train of three images in two classes."""
    root = tmp_path / "train"
    for key in ("n02/b.JPEG", "n01/a.jpg", "n01/z 1.png", "top.jpg"):
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(key.encode())
    (root / "n01" / "readme.txt").touch()
    return root


ALL = ["n01/a.jpg", "n01/z 1.png", "n02/b.JPEG", "top.jpg"]


def test_keys_are_sorted_posix_paths(folder):
    """Keys are paths with forward slashes, in order, with their sizes."""
    source = folder_source(folder)
    assert source.keys == ALL
    assert source.sizes == [len(key) for key in ALL]
    assert source.name == "train"
    assert [source.read(key).decode() for key in ALL] == ALL


def test_order_is_that_of_code_points(tmp_path):
    """The order does not depend on the file system or the locale."""
    names = ["Z.jpg", "a.jpg", "B.jpg", "ä.jpg", "_.jpg", "a/x.jpg", "a-b/x.jpg"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert folder_source(tmp_path).keys == sorted(names)


def test_names_that_no_list_could_hold(tmp_path):
    """A line break or bytes that are no UTF-8 in a name are skipped with a reason."""
    (tmp_path / "good.jpg").touch()
    (tmp_path / "two\nlines.jpg").touch()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/latin-\xe9.jpg")).touch()
    source = folder_source(tmp_path)
    assert source.keys == ["good.jpg"]
    assert [skip.reason for skip in source.skipped] == ["bad-name", "bad-name"]


def test_a_vanished_file_is_a_bad_image(folder):
    """A file that goes away between listing and reading is missing, not a crash."""
    source = folder_source(folder)
    (folder / "top.jpg").unlink()
    with pytest.raises(BadImage, match="missing"):
        source.read("top.jpg")


@pytest.mark.parametrize(
    "line",
    ["n01/a.jpg", "train/n01/a.jpg", "/n01/a.jpg", "/n01/a.jpg 388", "./n01/a.jpg", " n01/a.jpg "],
)
def test_list_forms(folder, line):
    """Paths with the source's own name, a leading slash or a class number are understood."""
    assert narrowed(folder, [line], "list").keys == ["n01/a.jpg"]


def test_names_with_spaces_and_numbers(folder):
    """A name that ends as a class number would is first taken as it stands."""
    (folder / "n01" / "scene 7").write_bytes(b"")
    lines = ["n01/z 1.png", "n01/z 1.png 5", "n01/scene 7"]
    assert narrowed(folder, lines, "list").keys == ["n01/scene 7", "n01/z 1.png"]


def test_lists_narrow(folder):
    """Listed images come once and in order; missing and outside ones are skipped by name."""
    lines = ["top.jpg", "n01/a.jpg", "top.jpg", "n09/gone.jpg", "../secret.jpg"]
    (folder.parent / "secret.jpg").touch()
    source = narrowed(folder, lines, "some.txt")
    assert source.keys == ["n01/a.jpg", "top.jpg"]
    assert [skip.key for skip in source.skipped] == ["../secret.jpg", "n09/gone.jpg"]
    assert {skip.reason for skip in source.skipped} == {"missing"}


def test_published_lists_are_read(shared):
    """Heads of published lists are read line by line."""
    for name, count in (("cval1k.head200", 200), ("tiny_val", 9)):
        lines = read_list(shared / "reference" / f"seed001_{name}.txt")
        assert len(lines) == count


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_empty_lists_are_refused(tmp_path, content):
    """A list that lists nothing is refused."""
    path = tmp_path / "list.txt"
    path.write_text(content)
    with pytest.raises(InputError, match="empty"):
        read_list(path)


def test_wrong_sources_are_refused(folder, tmp_path):
    """A missing folder, a file, an empty folder and a list of other images are clear errors."""
    with pytest.raises(InputError, match="no folder"):
        folder_source(tmp_path / "nowhere")
    with pytest.raises(InputError, match="not a folder"):
        folder_source(folder / "top.jpg")
    (tmp_path / "void").mkdir()
    with pytest.raises(InputError, match="no image"):
        folder_source(tmp_path / "void")
    with pytest.raises(InputError, match="none of the 1 images"):
        narrowed(folder, ["x.jpg"], "list")
    with pytest.raises(InputError, match="cannot read"):
        read_list(tmp_path / "nowhere.txt")


def test_digest_depends_on_keys_and_sizes():
    """Another name or another size is another source."""
    digests = {
        keys_digest(["a", "b"], [1, 2]),
        keys_digest(["a", "c"], [1, 2]),
        keys_digest(["a", "b"], [1, 3]),
    }
    assert len(digests) == 3


def test_top_folder():
    """The class of a key is its top-level folder."""
    assert [top_folder(key) for key in ("a.jpg", "n01/a.jpg", "n01/x/a.jpg")] == ["", "n01", "n01"]
