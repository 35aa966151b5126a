"""Claims about resizing and reading."""

import numpy as np
import pytest
from PIL import Image

from colorprep import BadImage
from colorprep.engine import Chunk
from colorprep.images.decoding import Scratch
from colorprep.images.folder import folder_source
from colorprep.images.reader import ImageReader, ReadImage
from colorprep.images.resizing import resize
from colorprep.images.skip import Skip

SHAPES = [(300, 200), (40, 500), (64, 64), (9, 9), (65, 63), (2, 900), (900, 1), (1, 1), (3, 65)]


def test_resizing_is_pillows():
    """Resizing is Pillow's antialiased bilinear, stretched to the square; memory may be reused."""
    scratch = Scratch()
    for shape in SHAPES:
        pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
        expected = Image.fromarray(pixels).resize((64, 64), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(resize(pixels, 64), np.asarray(expected))
        np.testing.assert_array_equal(resize(pixels, 64, scratch), np.asarray(expected))


def test_reader_joins_the_rules(photographs):
    """A reader returns read-only pixels of one size and reports which were enlarged."""
    source = folder_source(photographs)
    for size, enlarged in ((64, False), (128, True)):
        reader = ImageReader(source, size)
        image = reader.read(0)
        assert image.pixels.shape == (size, size, 3) and not image.pixels.flags.writeable
        assert image.enlarged is enlarged and image.key == source.keys[0]


def test_reader_gives_reasons(photographs, tmp_path):
    """An image that cannot be read becomes a skip among the others, as does a quarantined one."""
    for name, path in zip("abc", photographs.rglob("*.jpg"), strict=False):
        (tmp_path / f"{name}.jpg").write_bytes(path.read_bytes())
    reader = ImageReader(folder_source(tmp_path))
    (tmp_path / "b.jpg").unlink()
    with pytest.raises(BadImage):
        reader.read(1)
    read = list(reader.read_all(Chunk(range(3), frozenset([2]))))
    assert [image.key for image in read] == ["a.jpg", "b.jpg", "c.jpg"]
    assert [type(image) for image in read] == [ReadImage, Skip, Skip]
    assert [skip.reason for skip in read[1:]] == ["missing", "kills-workers"]


@pytest.mark.parametrize("shape", [(90, 60), (60, 91), (64, 64)])
def test_cropping_is_pillows(shape, tmp_path):
    """With crop, the middle square is resized, as Pillow's crop and resize do it."""
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    side = min(shape)
    left, top = (shape[1] - side) // 2, (shape[0] - side) // 2
    square = Image.fromarray(pixels).crop((left, top, left + side, top + side))
    expected = square.resize((32, 32), Image.Resampling.BILINEAR)
    reader = ImageReader(folder_source(tmp_path), 32, fit="crop")
    np.testing.assert_array_equal(reader.read(0).pixels, np.asarray(expected))
