"""Claims about lists written by various programs and systems: marks, line ends, accents."""

import unicodedata
import zipfile

import packing
import pytest
from folders import put_files
from packing import archive_source

from colorprep import BadImage, InputError
from colorprep.images.folder import folder_source
from colorprep.images.lists import match, plain_path, plain_paths, read_list, resolve, write_list
from colorprep.images.pairing import pair_up
from colorprep.images.spelling import FolderSpellings, Spellings, spelled_alike

COMPOSED, APART = (unicodedata.normalize(form, "Café/Zoë 1.jpg") for form in ("NFC", "NFD"))
MIXED = COMPOSED[:5] + APART[6:]
KEYS = ["a/00.jpg", "a/02.jpg", "b/01.jpg"]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le with mark", "utf-16-be with mark"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path, encoding, end):
    """Byte order marks of Windows and Excel and the line ends of any system are understood."""
    text = "".join(f"{line}{end}" for line in [*KEYS, "", "猫/é.jpg"])
    name, _, mark = encoding.partition(" ")
    path = tmp_path / "list.txt"
    path.write_bytes(("\ufeff" * bool(mark) + text).encode(name))
    assert read_list(path) == [*KEYS, "猫/é.jpg"]


def test_marks_amid_lists_that_were_joined(tmp_path):
    """`cat a.txt b.txt` leaves a byte order mark inside; the line is still found."""
    path = tmp_path / "list.txt"
    path.write_bytes("".join(f"\ufeff{key}\r\n" for key in KEYS).encode())
    put_files(tmp_path / "train", KEYS)
    source = folder_source(tmp_path / "train", read_list(path), "list.txt")
    assert (list(source.keys), source.skipped) == (KEYS, [])
    assert resolve(read_list(path), source) == KEYS
    assert match(read_list(path), KEYS) == (KEYS, [])
    assert [plain_path(line) for line in read_list(path)] == KEYS


@pytest.mark.parametrize(
    "line",
    [
        "a\\00.jpg",
        "train\\a\\00.jpg",
        ".\\a\\00.jpg",
        "\\a\\00.jpg 7",
        '"a/00.jpg"',
        "'train/a/00.jpg'",
        '"a\\00.jpg" 3',
        "a/00.jpg  ",
        "\ufeff a/00.jpg\t12 ",
    ],
)
def test_lines_of_windows_and_of_shells(tmp_path, line):
    """Backslashes, quotes and blanks around a path are read in a source and without one."""
    put_files(tmp_path / "train", KEYS)
    source = folder_source(tmp_path / "train", [line], "list.txt")
    assert (list(source.keys), source.skipped) == (["a/00.jpg"], [])
    assert resolve([line], source) == ["a/00.jpg"]
    assert match([line], KEYS) == (["a/00.jpg"], [])
    assert plain_path(line).removeprefix("train/") == "a/00.jpg"


def test_a_name_is_first_taken_as_it_stands(tmp_path):
    """Unix names that contain quotes, backslashes and blanks are unchanged."""
    keys = ['"q".jpg', "a\\00.jpg", " blank.jpg", "'a.jpg'", "\ufeffm.jpg"]
    put_files(tmp_path / "train", [*keys, "a/00.jpg", "blank.jpg", "a.jpg", "m.jpg"])
    source = folder_source(tmp_path / "train", keys, "list.txt")
    assert list(source.keys) == sorted(keys)
    assert match(keys, [*source.keys, "a/00.jpg", "blank.jpg", "a.jpg", "m.jpg"]) == (keys, [])


def test_a_line_that_is_no_text_costs_itself(tmp_path):
    """A Latin-1 name, a zero byte and an over-long name are skipped by name, the rest is read."""
    put_files(tmp_path / "train", KEYS)
    path = tmp_path / "list.txt"
    lines = [*(key.encode() for key in KEYS), b"caf\xe9.jpg", b"zero\0.jpg", b"n" * 300 + b".jpg"]
    path.write_bytes(b"\n".join(lines))
    source = folder_source(tmp_path / "train", read_list(path), "list.txt")
    assert list(source.keys) == sorted([*KEYS, "n" * 300 + ".jpg"])
    with pytest.raises(BadImage, match="unreadable: File name too long"):
        source.read(3)
    reasons = packing.reasons(source)
    assert reasons == {"caf\\udce9.jpg": "missing", "zero\\x00.jpg": "missing"}
    found, missing = match(read_list(path), KEYS)
    assert found == KEYS
    assert missing[:2] == ["caf\\udce9.jpg", "zero\\x00.jpg"]
    (paths,), skipped = plain_paths([read_list(path)], ["list.txt"])
    assert paths == [*KEYS, "n" * 300 + ".jpg"]
    assert [skip.reason for skip in skipped] == ["bad-name", "bad-name"]
    write_list(tmp_path / "again.txt", paths)


@pytest.mark.parametrize(
    "data", [b"caf\xe9.jpg\n" * 3, bytes(range(256)) * 9, b"a.jpg\nx\0\ny\0\n"]
)
def test_files_that_are_mostly_no_text_are_refused(tmp_path, data):
    """A binary file, and a list in another encoding, say what to do."""
    (tmp_path / "list.txt").write_bytes(data)
    with pytest.raises(InputError, match=r"cannot read the list .*save it as UTF-8"):
        read_list(tmp_path / "list.txt")


def test_only_line_ends_end_a_line(tmp_path):
    """Characters that some programs take for line ends are part of a name, in list and source."""
    keys = [f"a{mark}b.jpg" for mark in "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"]
    put_files(tmp_path / "train", keys)
    source = folder_source(tmp_path / "train")
    assert (list(source.keys), source.skipped) == (sorted(keys), [])
    write_list(tmp_path / "list.txt", keys)
    assert read_list(tmp_path / "list.txt") == keys


def sources(tmp_path, keys):
    """A folder, a tar and a zip of some files."""
    folder = put_files(tmp_path / "train", keys)
    with zipfile.ZipFile(tmp_path / "train.zip", "w") as archive:
        for key in keys:
            archive.writestr(key, b"")
    packing.write_tar(tmp_path / "train.tar", *[(key, b"") for key in keys])
    return [
        lambda lines: folder_source(folder, lines, "list.txt"),
        lambda lines: archive_source(tmp_path / "train.tar", lines, "list.txt"),
        lambda lines: archive_source(tmp_path / "train.zip", lines, "list.txt"),
    ]


@pytest.mark.parametrize("key", [COMPOSED, APART, MIXED])
@pytest.mark.parametrize("line", [COMPOSED, APART, MIXED])
def test_accents_spelled_otherwise(tmp_path, key, line):
    """A list of Linux finds files of macOS and the reverse, in every form that lines have."""
    for form in (line, f"train/{line}", f"/{line} 7", f'"{line}"', line.replace("/", "\\")):
        for source_of in sources(tmp_path, [key, "b.jpg"]):
            source = source_of([form, "b.jpg"])
            assert (list(source.keys), source.skipped) == (sorted([key, "b.jpg"]), [])
            assert resolve([form], source) == [key]
        assert match([form], [key, "b.jpg"]) == ([key], [])


def test_a_spelling_that_is_there_is_taken_exactly(tmp_path):
    """If a folder holds two spellings, each line gets its own, and a third one is ambiguous."""
    keys = sorted([COMPOSED, APART])
    for source_of in sources(tmp_path, keys):
        for key in keys:
            assert list(source_of([key]).keys) == [key]
        source = source_of([COMPOSED, MIXED])
        assert list(source.keys) == [COMPOSED]
        assert packing.reasons(source) == {MIXED: "missing"}
    assert match([MIXED, APART], keys) == ([APART], [MIXED])


def test_spellings_in_folders_of_two_spellings(tmp_path):
    """If a folder exists in both spellings, both are searched."""
    put_files(tmp_path, [f"{COMPOSED[:4]}/{APART[6:]}", f"{APART[:5]}/other.jpg"])
    spellings = FolderSpellings(str(tmp_path))
    assert spellings.get(COMPOSED) == MIXED
    assert spellings.get(f"{COMPOSED[:4]}/other.jpg") == f"{APART[:5]}/other.jpg"
    assert spellings.get(f"{COMPOSED[:4]}/é.jpg") is None
    assert spellings.get("plain.jpg") is None


def test_letters_that_no_mark_is_taken_from():
    """Signs that Unicode equates with a letter are found by it: Angstrom, Ohm, a Hangul block."""
    keys = ["\u212b.jpg", "\u2126.jpg", "\u1112\u1161\u11ab.jpg"]
    assert list(map(Spellings(keys).get, ["Å.jpg", "Ω.jpg", "한.jpg"])) == keys


def test_lists_are_compared_in_one_spelling():
    """Without a source the first list says how a path is spelled, unless it holds both."""
    assert spelled_alike([[APART, "b"], ["b", COMPOSED], [MIXED]]) == [
        [APART, "b"],
        ["b", APART],
        [APART],
    ]
    both = [[COMPOSED, APART], [APART, MIXED]]
    assert spelled_alike(both) == both


def test_pairs_are_matched_in_any_spelling():
    """Pictures colorized on another system belong to their originals; exact pairs come first."""
    names = ("photos", "colorized")
    assert pair_up([APART, "b.jpg"], ["b.png", COMPOSED], names).indices.tolist() == [
        [0, 1],
        [1, 0],
    ]
    both = sorted([APART, COMPOSED])
    assert pair_up(both, both, names).indices.tolist() == [[0, 0], [1, 1]]
    pairing = pair_up(["b.jpg", *both], ["b.jpg", MIXED], names)
    assert pairing.indices.tolist() == [[0, 0]]
    assert [skip.key for skip in pairing.only_first] == both
    assert [skip.key for skip in pairing.only_second] == [MIXED]
