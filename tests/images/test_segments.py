"""Claims about segment masks: which is whose, what they may hold, and how they follow images."""

import io

import numpy as np
import pytest
from PIL import Image

from colorprep import InputError
from colorprep.errors import BadImage
from colorprep.images.folder import folder_source
from colorprep.images.opening import find_images
from colorprep.images.reader import ImageReader
from colorprep.images.resizing import middle_square, resize_to_nearest
from colorprep.images.segments import MaskDecoder, split_pair, with_masks

INDICES = np.array([[0, 1, 2, 3], [3, 0, 255, 1]], np.uint8)


def png(array, palette=True, bits=8):
    """The bytes of a PNG of an array; indices get a palette, unless they are to be gray levels."""
    image = Image.fromarray(array)
    if palette:
        image.putpalette([index * 11 % 256 for index in range(768)])
    stream = io.BytesIO()
    image.save(stream, "PNG", bits=bits)
    return stream.getvalue()


@pytest.fixture
def masked(tmp_path):
    """A function that puts a mask beside a gray image of INDICES' size, and decodes it."""

    def decode(mask, n_classes=4):
        (tmp_path / "images").mkdir()
        (tmp_path / "masks").mkdir()
        (tmp_path / "images/x.png").write_bytes(png(np.zeros((2, 4, 3), np.uint8), False))
        (tmp_path / "masks/x.png").write_bytes(mask)
        source = with_masks(folder_source(tmp_path / "images"), folder_source(tmp_path / "masks"))
        return ImageReader(source, masks=MaskDecoder(source, n_classes)).read(0).segments

    return decode


@pytest.mark.parametrize("palette", [True, False])
def test_masks_hold_palette_indices_or_gray_levels(masked, palette):
    """Indices are read as stored, whatever their colors; 255 stays."""
    assert np.array_equal(masked(png(INDICES, palette)), INDICES)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_indices_of_few_bits_are_not_scaled(masked, bits):
    """A mask of 1, 2 or 4 bits holds the same indices as one of 8."""
    indices = INDICES % min(4, 1 << bits)
    assert np.array_equal(masked(png(indices, bits=bits)), indices)


def test_gray_of_one_bit_is_not_scaled(masked):
    """White in a black-and-white mask is class 1, not 255."""
    assert np.array_equal(masked(png(INDICES == 1, False)), INDICES == 1)


@pytest.mark.parametrize(
    ("mask", "what"),
    [
        (png(INDICES[:, :3]), "is 3 x 2 pixels, but the image as stored is 4 x 2"),
        (png(INDICES + np.uint8(1)), "holds index 4, but classes are 0 to 3"),
        (png(np.zeros((2, 4, 3), np.uint8), False), "mode RGB, not class indices"),
        (png(INDICES.astype(np.uint16), False), "mode I;16, not class indices"),
        (png(INDICES)[:-30], "is damaged"),
        (b"P5 4 2 255 " + bytes(8), "is not a PNG"),
    ],
)
def test_wrong_masks_are_refused_by_name(masked, mask, what):
    """A mask that cannot be one says what is wrong with which file."""
    with pytest.raises(BadImage, match=f"bad-mask: its mask x.png .*{what}"):
        masked(mask)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_masks_turn_with_their_images(orientation, tmp_path):
    """Where EXIF turns a picture of its own classes, the mask still fits."""
    levels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    exif = Image.Exif()
    exif[0x0112] = orientation
    for name, kwargs in (("images", {"exif": exif}), ("masks", {})):
        (tmp_path / name).mkdir()
        Image.fromarray(levels).save(tmp_path / name / "x.png", **kwargs)
    source = with_masks(folder_source(tmp_path / "images"), folder_source(tmp_path / "masks"))
    for rule in ("apply", "ignore"):
        reader = ImageReader(source, orientation=rule, masks=MaskDecoder(source, 12))
        image = reader.read(0)
        assert np.array_equal(image.pixels[..., 0], image.segments)
        assert image.segments.shape == ((4, 3) if rule == "apply" and orientation > 4 else (3, 4))


@pytest.mark.parametrize("shape", [(40, 50), (47, 33), (24, 24), (7, 5), (301, 99)])
def test_indices_are_sampled_as_by_pillow(shape):
    """Stretched or cropped first, each pixel is that of Pillow's nearest neighbor."""
    indices = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    for picture in (indices, middle_square(indices)):
        expected = Image.fromarray(picture).resize((24, 24), Image.Resampling.NEAREST)
        assert np.array_equal(resize_to_nearest(picture, 24), np.asarray(expected))


@pytest.fixture
def found(tmp_path):
    """A function that finds the masks of images, both given as keys."""

    def places(images, masks):
        for name, keys in (("images", images), ("masks", masks)):
            for key in keys:
                (tmp_path / name / key).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / name / key).write_bytes(key.encode())
        return with_masks(find_images(tmp_path / "images"), find_images(tmp_path / "masks"))

    return places


def test_a_mask_has_the_path_or_the_name_of_its_image(found):
    """The mask of a/x.jpg is a/x.png, else x.png; both are read as one pair."""
    source = found(["a/x.jpg", "a/y.jpeg", "b/z.jpg"], ["a/x.png", "x.png", "y.png", "z.jpg"])
    pairs = [split_pair(source.read(index)) for index in range(2)]
    assert pairs == [(b"a/x.jpg", b"a/x.png"), (b"a/y.jpeg", b"y.png")]
    assert source.sizes.tolist() == [14, 13, 7]
    assert [stamp != 0 for stamp in source.stamps.tolist()] == [True, True, False]
    with pytest.raises(BadImage, match=r"no-mask: masks holds no b/z.png or z.png"):
        source.read(2)


@pytest.mark.parametrize(
    ("images", "masks", "message"),
    [
        (["a/x.jpg"], ["y.png"], "no image of images has a mask in masks: .* a/x.png or x.png"),
        (["a/x.jpg", "b/x.jpg"], ["x.png"], "x.png of masks .* both a/x.jpg and b/x.jpg"),
    ],
)
def test_masks_that_fit_no_image_or_two_are_refused(found, images, masks, message):
    """Before any image is read."""
    with pytest.raises(InputError, match=message):
        found(images, masks)
