"""Claims about lists of images."""

import pytest
from folders import put_files
from hypothesis import given
from hypothesis import strategies as st

from colorprep import InputError
from colorprep.images.folder import folder_source
from colorprep.images.lists import (
    LIST_FORMS,
    hiding_folder,
    in_form,
    listed,
    match,
    plain_path,
    read_list,
    resolve,
    write_list,
)

# Printable and one line, neither empty nor a dot, and with no blank at an end.
NAMES = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="/"), min_size=1)
PARTS = st.lists(NAMES.filter(lambda name: name not in (".", "..")), min_size=1, max_size=3)
KEYS = st.lists(PARTS.map("/".join), min_size=1, unique=True)


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
    """A name that ends like a class number is first looked up unchanged."""
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


@given(KEYS, st.sampled_from(LIST_FORMS))
def test_every_form_is_read_as_it_was_written(keys, form):
    """Lists written in any form are read as the same keys, whatever characters they contain."""
    classes = sorted({key.partition("/")[0] for key in keys if "/" in key})
    lines = in_form(keys, form, "of images", classes)
    sizes = {key: (0,) for key in keys}
    assert list(listed(lines, "of images", sizes.get, "a list").keys) == sorted(keys)


def test_forms_are_those_of_published_lists(tmp_path):
    """Written lines have the slashes, names and class numbers of published ones."""
    keys, classes = ["n02/b.JPEG", "n01/a.JPEG", "top.JPEG"], ["n01", "n02"]
    assert in_form(keys, "keys", "train", classes) == keys
    assert in_form(keys, "prefixed", "train", classes)[0] == "train/n02/b.JPEG"
    labeled = in_form(keys, "labeled", "train", classes)
    assert labeled == ["/n02/b.JPEG 1", "/n01/a.JPEG 0", "/top.JPEG -1"]
    write_list(tmp_path / "new" / "list.txt", labeled)
    content = (tmp_path / "new" / "list.txt").read_bytes()
    assert content == b"/n02/b.JPEG 1\n/n01/a.JPEG 0\n/top.JPEG -1\n"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("cval1k.head200", "labeled"),
        ("files-rgbvar-train-1000-101000.head2000", "prefixed"),
        ("tiny_val", "prefixed"),
    ],
)
def test_published_lists_are_written_byte_for_byte(shared, tmp_path, name, form):
    """Published lists, read as keys of their source, are written again in their own form."""
    published = shared / "reference" / f"seed001_{name}.txt"
    lines = read_list(published)
    source_name = "val" if name == "tiny_val" else "train"
    keys = [plain_path(line).removeprefix(f"{source_name}/") for line in lines]
    source = folder_source(put_files(tmp_path / source_name, keys))
    classes = []
    if form == "labeled":
        # A few classes between have no line in this head; any name holds their place.
        named = dict(zip((int(line.split()[1]) for line in lines), keys, strict=True))
        classes = [named.get(n, f"no line {n}").partition("/")[0] for n in range(max(named) + 1)]
    write_list(tmp_path / "again.txt", in_form(resolve(lines, source), form, source.name, classes))
    assert (tmp_path / "again.txt").read_bytes() == published.read_bytes()


def test_resolved_lines_keep_their_order(folder):
    """Lines of any form become keys in order of the lines; missing ones are left out."""
    lines = ["train/n02/b.JPEG", "gone.jpg", "/n01/z 1.png 5", "/n01/a.jpg", "n02/b.JPEG 3"]
    source = folder_source(folder)
    assert resolve(lines, source) == ["n02/b.JPEG", "n01/z 1.png", "n01/a.jpg", "n02/b.JPEG"]


def test_lines_match_keys_without_their_source():
    """Without the source, any first folder may be its name; each key comes once."""
    keys = ["n01/a.jpg", "n01/z 1.png", "train/n02/b.JPEG", "n02/b.JPEG"]
    lines = ["val/n01/a.jpg", "/n01/z 1.png 5", "train/n02/b.JPEG", "x/n02/b.JPEG", "n01/a.jpg"]
    assert match([*lines, "gone.jpg", "x/y/n01/a.jpg"], keys) == (
        ["n01/a.jpg", "n01/z 1.png", "train/n02/b.JPEG", "n02/b.JPEG"],
        ["gone.jpg", "x/y/n01/a.jpg"],
    )


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("n01/a.jpg", "n01/a.jpg"),
        (" ./n01//a.jpg ", "n01/a.jpg"),
        ("/n01/a.jpg 12", "n01/a.jpg"),
        ("/n01/a.JPEG\t-1", "n01/a.JPEG"),
        ("train/n01/a b 7.png 3", "train/n01/a b 7.png"),
        ("n01/a 1.png", "n01/a 1.png"),
        ("n01/scene 7", "n01/scene 7"),
        ("/", "/"),
    ],
)
def test_paths_without_a_source(line, path):
    """A class number is removed only after the name of an image."""
    assert plain_path(line) == path


@pytest.mark.parametrize(
    ("paths", "others", "folder"),
    [
        (["train/n01/a", "train/n02/b"], ["n02/b", "n03/c"], "train"),
        (["train/n01/a", "val/n02/b"], ["n02/b"], None),
        (["train/n01/a"], ["n01/b"], None),
        (["train/n01/a"], ["n01/a", "train/n01/a"], None),
        (["a"], ["a"], None),
    ],
)
def test_hiding_folders(paths, others, folder):
    """A first folder hides matches if all paths have it and nothing else differs."""
    assert hiding_folder(paths, others) == folder


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_empty_lists_are_refused(tmp_path, content):
    """A list that lists nothing is refused."""
    path = tmp_path / "list.txt"
    path.write_text(content)
    with pytest.raises(InputError, match="empty"):
        read_list(path)


def test_wrong_lists_are_refused(folder, tmp_path):
    """A missing list, one that is not text, and one of other images are clear errors."""
    with pytest.raises(InputError, match="there is no list"):
        read_list(tmp_path / "nowhere.txt")
    (tmp_path / "picture.txt").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(InputError, match="cannot read"):
        read_list(tmp_path / "picture.txt")
    (tmp_path / "zeros.txt").write_bytes(bytes(9))
    with pytest.raises(InputError, match="cannot read.*binary"):
        read_list(tmp_path / "zeros.txt")
    with pytest.raises(InputError, match="none of the 1 images listed in some.txt"):
        narrowed(folder, "x.jpg")
