"""Claims about lists that narrow a source."""

import pytest

from colorprep import InputError
from colorprep.images.folder import folder_source
from colorprep.images.lists import listed, read_list


@pytest.fixture
def folder(tmp_path):
    """A folder named train of three images in two classes, and one beside them."""
    root = tmp_path / "train"
    for key in ("n02/b.JPEG", "n01/a.jpg", "n01/z 1.png", "top.jpg"):
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(key.encode())
    return root


def narrowed(folder, *lines):
    """The keys of what is listed."""
    return list(folder_source(folder, lines, "some.txt").keys)


@pytest.mark.parametrize(
    "line",
    ["n01/a.jpg", "train/n01/a.jpg", "/n01/a.jpg", "/n01/a.jpg 388", "./n01/a.jpg", " n01/a.jpg "],
)
def test_list_forms(folder, line):
    """Paths with the source's own name, a leading slash or a class number are understood."""
    assert narrowed(folder, line) == ["n01/a.jpg"]


def test_names_with_spaces_and_numbers(folder):
    """A name that ends as a class number would is first taken as it stands."""
    (folder / "n01" / "scene 7").write_bytes(b"")
    lines = ["n01/z 1.png", "n01/z 1.png 5", "n01/scene 7"]
    assert narrowed(folder, *lines) == ["n01/scene 7", "n01/z 1.png"]


def test_lists_narrow(folder):
    """Listed images come once and in order; missing and outside ones are skipped by name."""
    lines = ["top.jpg", "n01/a.jpg", "top.jpg", "n09/gone.jpg", "../secret.jpg"]
    (folder.parent / "secret.jpg").touch()
    source = folder_source(folder, lines, "some.txt")
    assert list(source.keys) == ["n01/a.jpg", "top.jpg"]
    assert [skip.key for skip in source.skipped] == ["../secret.jpg", "n09/gone.jpg"]
    assert {skip.reason for skip in source.skipped} == {"missing"}


def test_places_follow_the_order_of_keys():
    """Sizes and places of listed images are in the order of the keys, not of the lines."""
    places = {"a": (1, 10, 11), "b": (2, 20, 21), "c": (3, 30, 31)}
    found = listed(["c", "a", "c"], "train", places.get, "some.txt")
    assert list(found.keys) == ["a", "c"]
    assert found.sizes.tolist() == [1, 3]
    assert found.places.tolist() == [[10, 11], [30, 31]]


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


def test_wrong_lists_are_refused(folder, tmp_path):
    """A missing list, one that is no text, and one of other images are clear errors."""
    with pytest.raises(InputError, match="cannot read"):
        read_list(tmp_path / "nowhere.txt")
    (tmp_path / "picture.txt").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(InputError, match="cannot read"):
        read_list(tmp_path / "picture.txt")
    with pytest.raises(InputError, match="none of the 1 images listed in some.txt"):
        narrowed(folder, "x.jpg")
