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


@pytest.mark.parametrize("first", [["x/a.jpg", "x/a.png"], ["x/a.png"]])
def test_two_of_one_path_are_an_error(first):
    """Either may be the partner, so it is an error."""
    second = ["x/a.png"] if len(first) == 2 else ["x/a.gif", "x/a.png"]
    with pytest.raises(InputError, match=r"x/a\.\w+ and x/a\.png of (photos|colorized)"):
        pair_up(first, second, NAMES)
