"""Claims about resizing and reading."""

import numpy as np
import pytest
from PIL import Image

from colorprep import BadImage, folder_source
from colorprep.images.reader import ImageReader
from colorprep.images.resizing import resize
from colorprep.images.skip import Skip


@pytest.mark.parametrize("shape", [(300, 200), (40, 500), (64, 64), (9, 9)])
def test_resizing_is_pillows(shape):
    """Resizing is Pillow's antialiased bilinear, stretched to the square."""
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    expected = Image.fromarray(pixels).resize((64, 64), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(resize(pixels, 64), np.asarray(expected))


def test_reader_joins_the_rules(photographs):
    """A reader gives read-only pixels of one size and tells which were enlarged."""
    source = folder_source(photographs)
    for size, enlarged in ((64, False), (128, True)):
        reader = ImageReader(source, size)
        pixels, was_enlarged = reader.read(source.keys[0])
        assert pixels.shape == (size, size, 3) and not pixels.flags.writeable
        assert was_enlarged is enlarged


def test_reader_gives_reasons(photographs):
    """A key that cannot be read becomes a skip among the others."""
    source = folder_source(photographs)
    reader = ImageReader(source)
    with pytest.raises(BadImage):
        reader.read("nowhere.jpg")
    kinds = [type(pixels) for _, pixels, _ in reader.read_all([source.keys[0], "nowhere.jpg"])]
    assert kinds == [np.ndarray, Skip]
