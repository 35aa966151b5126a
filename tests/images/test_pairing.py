"""Claims about which images belong together."""

import pytest

from colorprep import InputError
from colorprep.images.pairing import pair_up, stem_of

NAMES = ("photos", "colorized")


@pytest.mark.parametrize(
    ("key", "stem"),
    [
        ("a.jpg", "a"),
        ("n01/a.b.JPEG", "n01/a.b"),
        ("v1.0/a.png", "v1.0/a"),
        ("a/b/c.tar.jpg", "a/b/c.tar"),
    ],
)
def test_only_the_extension_is_left_out(key, stem):
    """Dots in folders and in names stay."""
    assert stem_of(key) == stem


def test_pairs_are_matched_by_path():
    """Partners have the same folders and name, whatever their endings; the others are reported."""
    first = ["a/1.jpg", "a/2.jpg", "b/1.JPEG", "c.d.jpg"]
    second = ["1.png", "a/1.png", "b/1.png", "c.d.webp", "c.png"]
    pairing = pair_up(first, second, NAMES)
    assert pairing.indices.tolist() == [[0, 1], [2, 2], [3, 3]]
    assert [skip.key for skip in pairing.only_first] == ["a/2.jpg"]
    assert [skip.key for skip in pairing.only_second] == ["1.png", "c.png"]
    assert {skip.reason for skip in pairing.only_second} == {"unpaired"}
    assert "photos" in pairing.only_second[0].detail


def test_nothing_in_common_is_an_error():
    """The error shows the first path of each side."""
    with pytest.raises(InputError, match=r"val/a\.jpg and a\.png"):
        pair_up(["val/a.jpg"], ["a.png"], NAMES)


@pytest.mark.parametrize(
    ("picture", "match", "remedy"),
    [
        ("out/a.png", "stem", "--match name"),
        ("x/a_fake_B.png", "stem", "--suffix _fake_B"),
        ("out/a_fake_B.png", "name", "--suffix _fake_B would"),
        ("out/a_fake_B.png", "stem", "--suffix _fake_B --match name"),
        ("out/b.png", "stem", "the same folders"),
        ("out/b.png", "name", "the same names"),
    ],
)
def test_what_to_do_if_nothing_matches(picture, match, remedy):
    """The error names the option that would match the first two images, if there is one."""
    with pytest.raises(InputError, match=remedy):
        pair_up(["x/a.jpg"], [picture], NAMES, match)


@pytest.mark.parametrize("first", [["x/a.jpg", "x/a.png"], ["x/a.png"]])
def test_two_of_one_path_are_an_error(first):
    """Either may be the partner, so it is an error."""
    second = ["x/a.png"] if len(first) == 2 else ["x/a.gif", "x/a.png"]
    with pytest.raises(InputError, match=r"x/a\.\w+ and x/a\.png of (photos|colorized)"):
        pair_up(first, second, NAMES)


def test_pairs_are_matched_by_name():
    """Folders do not count; two images of one name are an error, in either source."""
    pairing = pair_up(["a/1.jpg", "b/2.jpg", "3.jpg"], ["2.png", "x/1.png"], NAMES, "name")
    assert pairing.indices.tolist() == [[0, 1], [1, 0]]
    assert [skip.key for skip in pairing.only_first] == ["3.jpg"]
    with pytest.raises(
        InputError, match=r"a/1\.jpg and b/1\.jpg of photos have the same file name"
    ):
        pair_up(["a/1.jpg", "b/1.jpg"], ["1.png"], NAMES, "name")


def test_pairs_are_matched_by_order():
    """Names do not count, but the numbers of images must agree."""
    assert pair_up(["a.jpg", "b.jpg"], ["0.png", "1.png"], NAMES, "order").indices.tolist() == [
        [0, 0],
        [1, 1],
    ]
    with pytest.raises(InputError, match="photos has 2 images and colorized has 1"):
        pair_up(["a.jpg", "b.jpg"], ["0.png"], NAMES, "order")


@pytest.mark.parametrize("match", ["stem", "name", "order"])
def test_a_suffix_is_taken_off(match):
    """Pictures without it are passed over and counted; if none has it, the error shows one."""
    second = ["1_fake_B.png", "1_real_A.png", "2_fake_B.png"]
    pairing = pair_up(["1.jpg", "2.jpg"], second, NAMES, match, "_fake_B")
    assert pairing.indices.tolist() == [[0, 0], [1, 2]]
    assert pairing.only_second == [] and pairing.n_without_suffix == 1
    with pytest.raises(InputError, match=r"ends in '_fake' .* 1_fake_B\.png"):
        pair_up(["1.jpg"], second, NAMES, match, "_fake")
