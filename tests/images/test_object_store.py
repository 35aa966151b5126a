"""Claims about object stores: the images are those of the folder, and errors keep secrets."""

import importlib
import itertools
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import packing
import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem
from fsspec.spec import AbstractFileSystem
from object_stores import forget_connections

from colorprep import BadImage, InputError
from colorprep.images.folder import folder_source
from colorprep.images.object_store import object_store_source
from colorprep.images.opening import find_images
from colorprep.places import is_url, shown_url

numbers = itertools.count()


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Stores are asked again at once."""
    monkeypatch.setattr("colorprep.retrying.PAUSES", (0, 0))


def contents(source):
    """The bytes of all images by their keys."""
    return {key: source.read(index) for index, key in enumerate(source.keys)}


def put(url, files):
    """Put files below a URL."""
    store, root = fsspec.core.url_to_fs(url)
    for key, data in files.items():
        store.pipe_file(f"{root}/{key}", data)
    return url


@pytest.fixture
def memory():
    """A URL in memory that no other test uses."""
    return f"memory://prefix{next(numbers)}/train"


@pytest.fixture(params=["memory", "file", "s3"])
def stored(request, photographs, tmp_path):
    """The photographs below a URL of each kind."""
    if request.param == "file":
        return photographs.as_uri()
    files = {
        path.relative_to(photographs).as_posix(): path.read_bytes()
        for path in photographs.rglob("*.*")
    }
    return put(request.getfixturevalue(request.param), files)


def test_a_store_is_as_good_as_the_folder(stored, photographs):
    """Keys, sizes and bytes are those of the folder, after pickling and from four threads too."""
    folder = folder_source(photographs)
    source = find_images(stored)
    assert source.name == "train"
    assert source.keys == folder.keys
    assert source.sizes.tolist() == folder.sizes.tolist()
    assert source.skipped == []
    expected = contents(folder)
    sent = pickle.loads(pickle.dumps(source))
    assert contents(source) == contents(sent) == expected
    indices = list(range(len(folder.keys))) * 2
    with ThreadPoolExecutor(4) as threads:
        for index, data in zip(indices, threads.map(sent.read, indices), strict=True):
            assert data == expected[folder.keys[index]]


def test_lists_narrow_a_store(stored, photographs):
    """List lines may begin with the folder's name; missing ones are skipped by name."""
    keys = folder_source(photographs).keys
    source = find_images(stored, [f"train/{keys[2]} 5", "gone.jpg"], "some.txt")
    assert list(source.keys) == [keys[2]]
    assert [(skip.key, skip.reason) for skip in source.skipped] == [("gone.jpg", "missing")]


def test_an_odd_store(memory):
    """Names that are not plain paths are skipped, other files passed over, neighbors left alone."""
    good = {"a/b.jpg": b"b", "猫 1.png": b"c"}
    odd = {"a//c.jpg": b"x", "./d.jpg": b"x", "../e.jpg": b"x", "f\\g.jpg": b"x", "l\nm.jpg": b"x"}
    store = fsspec.filesystem("memory")
    root = memory.removeprefix("memory:/")
    for key, data in (good | odd | {"notes.txt": b"x"}).items():
        # Put as they are: the file system itself would tidy some of them.
        store.store[f"{root}/{key}"] = MemoryFile(store, key, data)
    put(f"{memory}2", {"neighbor.jpg": b"x"})
    store.find = lambda path, **_: {
        name: {"name": name, "size": file.size, "type": "file"}
        for name, file in store.store.items()
        if name.startswith(path.rstrip("/"))
    }
    try:
        source = object_store_source(memory)
    finally:
        del store.find
    assert contents(source) == good
    assert {skip.reason for skip in source.skipped} == {"bad-name"}
    assert len(source.skipped) == len(odd)


def test_a_new_listing_is_made_each_time(s3):
    """Files added to a store since the last listing are found."""
    put(s3, {"a.jpg": b"a"})
    assert list(object_store_source(s3).keys) == ["a.jpg"]
    import s3fs

    with s3fs.S3FileSystem(skip_instance_cache=True).open(f"{s3}/b.jpg", "wb") as file:
        file.write(b"b")
    assert list(object_store_source(s3).keys) == ["a.jpg", "b.jpg"]


def test_a_vanished_object_is_a_bad_image(s3):
    """An object that disappears between listing and reading is missing, not a crash."""
    put(s3, {"a.jpg": b"a", "b.jpg": b"b"})
    source = object_store_source(s3)
    fsspec.filesystem("s3").rm(f"{s3}/a.jpg")
    with pytest.raises(BadImage, match="missing"):
        source.read(0)
    assert source.read(1) == b"b"


def test_a_forbidden_object_is_a_bad_image(memory, monkeypatch):
    """An object that may not be read is unreadable."""
    source = object_store_source(put(memory, {"a.jpg": b"a"}))

    def refuse(self, path, **_):
        raise PermissionError("Access Denied")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "cat_file", refuse)
    with pytest.raises(BadImage, match="unreadable.*Access Denied"):
        source.read(0)


def test_a_store_that_stops_answering_is_an_error(memory, monkeypatch):
    """If the store fails, no image is blamed: the message says how to continue."""
    source = object_store_source(put(memory, {"a.jpg": b"a"}))

    def fail(self, path, **_):
        raise TimeoutError("no answer")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "cat_file", fail)
    with pytest.raises(InputError, match=r"a\.jpg in memory.*run the same command again"):
        source.read(0)


def test_wrong_buckets_and_folders_are_refused(s3, memory):
    """No such bucket, no such folder, a single object and no image are errors that name the URL."""
    for url in ("s3://no-such-bucket/train", "s3://no-such-bucket/a.tar", s3, f"{s3}/a.tar"):
        with pytest.raises(InputError, match=f"there is no {url}"):
            find_images(url)
    put(s3, {"readme.txt": b"x"})
    with pytest.raises(InputError, match=f"no image in {s3}: "):
        object_store_source(s3)
    with pytest.raises(InputError, match=f"{s3}/readme.txt is not an archive"):
        find_images(f"{s3}/readme.txt")
    with pytest.raises(InputError, match=memory):
        object_store_source(memory)
    with pytest.raises(InputError, match="no folder"):
        find_images("file:///no/such/folder")


def test_an_archive_in_s3(s3, tmp_path):
    """It is read in place; another one in its place is noticed, and so is its end."""
    packing.write_tar(tmp_path / "a.tar", ("n01/a.jpg", b"a"), ("b.jpg", b"b"))
    put(s3, {"a.tar": (tmp_path / "a.tar").read_bytes()})
    source = find_images(f"{s3}/a.tar")
    assert contents(source) == {"b.jpg": b"b", "n01/a.jpg": b"a"}
    assert find_images(f"{s3}/[a-c].tar").keys == source.keys
    packing.write_tar(tmp_path / "a.tar", ("n01/a.jpg", b"x"), ("b.jpg", b"y"))
    put(s3, {"a.tar": (tmp_path / "a.tar").read_bytes()})
    with pytest.raises(InputError, match=f"{s3}/a.tar has changed since its images were listed"):
        source.read(0)
    fsspec.filesystem("s3").rm(f"{s3}/a.tar")
    with pytest.raises(InputError, match=f"there is no {s3}/a.tar, or it has disappeared"):
        source.read(0)


def test_an_object_that_is_cut_short_on_its_way(memory, monkeypatch):
    """An image of fewer bytes than its object has is asked for again."""
    source = object_store_source(put(memory, {"a.jpg": b"whole"}))
    answers = [b"wh", b"whole"]
    kind = type(fsspec.filesystem("memory"))
    monkeypatch.setattr(kind, "cat_file", lambda self, path, **_: answers.pop(0))
    assert source.read(0) == b"whole"


def test_an_image_without_ending_is_asked_for_again(memory, monkeypatch):
    """A failure that passes, when the first bytes are read, does not turn an image into a file."""
    url = put(memory, {"a.jpg": b"a", "photo": b"\xff\xd8\xff\xe0" + bytes(300)})
    kind = type(fsspec.filesystem("memory"))
    monkeypatch.setattr(kind, "cat_ranges", lambda *_, **__: [TimeoutError("no answer")])
    assert list(object_store_source(url).keys) == ["a.jpg", "photo"]


def test_an_s3_that_is_not_there_is_an_error(s3, monkeypatch):
    """A store that cannot be reached is an error without secrets, in listing and in reading."""
    source = object_store_source(put(s3, {"a.jpg": b"a"}))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    forget_connections()
    with pytest.raises(InputError, match=f"cannot list {s3}: ") as caught:
        object_store_source(s3)
    assert "very-secret" not in str(caught.value) and "?" not in str(caught.value)
    with pytest.raises(InputError, match=rf"store did not answer for a\.jpg in {s3}: .*again"):
        source.read(0)


class Walked(MemoryFileSystem):
    """A store that is walked through folder by folder, some of which fail."""

    protocol = "walked"
    find = AbstractFileSystem.find
    store, pseudo_dirs = {}, [""]
    failures = {}

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.replace("walked://", "memory://"))

    def ls(self, path, detail=True, **options):
        """List a folder, or fail."""
        for part, failure in self.failures.items():
            if path.rstrip("/").endswith(part):
                raise failure
        return super().ls(path, detail, **options)


def test_no_folder_is_passed_over(monkeypatch):
    """A folder within a store that fails or is forbidden is an error, never a shorter list."""
    fsspec.register_implementation("walked", Walked, clobber=True)
    url = put("walked://x/train", {"n01/a.jpg": b"a", "n02/b.jpg": b"b", "c.jpg": b"c"})
    assert contents(object_store_source(url)) == {
        "n01/a.jpg": b"a",
        "n02/b.jpg": b"b",
        "c.jpg": b"c",
    }
    monkeypatch.setitem(Walked.failures, "n02", PermissionError("Forbidden"))
    with pytest.raises(InputError, match=f"no permission to list {url}: .*credentials"):
        object_store_source(url)
    monkeypatch.setitem(Walked.failures, "n02", TimeoutError("no answer"))
    with pytest.raises(InputError, match=f"cannot list {url}: TimeoutError: no answer; check"):
        object_store_source(url)
    monkeypatch.setitem(Walked.failures, "train", FileNotFoundError("gone"))
    with pytest.raises(InputError, match=f"there is no {url}; give"):
        object_store_source(url)


def test_unknown_schemes_are_refused():
    """An unknown scheme is an error that shows a valid one."""
    with pytest.raises(InputError, match="nowhere://bucket/x.*such as s3://"):
        object_store_source("nowhere://bucket/x")


@pytest.mark.parametrize(("scheme", "package"), [("s3", "s3fs"), ("gs", "gcsfs")])
def test_missing_packages_are_named(monkeypatch, scheme, package):
    """If the package of a store is not installed, the message has the command to install it."""
    registry = importlib.import_module("fsspec.registry")
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(registry._registry, scheme, raising=False)
    with pytest.raises(InputError, match=rf"pip install 'colorprep\[{scheme}\]'"):
        object_store_source(f"{scheme}://some-bucket/{package}")


def test_passwords_are_never_shown(monkeypatch):
    """A user, a password and a signature in a URL are in no message, name or representation."""
    url = "memory://user:pass@word@host/a/train?signature=hidden"
    assert shown_url(url) == "memory://host/a/train"

    def fail(self, path, **_):
        raise RuntimeError(f"cannot reach {url} as user with pass@word (hidden)")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "find", fail)
    with pytest.raises(InputError, match="memory://host/a/train") as caught:
        object_store_source(url)
    for secret in ("user", "pass", "word", "hidden"):
        assert secret not in str(caught.value)
    monkeypatch.undo()
    source = object_store_source(put("memory://user:secret@host/train", {"a.jpg": b"a"}))
    assert source.name == "train"
    assert "secret" not in repr(source)


def test_urls_are_told_from_paths():
    """Only text with a scheme is a URL; a `Path` never is."""
    assert is_url("s3://bucket/train")
    assert is_url("file:///x")
    for path in ("train", "/x/train", "C:\\train", "a:b//c", "./s3://x", Path("s3://bucket/train")):
        assert not is_url(path)


def test_folders_pay_nothing():
    """Reading a folder imports no package of object stores."""
    code = (
        "import sys, colorprep.images.object_store;"
        "print({'fsspec', 's3fs', 'botocore'} & set(sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
