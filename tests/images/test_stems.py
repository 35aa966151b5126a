"""Claims about lists that name images without their endings."""

import pytest
from folders import put_files
from packing import pack

from colorprep import InputError
from colorprep.images.lists import match
from colorprep.images.opening import find_images

KEYS = ["n01/a.JPEG", "n02/a.jpg", "n02/b.png", "n02/b.c.png"]


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_stem_names_an_image(tmp_path, kind):
    """With or without folders and a class number, in folders and archives."""
    place = put_files(tmp_path / "train", [*KEYS, "n02/b.xml"])
    if kind == "zip":
        place = pack(place, "zip", tmp_path / "train.zip")
    for line in ("b", "n02/b", "b  -1", "train/n02/b", "/n02/b 7"):
        assert list(find_images(place, [line]).keys) == ["n02/b.png"]
    with pytest.raises(InputError, match=r"line a of a list could mean n01/a.JPEG or n02/a.jpg"):
        find_images(place, ["a"])
    missing = find_images(place, ["n01/a", "b.jpg", "d"])
    assert list(missing.keys) == ["n01/a.JPEG"]
    assert [skip.key for skip in missing.skipped] == ["b.jpg", "d"]


def test_stems_match_keys_without_their_source():
    """A folder in a line must be that of the image, since it tells images apart."""
    assert match(["b.c", "n01/a 3", "n01/b"], KEYS) == (["n02/b.c.png", "n01/a.JPEG"], ["n01/b"])
    with pytest.raises(InputError, match="could mean"):
        match(["a"], KEYS)
