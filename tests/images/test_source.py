"""Claims about compact keys, digests, and folders of images."""

import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorprep import BadImage, InputError
from colorprep.images.folder import folder_source
from colorprep.images.source import Keys, in_order, is_listable, keys_digest, top_folder

ALL = ["n01/a.jpg", "n01/z 1.png", "n02/b.JPEG", "top.jpg"]


@pytest.fixture
def folder(tmp_path):
    """A folder named train of four images, and a text among them."""
    root = tmp_path / "train"
    for key in reversed(ALL):
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(key.encode())
    (root / "n01" / "readme.txt").touch()
    return root


@given(st.lists(st.text()), st.slices(12))
def test_keys_are_a_sequence_of_text(texts, part):
    """Keys behave like a list of the same strings: lengths, indices, slices, members."""
    texts = [text for text in texts if is_listable(f"{text}.")]
    keys = Keys(texts)
    assert len(keys) == len(texts)
    assert list(keys) == texts
    assert list(reversed(keys)) == texts[::-1]
    assert keys[part] == texts[part]
    for index in range(-len(texts), len(texts)):
        assert keys[index] == texts[index]
    assert all(text in keys for text in texts)


def test_keys_have_ends():
    """An index beyond either end is an error, also without keys."""
    for keys in (Keys(["ä", "b"]), Keys([])):
        for index in (len(keys), -len(keys) - 1):
            with pytest.raises(IndexError):
                keys[index]


def test_keys_survive_pickling():
    """Keys in other alphabets survive pickling, and equal only the same keys."""
    keys = Keys(["grün/ä.jpg", "猫.png", "🦊/x.webp"])
    arrived = pickle.loads(pickle.dumps(keys))
    assert arrived == keys
    assert arrived[-1] == "🦊/x.webp"
    assert keys != Keys(["grün/ä.jpg", "猫.png/", "🦊x.webp"])
    assert keys != list(keys)


def test_keys_are_small():
    """A hundred thousand keys need their bytes and 8 more each."""
    texts = [f"n{i // 1300:08}/n{i // 1300:08}_{i}.JPEG" for i in range(100_000)]
    assert len(pickle.dumps(Keys(texts), 5)) < sum(map(len, texts)) + 8 * len(texts) + 1000


def test_what_is_found_comes_in_order():
    """Sizes and places are sorted with their keys; names that no list can contain are skipped."""
    found = in_order({"b": (2, 20), "a": (1, 10), "c\nd": (3, 30)}, [])
    assert list(found.keys) == ["a", "b"]
    assert found.sizes.tolist() == [1, 2]
    assert found.places.tolist() == [[10], [20]]
    assert [(skip.key, skip.reason) for skip in found.skipped] == [("c\\nd", "bad-name")]


def test_keys_of_a_folder_are_sorted_posix_paths(folder):
    """Keys are paths with forward slashes, in order, with their sizes."""
    source = folder_source(folder)
    assert list(source.keys) == ALL
    assert source.sizes.tolist() == [len(key) for key in ALL]
    assert source.name == "train"
    assert source.skipped == []
    assert [source.read(index).decode() for index in range(4)] == ALL


def test_order_is_that_of_code_points(tmp_path):
    """The order does not depend on the file system or the locale."""
    names = ["Z.jpg", "a.jpg", "B.jpg", "ä.jpg", "_.jpg", "a/x.jpg", "a-b/x.jpg"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert list(folder_source(tmp_path).keys) == sorted(names)


def test_names_that_no_list_could_hold(tmp_path):
    """A name with a line break or bytes that are not UTF-8 is skipped with a reason."""
    (tmp_path / "good.jpg").touch()
    (tmp_path / "two\nlines.jpg").touch()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/latin-\xe9.jpg")).touch()
    source = folder_source(tmp_path)
    assert list(source.keys) == ["good.jpg"]
    assert [skip.reason for skip in source.skipped] == ["bad-name", "bad-name"]


def test_links_pipes_and_other_kinds(tmp_path, folder):
    """Links are followed, broken ones are bad images; pipes are not images."""
    (folder / "link.jpg").symlink_to(folder / "top.jpg")
    (folder / "dead.jpg").symlink_to("nowhere.jpg")
    (folder / "linked.jpg").symlink_to(folder / "n01")
    os.mkfifo(folder / "pipe.jpg")
    source = folder_source(folder)
    assert list(source.keys) == sorted(
        [*ALL, "dead.jpg", "link.jpg", "linked.jpg/a.jpg", "linked.jpg/z 1.png"]
    )
    assert source.read(list(source.keys).index("link.jpg")) == b"top.jpg"
    dead = list(source.keys).index("dead.jpg")
    assert source.sizes[dead] == -1
    with pytest.raises(BadImage, match="missing"):
        source.read(dead)


def test_a_vanished_file_is_a_bad_image(folder):
    """A file that disappears between listing and reading is missing, not a crash."""
    source = folder_source(folder)
    (folder / "top.jpg").unlink()
    with pytest.raises(BadImage, match="missing"):
        source.read(list(source.keys).index("top.jpg"))


def test_a_vanished_folder_is_an_error(folder):
    """A folder that disappears is not a million missing images."""
    source = pickle.loads(pickle.dumps(folder_source(folder)))
    folder.rename(folder.parent / "elsewhere")
    with pytest.raises(InputError, match="disappeared"):
        source.read(0)


def test_wrong_folders_are_refused(folder, tmp_path):
    """A missing folder, a file and a folder of no images are clear errors."""
    with pytest.raises(InputError, match="no folder"):
        folder_source(tmp_path / "nowhere")
    with pytest.raises(InputError, match="not a folder"):
        folder_source(folder / "top.jpg")
    (tmp_path / "void").mkdir()
    with pytest.raises(InputError, match="no image"):
        folder_source(tmp_path / "void")


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
