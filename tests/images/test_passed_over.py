"""Claims about files that sources leave out: the same for all kinds of places, and all reported."""

import io
import itertools
import os
import tarfile
import zipfile

import fsspec
import packing
import pytest
from PIL import Image

from colorprep import InputError
from colorprep.images import object_store
from colorprep.images.folder import folder_source
from colorprep.images.opening import find_images
from colorprep.images.passed_over import described
from colorprep.images.source import Search
from colorprep.marks import MARK

PLACES = ["folder", "tar", "tar.gz", "zip-stored", "zip", "memory"]
numbers = itertools.count()


def encoded(form="JPEG"):
    """A small image as bytes."""
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "olive").save(stream, form)
    return stream.getvalue()


JPEG, PNG, HEIC = encoded(), encoded("PNG"), b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)
IMAGES = {
    "cat/a.jpg": JPEG,
    "cat/b": JPEG,
    "cat/c.jpg?w=640": PNG,
    "dog/d.jfif": JPEG,
    "dog/e.hif": PNG,
    "dog/real.hif": HEIC,
    "top.PNG": PNG,
    "made/f.jpg": JPEG,
}
OTHERS = {
    "__MACOSX/cat/._a.jpg": b"macos",
    "__MACOSX/cat/._b.jpg": b"macos",
    ".git/HEAD": b"ref",
    "cat/@eaDir/a.jpg/thumb.jpg": JPEG,
    "dog/@eaDir/d.jpg": JPEG,
    "cat/.hidden.jpg": JPEG,
    "cat/Thumbs.db": b"thumbs",
    "cat/a.txt": b"a cat",
    "dog/words.jfif": b"words",
    "README": b"words",
    "more.zip": b"PK",
    "more.tar.gz": b"\x1f\x8b",
    f"lists/{MARK}": b"./\n",
    "lists/montage.jpg": JPEG,
    "lists/deep/rgbvar.csv": b"key",
    f"made/{MARK}": b"# words\n./sheet.png\n",
    "made/sheet.png": PNG,
}
PASSED_OVER = {
    "__MACOSX/": 2,
    ".git/": 1,
    "@eaDir/": 2,
    "hidden": 1,
    ".db": 1,
    ".txt": 1,
    ".jfif": 1,
    "without ending": 1,
    ".zip": 1,
    ".tar.gz": 1,
    "lists/ (made by colorprep)": 2,
    "pictures made by colorprep": 1,
}


@pytest.fixture
def put(tmp_path):
    """Puts files, by key, into a folder, an archive or a store in memory; gives the place."""

    def put_files(files, kind):
        root = tmp_path / f"train{next(numbers)}"
        for key, data in files.items():
            (root / key).parent.mkdir(parents=True, exist_ok=True)
            (root / key).write_bytes(data)
        if kind == "folder":
            return root
        if kind != "memory":
            return packing.pack(root, kind, tmp_path / f"{root.name}.{kind}")
        store, url = fsspec.filesystem("memory"), f"memory://passed-over{next(numbers)}/train"
        for key, data in files.items():
            store.pipe_file(f"{url.removeprefix('memory:/')}/{key}", data)
        return url

    return put_files


@pytest.mark.parametrize("kind", PLACES)
def test_images_and_all_else_are_told_apart(put, kind):
    """The same images and the same counts, whichever way the files are kept."""
    source = find_images(put(IMAGES | OTHERS, kind))
    assert packing.contents(source) == IMAGES
    assert source.passed_over == PASSED_OVER
    assert source.skipped == []


@pytest.mark.parametrize("kind", PLACES)
def test_every_file_is_an_image_or_told(put, kind):
    """Images and what is passed over are together all there is, but for the marks."""
    files = IMAGES | OTHERS
    source = find_images(put(files, kind))
    n_marks = sum(key.endswith(MARK) for key in files)
    assert len(source.keys) + sum(source.passed_over.values()) == len(files) - n_marks


@pytest.mark.parametrize("kind", ["folder", "tar", "zip", "memory"])
def test_own_pictures_are_taken_on_request(put, kind):
    """To evaluate colorized pictures, all of them are found, wherever they are."""
    source = find_images(put(IMAGES | OTHERS, kind), search=Search(takes_own=True))
    assert set(source.keys) == {*IMAGES, "lists/montage.jpg", "made/sheet.png"}


@pytest.mark.parametrize("kind", ["folder", "tar", "zip", "memory"])
def test_an_own_folder_that_is_given_is_taken(put, kind):
    """A mark applies to sources above its folder, not to the folder itself as a source."""
    source = find_images(put({MARK: b"./\n", "n01/a.png": PNG}, kind))
    assert list(source.keys) == ["n01/a.png"]
    assert source.passed_over == {}


@pytest.mark.parametrize("kind", ["folder", "tar", "zip", "memory"])
def test_listed_files_are_taken_whatever_they_are(put, kind):
    """A list may name a hidden file, or one made by colorprep."""
    lines = ["cat/.hidden.jpg", "lists/montage.jpg", "cat/b"]
    source = find_images(put(IMAGES | OTHERS, kind), lines)
    assert set(source.keys) == set(lines)
    assert source.passed_over == {}


@pytest.mark.parametrize("kind", ["folder", "tar", "zip", "memory"])
def test_a_place_without_images_says_what_it_holds(put, kind):
    """The error names what was found instead."""
    others = {key: data for key, data in OTHERS.items() if not key.startswith("more.")}
    with pytest.raises(InputError, match=r"no image in .*passed over .*1 \.txt.*made: lists"):
        find_images(put(others, kind))


def test_tars_in_a_tar(tmp_path):
    """ImageNet's tar of tars: what a class tar holds is sorted as well."""
    inner = packing.write_tar(
        tmp_path / "n01.tar",
        ("a.JPEG", JPEG),
        ("b", PNG),
        ("._a.JPEG", b"macos"),
        ("deep.tar", b"tar"),
    ).read_bytes()
    others = [("._n01.tar", b"macos"), ("__MACOSX/n01.tar", b"macos"), ("n02.tar.gz", b"gzip")]
    path = packing.write_tar(tmp_path / "train.tar", ("n01.tar", inner), *others)
    source = find_images(path)
    assert list(source.keys) == ["n01/a.JPEG", "n01/b"]
    assert source.passed_over == {"hidden": 2, ".tar": 1, ".tar.gz": 1, "__MACOSX/": 1}
    assert "archives beside images are not opened" in described(source.passed_over)


def test_pipes_in_a_tar_and_bad_names_are_told(tmp_path):
    """Special files, and refused members that are not images, are counted."""
    pipe = tarfile.TarInfo("pipe")
    pipe.type = tarfile.FIFOTYPE
    folder = tarfile.TarInfo("n01")
    folder.type = tarfile.DIRTYPE
    path = packing.write_tar(
        tmp_path / "x.tar", folder, pipe, ("/abs.txt", b""), ("/abs.jpg", JPEG), ("a.jpg", JPEG)
    )
    source = find_images(path)
    assert source.passed_over == {"pipes, sockets and devices": 1, ".txt": 1}
    assert [skip.key for skip in source.skipped] == ["/abs.jpg"]


def test_names_that_tell_are_not_read(put, monkeypatch):
    """In a store, only files with an ambiguous name are requested, and only their beginning."""
    url = put(IMAGES | OTHERS, "memory")
    asked = []
    real = object_store._heads

    def heads(url, keys, n_bytes):
        asked.extend((key, n_bytes) for key in keys)
        return real(url, keys, n_bytes)

    monkeypatch.setattr(object_store, "_heads", heads)
    find_images(url)
    looked_into = {key for key, n_bytes in asked if n_bytes <= 256}
    assert looked_into == {
        *("cat/b", "cat/c.jpg?w=640", "dog/d.jfif", "dog/e.hif"),
        *("dog/real.hif", "dog/words.jfif", "README"),
    }
    assert {key for key, n_bytes in asked if n_bytes > 256} == {f"lists/{MARK}", f"made/{MARK}"}


def test_large_compressed_files_are_looked_into_by_their_beginning(tmp_path, monkeypatch):
    """A member of a zip with an ambiguous name is not unpacked completely."""
    noise = JPEG + os.urandom(1 << 20)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("photo", noise)
        archive.writestr("empty", b"")
    read = []
    monkeypatch.setattr("colorprep.images.archive_file.os.pread", _counting(read))
    source = find_images(tmp_path / "x.zip")
    assert list(source.keys) == ["photo"]
    assert sum(read) < 100_000
    assert source.read(0) == noise


def _counting(read):
    real = os.pread

    def pread(descriptor, size, start):
        data = real(descriptor, size, start)
        read.append(len(data))
        return data

    return pread


@pytest.fixture
def linked(tmp_path):
    """A folder whose classes are links to folders elsewhere."""
    elsewhere = tmp_path / "imagenet"
    for name in ("n01/a.jpg", "n02/b.jpg", "n02/notes.txt"):
        (elsewhere / name).parent.mkdir(parents=True, exist_ok=True)
        (elsewhere / name).write_bytes(JPEG)
    train = tmp_path / "train"
    train.mkdir()
    (train / "n01").symlink_to("../imagenet/n01")
    (train / "n02").symlink_to(elsewhere / "n02")
    (train / "again").symlink_to(elsewhere / "n01")
    (train / "top.jpg").write_bytes(JPEG)
    return train


def test_folders_that_are_links_are_entered(linked):
    """Classes may be links; two links to one folder are two classes."""
    source = folder_source(linked)
    assert list(source.keys) == ["again/a.jpg", "n01/a.jpg", "n02/b.jpg", "top.jpg"]
    assert source.passed_over == {".txt": 1}
    assert packing.contents(source) == dict.fromkeys(source.keys, JPEG)


def test_folders_that_are_links_can_be_left_out(linked):
    """They are reported then."""
    source = folder_source(linked, search=Search(follows_links=False))
    assert list(source.keys) == ["top.jpg"]
    assert source.passed_over == {"links to folders": 3}
    assert described(source.passed_over) == "passed over 3 files: 3 links to folders"


def test_circles_of_links_end(linked):
    """A folder is never entered from within itself."""
    (linked / "self").symlink_to(".")
    (linked / "up").symlink_to("..")
    (linked / "x").symlink_to("x")
    (linked.parent / "imagenet/n01/back").symlink_to(linked)
    source = folder_source(linked)
    assert "n01/a.jpg" in source.keys
    assert "up/imagenet/n02/b.jpg" in source.keys
    assert not any("self/" in key or "back/" in key for key in source.keys)
    assert source.passed_over["links to a folder above them"] > 3


def test_deep_folders(tmp_path):
    """No depth is too deep, as long as the system has paths for it."""
    deep = tmp_path
    for _ in range(900):
        deep /= "d"
    deep.mkdir(parents=True)
    (deep / "a.jpg").write_bytes(JPEG)
    assert list(folder_source(tmp_path).keys) == ["d/" * 900 + "a.jpg"]
    packed = packing.write_tar(tmp_path / "x.tar", ("d/" * 3000 + "a.jpg", JPEG))
    assert list(find_images(packed).keys) == ["d/" * 3000 + "a.jpg"]


def test_what_is_no_file_is_neither_read_nor_lost(tmp_path):
    """A pipe is reported without being opened, which would wait forever."""
    (tmp_path / "a.jpg").write_bytes(JPEG)
    for name in ("pipe", "pipe.jpg", "pipe.txt"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "gone.txt").symlink_to("nowhere.txt")
    (tmp_path / "gone").symlink_to("nowhere")
    source = folder_source(tmp_path)
    assert list(source.keys) == ["a.jpg"]
    assert source.passed_over == {
        "pipes, sockets and devices": 3,
        ".txt": 1,
        "without ending": 1,
    }


@pytest.mark.parametrize("kind", ["folder", "tar"])
def test_names_that_cannot_be_shown_are_told_escaped(put, kind):
    """Names with line breaks or not in UTF-8 fit into a one-line message and into JSON."""
    odd = {".a\nb/x": b"", f"own\udce9/{MARK}": b"./\n", "own\udce9/x": b"", "x.\udce9": b"words"}
    passed_over = find_images(put({"a.jpg": JPEG} | odd, kind)).passed_over
    assert passed_over == {
        r".a\nb/": 1,
        r"own\udce9/ (made by colorprep)": 1,
        "without ending": 1,
    }
    assert described(passed_over).isprintable()


def test_how_it_is_told():
    """Kinds by their number, folders of the system and colorprep's own by name."""
    counts = {".tar": 4, ".hif": 3, "without ending": 1, "links to folders": 1}
    assert described(counts).startswith(
        "passed over 9 files: 4 .tar, 3 .hif, 1 link to a folder, 1 without ending (archives"
    )
    assert described({"__MACOSX/": 60, ".git/": 1}) == (
        "passed over 1 file in .git; 60 files in __MACOSX"
    )
    own = {f"{name}/ (made by colorprep)": 3 for name in ("runs/a", "audit")}
    assert described(own) == "passed over 2 folders that colorprep made: audit, runs/a"
    assert described({}) == ""
    many = described({f".e{i:02}": 1 for i in range(14)})
    assert many.endswith(".e08, 1 .e09 and 4 more")
