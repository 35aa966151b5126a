"""Claims about odd tars: what GNU tar lists is read, links to folders are followed as on a disk."""

import os
import shutil
import subprocess
import tarfile
import warnings
from pathlib import Path

import packing
import pytest
from packing import archive_source

from colorprep import InputError

FIRST = [("a/1.jpg", b"1" * 700), ("a/2.jpg", b"2")]


def listed_by_tar(path):
    """The files that the program tar lists."""
    if shutil.which("tar") is None:
        pytest.skip("needs the program tar")
    done = subprocess.run(["tar", "-tf", path], capture_output=True, text=True, check=True)
    return sorted(line for line in done.stdout.splitlines() if not line.endswith("/"))


def second_tar(tmp_path):
    """The bytes of another tar."""
    return packing.write_tar(tmp_path / "second.tar", ("b/3.jpg", b"3")).read_bytes()


def test_tars_put_one_behind_the_other(tmp_path):
    """The first is read, as by GNU tar; a warning gives the byte where the other one begins."""
    path = packing.write_tar(tmp_path / "x.tar", *FIRST)
    whole = path.read_bytes()
    path.write_bytes(whole + second_tar(tmp_path))
    with pytest.warns(
        UserWarning, match=rf"x\.tar has its end mark at byte 2560.*byte {len(whole)};"
    ):
        source = archive_source(path)
    assert packing.contents(source) == dict(FIRST)
    assert list(source.keys) == listed_by_tar(path)


@pytest.mark.parametrize("padding", [1024, 1536, 7680])
def test_bytes_after_the_end_mark(tmp_path, padding):
    """Bytes that are not a tar are ignored with a warning, as by GNU tar."""
    path = packing.write_tar(tmp_path / "x.tar", *FIRST, cut=0)
    end = path.stat().st_size
    path.write_bytes(path.read_bytes() + bytes(padding) + b"signed by nobody\n" * 99)
    with pytest.warns(
        UserWarning, match=rf"end mark at byte {end}, but continues at byte {end + padding}"
    ):
        source = archive_source(path)
    assert list(source.keys) == listed_by_tar(path)


def test_a_missing_end_mark(tmp_path):
    """A tar that stops after its last member is read, with a warning; so is a class tar in one."""
    path = packing.write_tar(tmp_path / "x.tar", *FIRST, cut=0)
    with pytest.warns(UserWarning, match=r"x\.tar ends at byte 2560 without"):
        source = archive_source(path)
    assert list(source.keys) == listed_by_tar(path) == [name for name, _ in FIRST]
    outer = packing.write_tar(tmp_path / "all.tar", ("n01.tar", path.read_bytes()))
    with pytest.warns(UserWarning, match=r"n01\.tar in .*all\.tar ends at byte 2560 without"):
        assert list(archive_source(outer).keys) == ["n01/a/1.jpg", "n01/a/2.jpg"]


def test_whole_tars_warn_of_nothing(tmp_path):
    """No warning if there is an end mark, of one block or more, padded or not."""
    path = packing.write_tar(tmp_path / "x.tar", *FIRST)
    whole = path.read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for length in (2560 + 512, 2560 + 1024, len(whole)):
            path.write_bytes(whole[:length])
            assert len(archive_source(path).keys) == 2


def damaged_pax(tmp_path, name, old, new, first=False):
    """A tar of an image with a damaged pax header, between two other images."""
    path = tmp_path / "x.tar"
    members = [("1.jpg", b"1"), (name, b"2"), ("3.jpg", b"3")][first:]
    packing.write_tar(path, *members, format=tarfile.PAX_FORMAT)
    data = path.read_bytes()
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new))
    return path


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize(
    ("old", "new"),
    [(b"219 path=", b"2x9 path="), (b"219 path=", b"000 path="), (b"219 path=", b"999 path=")],
)
def test_a_damaged_pax_header_costs_its_member(tmp_path, old, new, first):
    """A member whose full name is lost is skipped under what is left of it, never read."""
    name = "n" * 205 + ".jpg"
    source = archive_source(damaged_pax(tmp_path, name, old, new, first))
    assert list(source.keys) == ["1.jpg", "3.jpg"][first:]
    (skip,) = source.skipped
    assert skip == (
        "n" * 100 + " (name cut)",
        "bad-name",
        "the pax header with its name is damaged",
    )


def test_a_pax_header_of_other_records_is_sound(tmp_path):
    """Comments, times and names in other scripts are records too."""
    info = tarfile.TarInfo("猫/é.jpg")
    info.pax_headers = {"comment": "a=b\nc d", "SCHILY.xattr.user.x": "1 2=3", "mtime": "1.5"}
    path = packing.write_tar(tmp_path / "x.tar", info, format=tarfile.PAX_FORMAT)
    assert list(archive_source(path).keys) == ["猫/é.jpg"]


def on_disk(folder):
    """The images below a folder with links followed, but not into a folder from within itself."""
    found = {}

    def walk(path, prefix, above):
        place = os.path.realpath(path)
        if place in above:
            return
        for entry in os.scandir(path):
            if Path(entry.path).is_dir():
                walk(entry.path, f"{prefix}{entry.name}/", {*above, place})
            elif entry.name.endswith(".jpg"):
                found[prefix + entry.name] = (folder / prefix / entry.name).read_bytes()

    walk(folder, "", set())
    return found


def test_links_to_folders_are_followed_as_on_a_disk(tmp_path):
    """Links through links, to folders, up and in circles give what the unpacked folder gives."""
    path = packing.write_tar(
        tmp_path / "x.tar",
        packing.link("via.jpg", "c/0.jpg"),
        packing.link("c", "a"),
        ("a/0.jpg", b"0"),
        ("a/deep/er/1.jpg", b"1"),
        packing.link("short", "a/deep/er"),
        packing.link("up.jpg", "short/../../0.jpg"),
        packing.link("a/self", "."),
        packing.link("a/top", ".."),
        packing.link("a/deep/er/back", "../../../c"),
        packing.link("b/chain", "../short"),
        packing.link("b/through.jpg", "chain/1.jpg"),
        packing.link("circle", "other"),
        packing.link("other", "circle"),
    )
    (tmp_path / "unpacked").mkdir()
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path / "unpacked", filter="fully_trusted")
    with pytest.warns(UserWarning, match="2 links in .* have no target in it, such as circle"):
        source = archive_source(path)
    assert packing.contents(source) == on_disk(tmp_path / "unpacked")
    assert {"via.jpg", "c/0.jpg", "up.jpg", "b/through.jpg", "b/chain/1.jpg"} <= set(source.keys)


def test_links_out_of_an_archive_are_told(tmp_path):
    """A link to a folder elsewhere, whose images are missing, is a warning."""
    path = packing.write_tar(
        tmp_path / "x.tar", ("a/0.jpg", b"0"), packing.link("n01", "/data/n01")
    )
    with pytest.warns(UserWarning, match="1 links in .* such as n01; .* these images are missing"):
        assert list(archive_source(path).keys) == ["a/0.jpg"]


@pytest.mark.parametrize(
    ("head", "how"),
    [
        (b"BZh9", "bunzip2"),
        (b"\xfd7zXZ\0", "xz"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"Rar!", "unrar"),
    ],
)
def test_other_packings_say_how_to_unpack(tmp_path, head, how):
    """The error for an unsupported archive format names the program that unpacks it."""
    (tmp_path / "x.tar.y").write_bytes(head + bytes(900))
    with pytest.raises(InputError, match=rf"unpack it first with `{how} .*x\.tar\.y`"):
        archive_source(tmp_path / "x.tar.y")
