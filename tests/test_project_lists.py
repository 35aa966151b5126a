"""Claims about the project's own lists: they are what the tool makes, and their README is true."""

import re
from pathlib import Path

import pytest

from colorprep.images.lists import read_list
from colorprep.images.sample import PHOTOGRAPHS

LISTS = Path(__file__).resolve().parents[1] / "lists"
COMMANDS = [
    command.split()
    for command in re.findall(r"^    colorprep (.*)$", (LISTS / "README.md").read_text(), re.M)
]


def test_lists_are_what_the_tool_makes(colorprep, tmp_path):
    """The commands of the README, run anew, give the committed lists byte for byte."""
    for words in COMMANDS:
        result = colorprep(*words)
        assert result.exit_code == 0, result.stderr
    committed = {path.name for path in LISTS.iterdir()} - {"README.md"}
    assert {"random-60.txt", "tiny.txt", "train.txt", "val.txt", "test.txt"} <= committed
    for name in sorted(committed):
        assert (tmp_path / "lists" / name).read_bytes() == (LISTS / name).read_bytes(), name


@pytest.mark.parametrize(
    ("name", "n_images", "n_classes"),
    [
        ("random-60.txt", 60, 10),
        ("tiny.txt", 9, 9),
        ("train.txt", 200, 10),
        ("val.txt", 20, 10),
        ("test.txt", 20, 10),
    ],
)
def test_lists_hold_what_the_readme_says(name, n_images, n_classes):
    """Each list has as many different images, of as many photographs, as the README says."""
    keys = set(read_list(LISTS / name))
    assert len(keys) == n_images
    photographs = {key.partition("/")[0] for key in keys}
    assert len(photographs) == n_classes and photographs <= set(PHOTOGRAPHS)
