"""Claims about `lists`: what is drawn, split and combined from real sources and lists."""

import unicodedata

import pytest
from folders import contents, put_files
from packing import pack

from colorprep import InputError
from colorprep.images.lists import read_list
from colorprep.images.skip import Skip
from colorprep.stages.lists import (
    CombineParams,
    DrawParams,
    SplitParams,
    VocParams,
    combine,
    divide,
    draw,
    split,
)
from colorprep.stages.source import ImageParams

KEYS = [f"n0{number}/{name}.JPEG" for number in range(1, 6) for name in "abcdefgh"]


@pytest.fixture
def train(tmp_path):
    """A folder named train of forty images in five classes."""
    return put_files(tmp_path / "train", KEYS)


@pytest.fixture
def write(workspace):
    """A function that writes a list of the workspace and returns its name."""

    def write_lines(name, *lines):
        workspace.path(name).write_text("".join(f"{line}\n" for line in lines))
        return name

    return write_lines


def test_drawn_lists_are_nested_and_cover(train, workspace, silent):
    """A list is in order of its keys, covers every class, and is part of any longer one."""
    smaller: set[str] = set()
    for n in (1, 4, 5, 17, 40):
        result = draw(DrawParams(ImageParams(train), n), workspace, silent)
        assert result.drawn.path == workspace.path(f"lists/random-{n}.txt")
        drawn = read_list(result.drawn.path)
        assert drawn == sorted(set(drawn)) and len(drawn) == n == result.drawn.n_images
        assert result.drawn.n_classes == min(n, 5) == len({key[:3] for key in drawn})
        assert smaller <= set(drawn)
        smaller = set(drawn)
    assert smaller == set(KEYS)


def test_lists_are_the_same_wherever_images_are_kept(train, workspace, silent, tmp_path):
    """A folder and an archive in another order give the same bytes, another seed others."""
    archive = pack(train, "zip-stored", tmp_path / "train.zip")
    made = {}
    for name, source, seed in (("a", train, 1), ("b", archive, 1), ("c", train, 2)):
        images = ImageParams(source)
        draw(DrawParams(images, 7, seed, "labeled", f"{name}/x.txt"), workspace, silent)
        split(SplitParams(images, 0.2, 0.2, seed, "prefixed", name), workspace, silent)
        made[name] = contents(workspace.path(name))
    assert made["a"] == made["b"]
    assert all(made["a"][name] != made["c"][name] for name in made["a"])


def test_draws_are_narrowed_by_a_list(train, workspace, recorder, write):
    """With a list, images and classes are those of the list; missing images are reported."""
    keep = write("keep.txt", "/n02/a.JPEG 1", "n04/b.JPEG", "train/n04/c.JPEG", "gone.jpg")
    result = draw(DrawParams(ImageParams(train, keep), 2), workspace, recorder)
    assert {key[:3] for key in read_list(result.drawn.path)} == {"n02", "n04"}
    assert (result.n_images, result.n_classes) == (3, 2)
    assert [skip.key for skip in result.skipped] == ["gone.jpg"]
    assert any("gone.jpg" in text for text in recorder.warnings)


def test_more_than_there_are_is_an_error(train, workspace, silent):
    """The message says how many there are, and nothing is written."""
    with pytest.raises(InputError, match="only 40 in train"):
        draw(DrawParams(ImageParams(train), 41), workspace, silent)
    assert not workspace.path("lists").exists()
    with pytest.raises(InputError, match="1 or more"):
        DrawParams(n_images=0)


def test_class_numbers_are_those_of_the_whole_source(train, workspace, silent, write):
    """A list without some classes does not change their numbers; no folder is -1."""
    put_files(train, ["top.jpg"])
    keep = write("keep.txt", "n04/a.JPEG", "top.jpg", "n02/a.JPEG")
    expected = ["/n02/a.JPEG 1", "/n04/a.JPEG 3", "/top.jpg -1"]
    drawn = draw(DrawParams(ImageParams(train, keep), 3, 0, "labeled"), workspace, silent).drawn
    assert read_list(drawn.path) == expected
    params = CombineParams("merge", [keep], train, "labeled")
    assert sorted(read_list(combine(params, workspace, silent).combined.path)) == expected


def test_splits_are_complete_disjoint_and_fair(train, workspace, silent):
    """Parts are disjoint, contain all images, and split each class by the same fractions."""
    parts = split(SplitParams(ImageParams(train), 0.25, 0.125), workspace, silent).parts
    lists = {name: read_list(part.path) for name, part in parts.items()}
    assert sorted(sum(lists.values(), [])) == KEYS
    for name, per_class in (("train", 5), ("val", 2), ("test", 1)):
        assert parts[name].path == workspace.path(f"lists/{name}.txt")
        assert parts[name].n_images == 5 * per_class and parts[name].n_classes == 5
        assert [key[:3] for key in lists[name]] == sorted(
            [f"n0{n}" for n in range(1, 6)] * per_class
        )


def test_a_part_with_a_fraction_of_0_is_not_written(train, workspace, recorder):
    """For a fraction of 0 no list is written, and an earlier one is kept, with a warning."""
    images = ImageParams(train)
    first = split(SplitParams(images, 0.2, 0.2), workspace, recorder)
    assert set(first.parts) == {"train", "val", "test"} and recorder.warnings == []
    again = split(SplitParams(images, 0.2, 0), workspace, recorder)
    assert set(again.parts) == {"train", "val"}
    train, val, test = recorder.warnings
    assert "train.txt: replaced another list" in train and "val.txt: replaced" in val
    assert "test.txt is from an earlier run" in test
    assert read_list(workspace.path("lists/test.txt"))


def test_a_part_that_would_be_empty_is_an_error(workspace, silent, tmp_path):
    """Two images cannot be split into three parts, and nothing is written."""
    folder = put_files(tmp_path / "few", ["a/1.jpg", "b/2.jpg"])
    with pytest.raises(InputError, match="val would get no image: few contains 2"):
        split(SplitParams(ImageParams(folder)), workspace, silent)
    assert not workspace.path("lists").exists()


def test_lists_of_one_source_are_combined_by_its_keys(train, workspace, silent, write):
    """With a source, lines in all forms that mean the same image are one image."""
    first = write("a.txt", "train/n01/a.JPEG", "/n03/c.JPEG 2", "n02/b.JPEG", "/n02/b.JPEG 1")
    second = write("b.txt", "n01/a.JPEG 0", "n05/e.JPEG", "./n02/b.JPEG")
    for operation, expected in (
        ("merge", ["n01/a.JPEG", "n03/c.JPEG", "n02/b.JPEG", "n05/e.JPEG"]),
        ("subtract", ["n03/c.JPEG"]),
        ("intersect", ["n01/a.JPEG", "n02/b.JPEG"]),
    ):
        result = combine(CombineParams(operation, [first, second], train), workspace, silent)
        assert read_list(result.combined.path) == expected
        assert result.n_listed == [3, 3] and result.skipped == []


def test_lists_are_combined_as_paths_without_a_source(train, workspace, recorder, write):
    """Without a source paths are compared, whatever source the workspace remembers."""
    workspace.remember_source(train)
    first = write("a.txt", "/x/1.jpg 4", "x/2.jpg", "x/scene 7", "x/scene 8")
    second = write("b.txt", "x/2.jpg 9", "x/scene 7")
    result = combine(CombineParams("subtract", [first, second]), workspace, recorder)
    assert result.combined.path == workspace.path("lists/subtracted.txt")
    assert read_list(result.combined.path) == ["x/1.jpg", "x/scene 8"]
    assert recorder.warnings == []


def test_a_source_tells_numbers_from_names(workspace, silent, tmp_path, write):
    """With the source, a name that ends in a number is not mistaken for a class number."""
    folder = put_files(tmp_path / "train", ["x/scene 7", "x/a.jpg", "x/a.jpg 3"])
    first = write("a.txt", "x/scene 7", "x/a.jpg 3", "x/a.jpg 4")
    result = combine(CombineParams("merge", [first], folder), workspace, silent)
    assert read_list(result.combined.path) == ["x/scene 7", "x/a.jpg 3", "x/a.jpg"]


def test_lines_that_are_not_in_the_source_are_reported(train, workspace, recorder, write):
    """They are left out with a warning, and listed with the lists' names."""
    first, second = write("a.txt", "n01/a.JPEG", "gone.jpg"), write("b.txt", "gone 2.jpg")
    result = combine(CombineParams("merge", [first, second], train), workspace, recorder)
    detail = "listed in a.txt and b.txt, but not in the source"
    assert result.skipped == [Skip(key, "missing", detail) for key in ("gone 2.jpg", "gone.jpg")]
    assert len(recorder.warnings) == 2
    assert read_list(result.combined.path) == ["n01/a.JPEG"]


def test_forms_that_hide_a_match_are_warned_of(workspace, recorder, write):
    """If lines differ only by the source's name, a warning names the lists and suggests --dir."""
    first = write("a.txt", "train/n01/a.JPEG", "train/n02/b.JPEG")
    second = write("b.txt", "/n01/a.JPEG 0")
    combine(CombineParams("merge", [first, second]), workspace, recorder)
    (warning,) = recorder.warnings
    assert "every line of a.txt starts with train/" in warning and "--dir" in warning


def test_class_numbers_without_a_source_are_warned_of(workspace, recorder, write):
    """Without a source, classes are numbered within the list, with a warning."""
    first = write("a.txt", "n07/a.JPEG", "n03/b.JPEG")
    result = combine(CombineParams("merge", [first], form="labeled"), workspace, recorder)
    assert read_list(result.combined.path) == ["/n07/a.JPEG 1", "/n03/b.JPEG 0"]
    assert len(recorder.warnings) == 1 and "--dir" in recorder.warnings[0]


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ("subtract", "every image of a.txt is also in b.txt"),
        ("intersect", "both in a.txt and in c.txt"),
    ],
)
def test_empty_results_are_errors(workspace, silent, write, operation, message):
    """The message says why the result is empty, and no list is written."""
    first, second = write("a.txt", "x/1.jpg"), write("b.txt", "/x/1.jpg 3", "x/2.jpg")
    other = second if operation == "subtract" else write("c.txt", "x/2.jpg")
    with pytest.raises(InputError, match=f"{message}.*no list is written"):
        combine(CombineParams(operation, [first, other]), workspace, silent)
    assert not workspace.path("lists").exists()


def test_inputs_are_never_replaced(train, workspace, silent, write):
    """An output that the same command reads is refused, under any spelling of its path."""
    keep = write("train.txt", *KEYS)
    before = workspace.path(keep).read_bytes()
    images = ImageParams(train, keep)
    with pytest.raises(InputError, match="one of the lists that are read"):
        draw(DrawParams(images, 3, output="train/../train.txt"), workspace, silent)
    with pytest.raises(InputError, match="one of the lists that are read"):
        split(SplitParams(images, output="."), workspace, silent)
    with pytest.raises(InputError, match="one of the lists that are read"):
        combine(CombineParams("merge", [keep], output=keep), workspace, silent)
    assert workspace.path(keep).read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("subtract", ["a.txt"]), "subtract takes 2 or more"),
        (("merge", []), "merge takes 1 or more"),
        (("merge", ["a.txt"], None, "prefixed"), "needs --dir"),
    ],
)
def test_what_cannot_be_combined_is_refused(arguments, message):
    """Too few lists, and a prefix without a source, are refused before anything is read."""
    with pytest.raises(InputError, match=message):
        CombineParams(*arguments)


def test_lists_of_other_systems_are_combined(workspace, silent, recorder, write):
    """Accents, line ends and slashes of other systems do not change which image is meant."""
    apart, whole = (unicodedata.normalize(form, "n01/é.jpg") for form in ("NFD", "NFC"))
    write("a.txt", "n02/b.jpg", apart)
    workspace.path("b.txt").write_bytes(f"{whole}\r\nn02\\b.jpg\r\n".encode("utf-16"))
    for operation in ("merge", "intersect"):
        result = combine(CombineParams(operation, ["a.txt", "b.txt"]), workspace, silent)
        assert read_list(result.combined.path) == ["n02/b.jpg", apart]
    with pytest.raises(InputError, match="every image"):
        combine(CombineParams("subtract", ["a.txt", "b.txt"]), workspace, silent)


def test_a_line_that_is_no_text_is_left_out_of_a_combined_list(workspace, recorder):
    """Without a source, a line that is not text is skipped and reported."""
    workspace.path("c.txt").write_bytes(b"n02/b.jpg\ncaf\xe9.jpg\nn02/c.jpg\n")
    result = combine(CombineParams("merge", ["c.txt"]), workspace, recorder)
    assert read_list(result.combined.path) == ["n02/b.jpg", "n02/c.jpg"]
    assert [skip.key for skip in result.skipped] == ["caf\\udce9.jpg"]
    assert any("caf\\udce9.jpg: bad-name" in warning for warning in recorder.warnings)


def test_so_many_images_of_some_classes_are_split_by_numbers(workspace, silent, tmp_path):
    """As the Places models draw them, where the classes are the second folders."""
    place = put_files(tmp_path / "places", [f"train/{key}" for key in KEYS])
    images = ImageParams(place)
    params = DrawParams(images, 6, form="labeled", per_class=True, n_classes=3, class_from=2)
    drawn = draw(params, workspace, silent).drawn
    assert drawn.path == workspace.path("lists/random-6-per-class.txt")
    assert (drawn.n_images, drawn.n_classes) == (18, 3)
    numbers = {f"n0{number}": str(number - 1) for number in range(1, 6)}
    lines = [line.split(" ") for line in read_list(drawn.path)]
    assert all(number == numbers[key.split("/")[2]] for key, number in lines)
    narrowed = ImageParams(place, drawn.path)
    parts = split(SplitParams(narrowed, 2, 1, class_from="parent"), workspace, silent).parts
    sizes = {name: (part.n_images, part.n_classes) for name, part in parts.items()}
    assert sizes == {"train": (9, 3), "val": (6, 3), "test": (3, 3)}
    with pytest.raises(InputError, match="--n-classes counts the classes of --per-class"):
        DrawParams(images, 6, n_classes=3)


def test_voc_is_divided_by_stems(workspace, silent, write, tmp_path):
    """Lists of stems become lists of the images that a source has."""
    place = put_files(tmp_path / "JPEGImages", [f"{name}.jpg" for name in "abcdefg"])
    lists = [write(f"{n}.txt", *names) for n, names in enumerate(("ab", "cde", "acf", "dg"))]
    result = divide(VocParams(*lists, folder=place), workspace, silent)
    assert read_list(result.val.path) == ["d.jpg", "e.jpg"]
    assert sorted(read_list(result.train.path)) == ["a.jpg", "b.jpg", "c.jpg", "f.jpg", "g.jpg"]
    result = divide(VocParams(*lists, mode=3), workspace, silent)
    assert read_list(result.val.path) == ["e"]
    with pytest.raises(InputError, match="mode 3 leaves no image for val"):
        divide(VocParams(lists[0], lists[2], lists[2], lists[3], 3), workspace, silent)
