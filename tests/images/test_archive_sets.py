"""Claims about several archives as one source: the keys and bytes of the folder they unpack to."""

import pickle
import uuid
from pathlib import Path

import fsspec
import packing
import pytest
from range_server import serving

from colorprep import InputError, find_images
from colorprep.images import archive_index
from colorprep.images.folder import folder_source
from colorprep.images.source import Search


@pytest.fixture(scope="module")
def parts(photographs, tmp_path_factory):
    """The photographs in five tars, and in five zips."""
    root = tmp_path_factory.mktemp("parts")
    return {kind: packing.pack_in_parts(photographs, root / kind, kind) for kind in ("tar", "zip")}


@pytest.fixture(scope="module")
def server(parts):
    """A web server of the tars."""
    with serving() as files:
        files.files = {f"/data/{path.name}": path.read_bytes() for path in parts["tar"]}
        yield files


@pytest.fixture(scope="module")
def stored(parts):
    """A folder of tars in a store."""
    url = f"memory://{uuid.uuid4().hex}/data"
    for path in parts["tar"]:
        fsspec.filesystem("memory").pipe_file(f"{url}/{path.name}", path.read_bytes())
    return url


FORMS = {
    "folder": lambda root: root / "tar",
    "zips": lambda root: root / "zip",
    "glob": lambda root: root / "tar" / "train-*.tar",
    "braces": lambda root: root / "tar" / "train-{008..012}.tar",
    "braces and glob": lambda root: root / "tar" / "train-0{0?,1*}.tar",
    "several": lambda root: [
        *(root / "zip" / f"train-{number:03d}.zip" for number in (12, 10)),
        *(root / "tar" / name for name in ("train-009.tar", "train-0{08,11,08}.tar")),
    ],
}


@pytest.mark.parametrize("form", [*FORMS, "store", "store, glob", "server"])
def test_several_archives_are_as_good_as_their_folder(photographs, parts, stored, server, form):
    """However archives are named and wherever they are: the keys, sizes and bytes of the folder."""
    remote = {
        "store": stored,
        "store, glob": f"{stored}/train-0[01]*.tar",
        "server": f"{server.url}/data/train-{{008..012}}.tar",
    }
    root = parts["tar"][0].parents[1]
    source = find_images(remote[form] if form in remote else FORMS[form](root))
    folder = folder_source(photographs)
    assert source.keys == folder.keys
    assert source.sizes.tolist() == folder.sizes.tolist()
    assert packing.contents(pickle.loads(pickle.dumps(source))) == packing.contents(folder)
    assert len(set(source.stamps.tolist())) == 5
    assert source.name == {"zips": "zip", "folder": "tar", "server": "data", "store": "data"}.get(
        form, source.name
    )


def test_a_list_narrows_archives(parts, photographs):
    """Lines of a list may begin with the name of the folder that holds the archives."""
    keys = folder_source(photographs).keys
    source = find_images(parts["tar"], [f"tar/{keys[7]} 3", keys[2], "gone.jpg"])
    assert list(source.keys) == [keys[2], keys[7]]
    assert packing.reasons(source) == {"gone.jpg": "missing"}


def test_few_archives_are_open_at_a_time(parts, photographs, monkeypatch):
    """Reading from more archives than may be open closes some of them."""
    monkeypatch.setattr("colorprep.images.archive_file.MOST_OPEN", 2)
    before = len(list(Path("/proc/self/fd").iterdir()))
    source = find_images(parts["tar"])
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    assert packing.contents(source) == packing.contents(folder_source(photographs))
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2


def test_an_image_in_two_archives_is_refused(tmp_path):
    """The error names both; as folders, both are read, and their links stay within them."""
    link = packing.link("n01/link.jpg", "a.jpg")
    packing.write_tar(tmp_path / "x.tar", ("n01/a.jpg", b"x"), ("README", b"words"), link)
    packing.write_tar(tmp_path / "y.tar", ("n01/a.jpg", b"y"), ("README", b"words"))
    with pytest.raises(InputError, match=r"x\.tar and .*y\.tar both have n01/a.jpg; with --"):
        find_images(tmp_path)
    source = find_images(tmp_path, search=Search(archive_folders=True))
    assert packing.contents(source) == {
        "x/n01/a.jpg": b"x",
        "x/n01/link.jpg": b"x",
        "y/n01/a.jpg": b"y",
    }
    one = find_images(tmp_path / "y.tar", search=Search(archive_folders=True))
    assert list(one.keys) == ["y/n01/a.jpg"]


def test_links_lead_from_one_archive_to_another(tmp_path):
    """A link is followed as in the folder that all archives unpack to."""
    packing.write_tar(tmp_path / "x.tar", packing.link("b.jpg", "n01/a.jpg"))
    packing.write_tar(tmp_path / "y.tar", ("n01/a.jpg", b"y"))
    assert packing.contents(find_images(tmp_path)) == {"b.jpg": b"y", "n01/a.jpg": b"y"}


def test_archives_beside_images_are_passed_over(tmp_path):
    """In a folder that holds an image, archives are not opened; they can be named."""
    packing.write_tar(tmp_path / "x.tar", ("a.jpg", b"a"))
    (tmp_path / "n01").mkdir()
    (tmp_path / "n01" / "b.jpg").write_bytes(b"b")
    source = find_images(tmp_path)
    assert list(source.keys) == ["n01/b.jpg"] and source.passed_over == {".tar": 1}
    assert list(find_images(tmp_path / "*.tar").keys) == ["a.jpg"]
    with pytest.raises(
        InputError, match=r"n01 is a folder .* together; pack the folder into a tar"
    ):
        find_images([tmp_path / "n01", tmp_path / "x.tar"])


def test_patterns_that_match_too_little_are_refused(parts, stored):
    """A missing archive among those that braces stand for is an error; so is no match at all."""
    for root in (parts["tar"][0].parent, stored):
        with pytest.raises(InputError, match=r"2 of the 7 paths .* missing, such as .*-013\.tar"):
            find_images(f"{root}/train-{{008..014}}.tar")
        with pytest.raises(InputError, match=r"nothing matches .*\*\.zip"):
            find_images(f"{root}/*.zip")


def test_a_name_that_looks_like_a_pattern(tmp_path):
    """What exists is no pattern."""
    path, url = tmp_path / "x{1,2}[a].tar", f"memory://{uuid.uuid4().hex}/x[a].tar"
    packing.write_tar(path, ("a.jpg", b"a"))
    fsspec.filesystem("memory").pipe_file(url, path.read_bytes())
    assert list(find_images(path).keys) == list(find_images(url).keys) == ["a.jpg"]


@pytest.mark.filterwarnings("ignore:1 links in")
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_the_index_is_kept_and_checked(tmp_path, monkeypatch, kind):
    """An archive is indexed once; again if it has changed, or the index is damaged or deleted."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(b"a")
    archives = [tmp_path / f"x.{kind}", tmp_path / "y.tar"]
    packing.pack(tmp_path / "in", kind, archives[0])
    odd = packing.link("lost", "nowhere"), packing.link("c.jpg", "b.jpg"), ("../d.jpg", b"d")
    packing.write_tar(archives[1], ("b.jpg", b"b"), ("b.jpg", b"bb"), ("b.txt", b""), *odd)
    indexed = []
    read = archive_index.read_contents
    monkeypatch.setattr(
        archive_index, "read_contents", lambda file, *of: indexed.append(file.shown) or read(file)
    )

    def found():
        with pytest.warns(UserWarning, match="members that are followed"):
            source = find_images(archives, search=Search(index=tmp_path / "index"))
        return packing.contents(source), source.skipped, source.passed_over

    first = found()
    assert first[0] == {"a.jpg": b"a", "b.jpg": b"bb", "c.jpg": b"bb"}
    assert len(indexed) == 2 and found() == first and len(indexed) == 2
    packing.write_tar(archives[0], ("new.jpg", b"n"))
    assert set(found()[0]) == {"b.jpg", "c.jpg", "new.jpg"}
    assert len(indexed) == 3 and len(list((tmp_path / "index").glob("*.npz"))) == 2
    for path in (tmp_path / "index").glob("*.npz"):
        path.write_bytes(path.read_bytes()[:-90])
    assert set(found()[0]) == {"b.jpg", "c.jpg", "new.jpg"} and len(indexed) == 5
