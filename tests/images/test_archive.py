"""Claims about archives: the same images as in the folder, links, unsafe names, and damage."""

import gzip
import os
import pickle
import shutil
import subprocess
import sys
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import packing
import pytest
from packing import archive_source

from colorprep import InputError
from colorprep.images.folder import folder_source


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip", "zip-stored"])
def test_an_archive_is_as_good_as_its_folder(photographs, tmp_path, kind):
    """Keys, sizes and bytes are those of the folder, after pickling and from four threads too."""
    folder = folder_source(photographs)
    source = archive_source(packing.pack(photographs, kind, tmp_path / f"train.{kind}"))
    assert source.name == ("train.zip-stored" if kind == "zip-stored" else "train")
    assert source.keys == folder.keys
    assert source.sizes.tolist() == folder.sizes.tolist()
    assert source.skipped == []
    expected = packing.contents(folder)
    sent = pickle.loads(pickle.dumps(source))
    assert packing.contents(source) == packing.contents(sent) == expected
    indices = list(range(len(folder.keys))) * 5
    with ThreadPoolExecutor(4) as threads:
        for index, data in zip(indices, threads.map(sent.read, indices), strict=True):
            assert data == expected[folder.keys[index]]


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip"])
def test_other_processes_read_it_too(photographs, tmp_path, kind):
    """A source sent to another process can be read there; no temporary file is left behind."""
    source = archive_source(packing.pack(photographs, kind, tmp_path / "train"))
    (tmp_path / "source").write_bytes(pickle.dumps(source))
    code = (
        "import pickle, sys, zlib, pathlib;"
        "source = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes());"
        "print(zlib.crc32(b''.join(map(source.read, range(len(source.keys))))),"
        "source.volumes[0].file.plain)"
    )
    run = [sys.executable, "-c", code, str(tmp_path / "source")]
    (tmp_path / "temporary").mkdir()
    environment = {
        **os.environ,
        "TMPDIR": str(tmp_path / "temporary"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    digests, plain = set(), []
    for _ in range(2):
        done = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
        digest, path = done.stdout.split()
        digests.add(digest)
        plain.append(Path(path))
        if kind == "tar.gz":
            source.volumes[0].file.plain.unlink(missing_ok=True)
    assert len(digests) == 1
    assert plain[0] == source.volumes[0].file.plain
    assert (plain[1] == plain[0]) == (kind != "tar.gz")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_descriptors_stay_few(photographs, tmp_path):
    """A source sent to a process many times is opened there once, and closed with the last one."""
    packed = pickle.dumps(archive_source(packing.pack(photographs, "tar", tmp_path / "train.tar")))
    before = len(list(Path("/proc/self/fd").iterdir()))
    sources = [pickle.loads(packed) for _ in range(50)]
    for source in sources:
        source.read(0)
    assert len(list(Path("/proc/self/fd").iterdir())) == before + 1
    del source, sources
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_lists_narrow_an_archive(photographs, tmp_path):
    """List lines may begin with the archive's name; missing ones are skipped by name."""
    path = packing.pack(photographs, "tar", tmp_path / "train.tar")
    keys = folder_source(photographs).keys
    lines = [f"train/{keys[3]} 7", keys[1], "train/gone.jpg", keys[3]]
    source = archive_source(path, lines, "some.txt")
    assert list(source.keys) == [keys[1], keys[3]]
    assert packing.reasons(source) == {"train/gone.jpg": "missing"}
    assert source.read(1) == (photographs / keys[3]).read_bytes()
    with pytest.raises(InputError, match="none of the 1 images listed in some.txt"):
        archive_source(path, ["gone.jpg"], "some.txt")


def test_only_images_count(tmp_path):
    """Other files, folders, pipes and devices are passed over; a list may name any file."""
    kinds = (tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE)
    special = [packing.link(f"special{kind[0]}.jpg", "", kind) for kind in kinds]
    path = packing.write_tar(tmp_path / "x.tar", ("a.JPG", b"a"), ("notes.txt", b"n"), *special)
    assert list(archive_source(path).keys) == ["a.JPG"]
    assert packing.contents(archive_source(path, ["notes.txt"])) == {"notes.txt": b"n"}


def test_the_last_of_a_name_counts(tmp_path):
    """Of two members with the same name, the last is used, as when the archive is unpacked."""
    path = packing.write_tar(tmp_path / "x.tar", ("a/b.jpg", b"old"), ("./a//b.jpg", b"newer"))
    with pytest.warns(
        UserWarning, match=r"x\.tar contains 1 members that are followed by another one"
    ):
        assert packing.contents(archive_source(path)) == {"a/b.jpg": b"newer"}
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a/b.jpg", b"old")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a/b.jpg", b"newer")
    with pytest.warns(
        UserWarning, match=r"x\.zip contains 1 members that are followed by another one"
    ):
        assert packing.contents(archive_source(tmp_path / "x.zip")) == {"a/b.jpg": b"newer"}


def test_links_in_a_tar(tmp_path):
    """Chains of links to members are followed; broken links are skipped as missing."""
    path = packing.write_tar(
        tmp_path / "x.tar",
        ("a/real.jpg", b"first"),
        packing.link("a/hard.jpg", "./a/real.jpg", tarfile.LNKTYPE),
        ("a/real.jpg", b"second"),
        packing.link("b/soft.jpg", "../a/real.jpg"),
        packing.link("b/chain.jpg", "soft.jpg"),
        packing.link("b/hard-to-soft.jpg", "b/chain.jpg", tarfile.LNKTYPE),
        packing.link("late.jpg", "later.jpg"),
        ("later.jpg", b"later"),
        packing.link("folder.jpg", "a"),
        packing.link("through.jpg", "folder.jpg/real.jpg"),
        packing.link("loop1.jpg", "loop2.jpg"),
        packing.link("loop2.jpg", "loop1.jpg"),
        packing.link("nothing.jpg", "nowhere.jpg"),
        packing.link("outside.jpg", "../secret.jpg"),
        packing.link("absolute.jpg", "/a/real.jpg"),
    )
    with pytest.warns(UserWarning, match="followed by another one"):
        source = archive_source(path)
    assert packing.contents(source) == {
        "a/hard.jpg": b"first",
        "a/real.jpg": b"second",
        "b/chain.jpg": b"second",
        "b/hard-to-soft.jpg": b"second",
        "b/soft.jpg": b"second",
        "folder.jpg/hard.jpg": b"first",
        "folder.jpg/real.jpg": b"second",
        "late.jpg": b"later",
        "later.jpg": b"later",
        "through.jpg": b"second",
    }
    dead = ["absolute.jpg", "loop1.jpg", "loop2.jpg", "nothing.jpg", "outside.jpg"]
    assert packing.reasons(source) == dict.fromkeys(dead, "missing")


def test_links_in_a_zip(tmp_path):
    """Links in a zip are followed like those in a tar."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a/real.jpg", b"real")
        for name, target in (("b/soft.jpg", "../a/real.jpg"), ("dead.jpg", "/etc/passwd")):
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o120777 << 16
            archive.writestr(info, target)
    source = archive_source(tmp_path / "x.zip")
    assert packing.contents(source) == {"a/real.jpg": b"real", "b/soft.jpg": b"real"}
    assert packing.reasons(source) == {"dead.jpg": "missing"}


UNSAFE = ["/abs.jpg", "../up.jpg", "a/../../up.jpg", "a\\b.jpg", "C:/drive.jpg", "a/.."]


def test_unsafe_names_are_refused(tmp_path):
    """Names that could lead out of a folder are never keys; images among them are listed."""
    members = [(name, b"x") for name in ("good.jpg", *UNSAFE)]
    path = packing.write_tar(tmp_path / "x.tar", *members)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    for source in (archive_source(path), archive_source(tmp_path / "x.zip")):
        assert list(source.keys) == ["good.jpg"]
        assert packing.reasons(source) == dict.fromkeys(UNSAFE[:-1], "bad-name")
        assert all("path" in skip.detail for skip in source.skipped)


def test_names_that_no_list_could_hold(tmp_path):
    """A name that is not UTF-8 or has several lines is skipped with a reason."""
    path = packing.write_tar(
        tmp_path / "x.tar",
        ("猫.jpg", b"x"),
        ("two\nlines.jpg", b"x"),
        ("\udce9.jpg", b"x"),
        encoding="utf-8",
        errors="surrogateescape",
        format=tarfile.GNU_FORMAT,
    )
    source = archive_source(path)
    assert list(source.keys) == ["猫.jpg"]
    assert packing.reasons(source) == {"two\\nlines.jpg": "bad-name", "\\udce9.jpg": "bad-name"}


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names(tmp_path, form):
    """Names longer than a header are read in both formats for them."""
    name = "/".join(["grün" * 20] * 5) + "/a.jpg"
    path = packing.write_tar(tmp_path / "x.tar", (name, b"x"), ("b.jpg", b"y"), format=form)
    assert packing.contents(archive_source(path)) == {name: b"x", "b.jpg": b"y"}


def test_zip_names_without_their_encoding(tmp_path):
    """UTF-8 names are understood in zips that do not flag them as UTF-8."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("猫.jpg", b"x")
        archive.writestr("b.jpg", b"y")
    data = bytearray((tmp_path / "x.zip").read_bytes())
    for start, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(start) + flags + 1] &= ~8 & 255
    (tmp_path / "x.zip").write_bytes(data)
    assert packing.contents(archive_source(tmp_path / "x.zip")) == {"猫.jpg": b"x", "b.jpg": b"y"}


def test_sparse_members_are_skipped(tmp_path):
    """A member whose bytes are not contiguous is skipped, and the rest is read."""
    if shutil.which("tar") is None:
        pytest.skip("needs the program tar")
    with (tmp_path / "a.jpg").open("wb") as file:
        file.truncate(1 << 20)
        file.seek(512 << 10)
        file.write(b"x" * 4096)
    (tmp_path / "b.jpg").write_bytes(b"b")
    run = ["tar", "-C", str(tmp_path), "--sparse", "-cf", str(tmp_path / "x.tar"), "a.jpg", "b.jpg"]
    if subprocess.run(run, check=False).returncode:
        pytest.skip("this tar knows no --sparse")
    source = archive_source(tmp_path / "x.tar")
    assert packing.contents(source) == {"b.jpg": b"b"}
    assert packing.reasons(source) == {"a.jpg": "unreadable"}


def test_a_tar_of_tars(tmp_path):
    """The members of class tars are in folders named after their classes, one level deep."""
    source = archive_source(packing.imagenet(tmp_path))
    expected = {"top.jpg": b"top"}
    for name in ("n01", "n02"):
        expected[f"{name}/{name}_1.JPEG"] = expected[f"{name}/soft.jpg"] = name.encode()
        expected[f"{name}/{name}_2.JPEG"] = expected[f"{name}/hard.jpg"] = b"two"
    assert packing.contents(source) == expected
    line = "train/n02/n02_1.JPEG 1"
    assert list(archive_source(tmp_path / "train.tar", [line]).keys) == ["n02/n02_1.JPEG"]


def test_zip64(tmp_path):
    """Members and directories in zip64 form are read."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("a.jpg", "w", force_zip64=True) as member:
            member.write(b"a" * 5000)
        archive.writestr("b.jpg", b"b")
    assert packing.contents(archive_source(tmp_path / "x.zip")) == {
        "a.jpg": b"a" * 5000,
        "b.jpg": b"b",
    }


def test_zip64_beyond_4_gib(tmp_path):
    """A member beyond 4 GiB is read; the file before it is a hole."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.jpg", b"a")
        archive.fp.seek((4 << 30) + 5)
        archive.start_dir = (4 << 30) + 5
        archive.writestr("b.jpg", b"b")
    source = archive_source(tmp_path / "x.zip")
    assert source.places[1, 1] > 1 << 32
    assert packing.contents(source) == {"a.jpg": b"a", "b.jpg": b"b"}


@pytest.mark.parametrize("data", [b"", b"short", b"7z\xbc\xaf\x27\x1c" * 200, b"\xfd7zXZ\0" * 200])
def test_other_files_are_refused(tmp_path, data):
    """A file of another kind, gzipped or not, is an error that says what is supported."""
    (tmp_path / "x.tar").write_bytes(data)
    with pytest.raises(InputError, match=r"x\.tar is .*give a folder of images, a \.tar"):
        archive_source(tmp_path / "x.tar")
    (tmp_path / "x.tar").write_bytes(gzip.compress(data))
    with pytest.raises(InputError, match=r"x\.tar is .*give a folder of images, a \.tar"):
        archive_source(tmp_path / "x.tar")


def test_archives_of_no_images_are_refused(tmp_path):
    """An archive without images is an error that says which names were looked for."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("readme.txt", b"x")
    for path in (packing.write_tar(tmp_path / "x.tar"), tmp_path / "x.zip"):
        with pytest.raises(InputError, match=r"no image in .*\.jpg"):
            archive_source(path)
    with pytest.raises(InputError, match="cannot open"):
        archive_source(tmp_path / "nowhere.tar")


def test_a_single_image_is_not_taken_for_a_damaged_archive(photographs):
    """The error says that it is a single image, and what to give instead."""
    with pytest.raises(InputError, match="is a single image; give the folder or the archive"):
        archive_source(next(photographs.rglob("*.jpg")))


def test_links_that_multiply_files_without_end_are_refused(tmp_path):
    """Thirty folders with two links each to the next one would hold a billion images."""
    with tarfile.open(tmp_path / "web.tar", "w") as archive:
        for number in range(30):
            for name in ("a", "b"):
                link = tarfile.TarInfo(f"{number}/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, f"../{number + 1}"
                archive.addfile(link)
        archive.addfile(tarfile.TarInfo("30/x.jpg"))
    with pytest.raises(InputError, match=r"links to folders near .* 100 times; unpack it"):
        archive_source(tmp_path / "web.tar")
