"""Claims about damaged archives: clear errors or bad images, never a shorter list of images."""

import gzip
import os
import pickle
import random
import resource
import shutil
import struct
import tarfile
import tempfile
import zipfile
from pathlib import Path

import packing
import pytest
from packing import archive_source

from colorprep import BadImage, InputError


def test_damage_in_a_class_tar_is_named(tmp_path):
    """A class tar that is cut short or damaged is an error that names it."""
    with pytest.raises(InputError, match=r"n01\.tar in .*train\.tar is not whole"):
        archive_source(packing.imagenet(tmp_path, cut=512))
    for inner in (b"", b"x" * 2000, (tmp_path / "n01.tar").read_bytes()[:600]):
        path = packing.write_tar(tmp_path / "bad.tar", ("a.jpg", b"a"), ("n09.tar", inner))
        with pytest.raises(InputError, match=r"n09\.tar in .*bad\.tar is not whole"):
            archive_source(path)


# Damaged tars


def test_a_tar_cut_short_anywhere_is_an_error(tmp_path):
    """A tar that is cut within a member is an error; a missing end mark alone is a warning."""
    long = "n" * 150 + ".jpg"
    members = [("a.jpg", b"a" * 700), (long, b"b" * 10), ("empty.jpg", b""), ("c.jpg", b"c" * 512)]
    path = packing.write_tar(tmp_path / "x.tar", *members)
    whole = path.read_bytes()
    with tarfile.open(path) as archive:
        ends = [member.offset for member in archive][1:]
    mark = len(whole.rstrip(b"\0")) + 511 & ~511
    for length in {*range(1, mark, 97), *range(512, mark, 512)}.difference(ends):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"x\.tar.*(download it again|its start is damaged)"):
            archive_source(path)
    for length in (*ends, mark, mark + 97, mark + 511):
        path.write_bytes(whole[:length])
        with pytest.warns(UserWarning, match=rf"x\.tar ends at byte {length} without.*missing"):
            source = archive_source(path)
        assert len(source.keys) == sum(end <= length for end in (*ends, mark))
    for length in (mark + 512, mark + 1024):
        path.write_bytes(whole[:length])
        assert len(archive_source(path).keys) == 4


def test_damaged_headers_are_errors(tmp_path):
    """A header overwritten by noise or by zeros is an error."""
    members = [(f"{i}.jpg", b"x" * 100) for i in range(5)]
    whole = packing.write_tar(tmp_path / "x.tar", *members).read_bytes()
    noise = random.Random(0).randbytes(512)
    for start in range(0, 5 * 1024, 1024):
        for block in (noise, bytes(512), noise[:64]):
            damaged = whole[:start] + block + whole[start + len(block) :]
            (tmp_path / "x.tar").write_bytes(damaged)
            with pytest.raises(InputError, match=r"x\.tar"):
                archive_source(tmp_path / "x.tar")
    hole = packing.write_tar(tmp_path / "x.tar", *[(f"{i}.jpg", b"x" * 5000) for i in range(5)])
    whole = hole.read_bytes()
    (tmp_path / "x.tar").write_bytes(whole[:5632] + bytes(2048) + whole[5632 + 2048 :])
    with pytest.raises(InputError, match="empty header at byte 5632, and data after it"):
        archive_source(tmp_path / "x.tar")


def test_a_download_that_is_not_finished_is_an_error(tmp_path):
    """A file of full size that is zero from some offset on is not taken for a short tar."""
    path = packing.write_tar(tmp_path / "x.tar", ("a.jpg", b"a" * 512), ("b.jpg", b"b"))
    os.truncate(path, 1024)
    os.truncate(path, 100 << 20)
    with pytest.raises(InputError, match="empty header at byte 1024"):
        archive_source(path)


def test_random_damage_is_never_silent(tmp_path):
    """Damage to a header is an error; the list never silently loses or gains an image."""
    members = [(f"n0{i}/a.jpg", b"x" * 300) for i in range(4)]
    whole = packing.write_tar(tmp_path / "x.tar", *members).read_bytes()[:5120]
    chance = random.Random(1)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        (tmp_path / "x.tar").write_bytes(damaged)
        try:
            assert len(archive_source(tmp_path / "x.tar").keys) == 4
        except InputError as error:
            assert "x.tar" in str(error)


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_an_archive_cut_short_while_it_is_read(photographs, tmp_path, kind):
    """Members beyond the new end are unreadable; a missing archive is an error."""
    path = packing.pack(photographs, kind, tmp_path / "train")
    sent = pickle.dumps(source := archive_source(path))
    os.truncate(path, path.stat().st_size // 3)
    for each in (source, pickle.loads(sent)):
        with pytest.raises(BadImage, match="unreadable"):
            packing.contents(each)
    path.unlink()
    with pytest.raises(InputError, match="disappeared"):
        packing.contents(source)
    with pytest.raises(InputError, match="disappeared"):
        pickle.loads(sent).read(0)


def test_another_archive_of_the_same_name(tmp_path):
    """A new archive is not read through the open descriptor of an old one."""
    packing.write_tar(tmp_path / "x.tar", ("a.jpg", b"old"))
    old = archive_source(tmp_path / "x.tar")
    assert packing.contents(old) == {"a.jpg": b"old"}
    (tmp_path / "x.tar").unlink()
    packing.write_tar(tmp_path / "x.tar", ("b.jpg", b"n" * 9999), ("a.jpg", b"new"))
    assert packing.contents(archive_source(tmp_path / "x.tar"))["a.jpg"] == b"new"


# Gzip


def test_damaged_gzip_is_an_error(tmp_path):
    """Gzip data that are cut short or altered are errors that say so, and leave nothing behind."""
    members = [(f"{i}.jpg", random.Random(i).randbytes(5000)) for i in range(9)]
    path = packing.write_tar(tmp_path / "x.tgz", *members, mode="w:gz")
    whole = path.read_bytes()
    temporary = Path(tempfile.gettempdir())
    before = set(temporary.glob("colorprep-*"))
    for length in (5, 15, len(whole) // 2, len(whole) - 4):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"x\.tgz ends before its gzip data do.*again"):
            archive_source(path)
    altered = bytearray(whole)
    altered[len(whole) // 2] ^= 0xFF
    altered[-5] ^= 0xFF
    path.write_bytes(altered)
    with pytest.raises(InputError, match=r"x\.tgz has damaged gzip data"):
        archive_source(path)
    path.write_bytes(gzip.compress(gzip.decompress(whole)[:20_000]))
    with pytest.raises(InputError, match=r"x\.tgz is not whole"):
        archive_source(path)
    made = set(temporary.glob("colorprep-*")) - before
    assert len(made) <= 1


def test_gzip_is_unpacked_once(tmp_path):
    """Two stages that open the same archive in one process share the unpacked file."""
    path = packing.write_tar(tmp_path / "x.tar.gz", ("a.jpg", b"a"), mode="w:gz")
    assert len({archive_source(path).volumes[0].file.plain for _ in range(2)}) == 1


def test_no_room_to_unpack(tmp_path, monkeypatch):
    """A full disk is an error that says what to set, found before or while unpacking."""
    path = packing.write_tar(tmp_path / "x.tar.gz", ("a.jpg", bytes(1 << 20)), mode="w:gz")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(InputError, match="no room in .*TMPDIR"):
            archive_source(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    usage = shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(InputError, match="no room in .*TMPDIR"):
        archive_source(path)
    assert list((tmp_path / "temporary").iterdir()) == []


# Zips


def test_damaged_members_of_a_zip(tmp_path):
    """A changed byte, a lost header and a wrong size are corrupt images; the others are read."""
    names = ("stored.jpg", "deflated.jpg", "header.jpg", "good.jpg")
    data = b"some bytes of an image, " * 40
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name in names:
            method = zipfile.ZIP_STORED if name == "stored.jpg" else zipfile.ZIP_DEFLATED
            archive.writestr(name, data, method)
        starts = {info.filename: info.header_offset for info in archive.infolist()}
    damaged = bytearray((tmp_path / "x.zip").read_bytes())
    for name in ("stored.jpg", "deflated.jpg"):
        damaged[starts[name] + 30 + len(name) + 5] ^= 0x55
    damaged[starts["header.jpg"]] ^= 0x55
    (tmp_path / "x.zip").write_bytes(damaged)
    source = archive_source(tmp_path / "x.zip")
    for index, key in enumerate(source.keys):
        if key == "good.jpg":
            assert source.read(index) == data
        else:
            with pytest.raises(BadImage, match="corrupt"):
                source.read(index)


def test_a_zip_bomb_is_corrupt(tmp_path):
    """A member is unpacked no further than to the size in the directory."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", bytes(10 << 20))
    data = (tmp_path / "x.zip").read_bytes()
    (tmp_path / "x.zip").write_bytes(data.replace(struct.pack("<I", 10 << 20), b"\x10\0\0\0"))
    with pytest.raises(BadImage, match="corrupt"):
        archive_source(tmp_path / "x.zip").read(0)


def test_zip_members_that_cannot_be_read(tmp_path):
    """Encrypted members and those of other methods are skipped, in lists too."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("good.jpg", b"g")
        archive.writestr("zstd.jpg", b"x" * 100)
        archive.infolist()[-1].compress_type = 93
        archive.writestr("secret.jpg", b"s")
        archive.infolist()[-1].flag_bits |= 1
    source = archive_source(tmp_path / "x.zip")
    assert list(source.keys) == ["good.jpg"]
    assert packing.reasons(source) == {"zstd.jpg": "unreadable", "secret.jpg": "unreadable"}
    listed = archive_source(tmp_path / "x.zip", ["secret.jpg", "good.jpg"])
    assert packing.reasons(listed) == {"secret.jpg": "unreadable"}


def test_a_zip_cut_short_is_an_error(tmp_path):
    """A zip without its whole directory is an error that names it."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for number in range(5):
            archive.writestr(f"{number}.jpg", b"x" * 100)
    whole = (tmp_path / "x.zip").read_bytes()
    for length in range(4, len(whole), 50):
        (tmp_path / "x.zip").write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"x\.zip is incomplete.*again"):
            archive_source(tmp_path / "x.zip")
