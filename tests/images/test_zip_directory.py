"""Claims about zips: `zipfile` reads the same members, and only odd members are skipped."""

import io
import struct
import zipfile
import zlib

import packing
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packing import archive_source

from colorprep import BadImage, InputError
from colorprep.images.zip_directory import zip_entries

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
MEMBERS = st.lists(
    st.tuples(NAMES, st.binary(max_size=99), st.sampled_from(METHODS), st.booleans()),
    unique_by=lambda member: member[0],
    max_size=5,
)


def write_zip(path, *members):
    """Write a zip of names and bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def renamed(path, old, new, flags=None):
    """Replace the bytes of a name by as many others, and perhaps the flags of its member."""
    data = bytearray(path.read_bytes())
    for start, name_at, flags_at in ((b"PK\x03\x04", 30, 6), (b"PK\x01\x02", 46, 8)):
        place = data.find(old, data.find(start)) - name_at
        while data[place : place + 4] != start:
            place = data.find(old, place + name_at + 1) - name_at
        data[place + name_at : place + name_at + len(old)] = new
        if flags is not None:
            struct.pack_into("<H", data, place + flags_at, flags)
    path.write_bytes(data)
    return path


class NoSeek(io.BytesIO):
    """A file without seeking, like a pipe: zips written to it have data descriptors."""

    def seekable(self):
        """Return False."""
        return False

    def seek(self, *_):
        """Refuse."""
        raise io.UnsupportedOperation

    tell = seek


@given(MEMBERS, st.binary(max_size=99), st.binary(max_size=99), st.booleans())
def test_it_reads_what_zipfile_reads(members, before, comment, piped):
    """Names, sizes, offsets, methods and checksums agree with zipfile, whatever surrounds them."""
    stream = NoSeek() if piped else io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data, method, wide in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            with archive.open(info, "w", force_zip64=wide) as member:
                member.write(data)
        archive.comment = comment.replace(b"PK", b"pk")
    stream = io.BytesIO(before.replace(b"PK", b"pk") + stream.getvalue())
    with zipfile.ZipFile(stream) as archive:
        expected = [
            (i.filename, i.compress_type, i.CRC, i.compress_size, i.file_size, i.header_offset)
            for i in archive.infolist()
        ]
    found = [
        (e.name, e.method, e.crc, e.compressed_size, e.size, e.start) for e in zip_entries(stream)
    ]
    assert found == expected


def test_a_nameless_member_costs_itself(tmp_path):
    """A member without a name is skipped and reported; the others are read."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a.jpg", "", "b.jpg"):
            with archive.open(zipfile.ZipInfo(name), "w") as member:
                member.write(name[:1].encode())
    assert packing.contents(archive_source(path)) == {"a.jpg": b"a", "b.jpg": b"b"}
    assert packing.reasons(archive_source(path)) == {"(no name)": "bad-name"}


def test_a_name_that_is_not_utf8_costs_itself(tmp_path):
    """A Latin-1 name in a zip that says UTF-8 is skipped by its escaped name."""
    path = write_zip(tmp_path / "x.zip", ("ok.jpg", b"ok"), ("cafe.jpg", b"x"))
    source = archive_source(renamed(path, b"cafe.jpg", b"caf\xe9.jpg", flags=1 << 11))
    assert packing.contents(source) == {"ok.jpg": b"ok"}
    assert packing.reasons(source) == {"caf\\udce9.jpg": "bad-name"}


def test_names_of_old_encodings_are_read(tmp_path):
    """A name not flagged as UTF-8 that is not UTF-8 is in code page 437, as specified."""
    path = write_zip(tmp_path / "x.zip", ("cafe.jpg", b"x"))
    source = archive_source(renamed(path, b"cafe.jpg", b"caf\x82.jpg"))
    assert packing.contents(source) == {"café.jpg": b"x"}


@pytest.mark.parametrize(("name", "key"), [(b"cafe.jpg", "猫/é.jpg"), (b"else.jpg", "cafe.jpg")])
def test_the_unicode_path_field(tmp_path, name, key):
    """The extra field with a UTF-8 name is used if it belongs to the present name."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        info = zipfile.ZipInfo("cafe.jpg")
        field = b"\x01" + struct.pack("<L", zlib.crc32(name)) + "猫/é.jpg".encode()
        info.extra = struct.pack("<HH", 0x7075, len(field)) + field
        archive.writestr(info, b"x")
    assert packing.contents(archive_source(tmp_path / "x.zip")) == {key: b"x"}


def test_a_name_with_a_zero_byte_costs_itself(tmp_path):
    """A zero byte does not cut a name short: no file could have it."""
    path = write_zip(tmp_path / "x.zip", ("ok.jpg", b"ok"), ("a.jpg?.jpg", b"x"))
    source = archive_source(renamed(path, b"a.jpg?.jpg", b"a.jpg\0.jpg"))
    assert packing.contents(source) == {"ok.jpg": b"ok"}
    assert packing.reasons(source) == {"a.jpg\\x00.jpg": "bad-name"}


def test_control_characters_are_kept(tmp_path):
    """Names that a list can contain are keys, whatever a terminal would make of them."""
    names = ["bad\x1b[2J.jpg", "\u202egpj.png", "a\x85b.jpg", "a\u2028b.jpg", "a\x0bb.jpg"]
    source = archive_source(write_zip(tmp_path / "x.zip", *[(name, b"x") for name in names]))
    assert list(source.keys) == sorted(names)


def windows_zip(path, *names, system=0):
    """A zip as a program for Windows writes it."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.create_system = system
            archive.writestr(info, name.encode())
    return path


def test_backslashes_of_windows_part_folders(tmp_path):
    """Zips of PowerShell 5 are read as by unzip; folders in them are not images."""
    path = windows_zip(
        tmp_path / "x.zip", "a\\", "a\\b.jpg", "a\\c\\d.jpg", "..\\up.jpg", "C:\\e.jpg"
    )
    source = archive_source(path)
    assert packing.contents(source) == {"a/b.jpg": b"a\\b.jpg", "a/c/d.jpg": b"a\\c\\d.jpg"}
    assert packing.reasons(source) == {"../up.jpg": "bad-name", "C:/e.jpg": "bad-name"}
    # One of unknown system, and one where each name has one kind of slash.
    assert list(archive_source(windows_zip(path, "a\\b.jpg", system=3)).keys) == ["a/b.jpg"]
    assert list(archive_source(windows_zip(path, "a\\b.jpg", "c/d.jpg")).keys) == [
        "a/b.jpg",
        "c/d.jpg",
    ]


def test_ambiguous_backslashes_cost_themselves(tmp_path):
    """A backslash that may belong to the name, or leads to another member, is not guessed at."""
    path = windows_zip(tmp_path / "x.zip", "a\\b.jpg", "c/d.jpg", system=3)
    assert list(archive_source(path).keys) == ["c/d.jpg"]
    assert packing.reasons(archive_source(path)) == {"a\\b.jpg": "bad-name"}
    path = windows_zip(tmp_path / "x.zip", "a\\b.jpg", "a/b.jpg", "c\\d/e.jpg")
    assert packing.contents(archive_source(path)) == {"a/b.jpg": b"a/b.jpg"}
    assert packing.reasons(archive_source(path)) == dict.fromkeys(
        ["a\\b.jpg", "c\\d/e.jpg"], "bad-name"
    )


@pytest.mark.parametrize("method", METHODS)
def test_methods_of_the_standard_library(tmp_path, method):
    """Members of every method that zipfile writes are read, and damage in them is corrupt."""
    data = bytes(range(256)) * 40
    with zipfile.ZipFile(tmp_path / "x.zip", "w", method) as archive:
        archive.writestr("a.jpg", data)
        archive.writestr("empty.jpg", b"")
    assert packing.contents(archive_source(tmp_path / "x.zip")) == {"a.jpg": data, "empty.jpg": b""}
    whole = (tmp_path / "x.zip").read_bytes()
    for place in range(44, 94, 7):
        damaged = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        (tmp_path / "x.zip").write_bytes(damaged)
        with pytest.raises(BadImage, match="corrupt"):
            archive_source(tmp_path / "x.zip").read(0)


def test_damaged_extra_fields_cost_nothing_or_themselves(tmp_path):
    """A truncated extra field is ignored; a member of unknown size is skipped."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name in ("cut.jpg", "unsized.jpg", "ok.jpg"):
            info = zipfile.ZipInfo(name)
            info.extra = b"\x99\x99\xff\xff" if name == "cut.jpg" else b""
            archive.writestr(info, name.encode())
    data = bytearray((tmp_path / "x.zip").read_bytes())
    place = data.rfind(b"unsized.jpg") - 46
    struct.pack_into("<L", data, place + 24, 0xFFFFFFFF)
    (tmp_path / "x.zip").write_bytes(data)
    source = archive_source(tmp_path / "x.zip")
    assert packing.contents(source) == {"cut.jpg": b"cut.jpg", "ok.jpg": b"ok.jpg"}
    assert packing.reasons(source) == {"unsized.jpg": "corrupt"}


def test_a_directory_that_lists_too_few_is_refused(tmp_path):
    """A list of images is never shorter because entries of the directory are lost."""
    path = write_zip(tmp_path / "x.zip", *[(f"{i}.jpg", b"x") for i in range(4)])
    data = path.read_bytes()
    second = data.find(b"PK\x01\x02", data.find(b"PK\x01\x02") + 1)
    entry = struct.calcsize("<4s6H3L5H2L") + len("0.jpg")
    shorter = bytearray(data[:second] + data[second + entry :])
    end = shorter.rfind(b"PK\x05\x06")
    struct.pack_into("<L", shorter, end + 12, 3 * entry)
    path.write_bytes(shorter)
    with pytest.raises(
        InputError, match=r"x\.zip is incomplete.*lists 3 members, but should list 4"
    ):
        archive_source(path)


def test_a_zip_within_a_cut_zip_is_not_taken_for_it(tmp_path):
    """The directory of a zip inside, or of one behind another, does not stand for the whole."""
    inner = write_zip(tmp_path / "inner.zip", ("inner.jpg", b"i")).read_bytes()
    path = write_zip(
        tmp_path / "x.zip", ("a.jpg", b"a"), ("inner.zip", inner), ("b.jpg", b"b" * 999)
    )
    whole = path.read_bytes()
    for data in (whole[: whole.find(b"b" * 99)], whole + inner):
        path.write_bytes(data)
        with pytest.raises(InputError, match=r"x\.zip is incomplete.*another zip"):
            archive_source(path)


def test_a_comment_that_holds_the_mark_of_an_end(tmp_path):
    """The mark of a zip's end inside its comment, here that of another zip, is not the end."""
    comment = write_zip(tmp_path / "inner.zip", ("inner.jpg", b"i")).read_bytes()[-22:] + b"more"
    path = write_zip(tmp_path / "x.zip", ("a.jpg", b"a"))
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = comment
    assert packing.contents(archive_source(path)) == {"a.jpg": b"a"}


def test_a_part_of_a_split_zip_is_refused(tmp_path):
    """The error for the last part of a split zip says how to join the parts."""
    path = write_zip(tmp_path / "x.zip", ("a.jpg", b"a"))
    data = bytearray(path.read_bytes())
    struct.pack_into("<HH", data, data.rfind(b"PK\x05\x06") + 4, 2, 2)
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"split zip; join the parts with `zip -s 0`"):
        archive_source(path)
