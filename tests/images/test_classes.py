"""Claims about the class of an image."""

import pytest

from colorprep import InputError
from colorprep.images.classes import class_ids, class_names, class_of, parse_class_from


@pytest.mark.parametrize(
    ("text", "key", "name"),
    [
        ("top", "train/cat/x.jpg", "train"),
        ("1", "train/cat/x.jpg", "train"),
        ("parent", "train/cat/x.jpg", "cat"),
        ("2", "train/cat/x.jpg", "cat"),
        ("3", "train/cat/x.jpg", ""),
        ("parent", "x.jpg", ""),
        ("top", "x.jpg", ""),
        ("name", "data/img-12-cat.png", "cat"),
        ("name", "img12.png", ""),
        ("name", "a-b/img-...png", ""),
    ],
)
def test_rules(text, key, name):
    """Each rule finds its part of the key, or none."""
    assert class_of(key, parse_class_from(text)) == name


@pytest.mark.parametrize("text", ["", "0", "-1", "Top", "1.5", "folder"])
def test_other_rules_are_refused(text):
    """The message lists the rules."""
    with pytest.raises(
        InputError,
        match="by top, parent, name, cls, .* or the level of a folder .1 is the top., not by",
    ):
        parse_class_from(text)


def test_ids_are_places_among_the_classes():
    """Classes are numbered in sorted order; an image without one has -1."""
    keys = ["train/cat/x.jpg", "train/ape/y.jpg", "z.jpg"]
    assert class_names(keys, "parent") == ["ape", "cat"]
    assert class_ids(keys, ["ape", "cat"], "parent") == [1, 0, -1]
