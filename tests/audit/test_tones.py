"""Claims about gray and toned images: what is called so, and what is not."""

import numpy as np
import pytest
from skimage.color import rgb2lab
from skimage.data import astronaut, chelsea, coffee
from toning import TONINGS, compressed, toned, toned_file

from colorprep import decode
from colorprep.audit.tones import GRAY_CHROMA, chroma_quantile, published_rules, toning
from colorprep.images.resizing import resize

PHOTOGRAPHS = {
    image.__name__: image()[40:296, 60:380].copy() for image in (astronaut, chelsea, coffee)
}


@pytest.fixture(params=sorted(PHOTOGRAPHS))
def photograph(request):
    """A color photograph of 256 x 320."""
    return PHOTOGRAPHS[request.param]


def test_photographs_are_neither_gray_nor_toned(photograph):
    """Color photographs are acquitted by every rule."""
    assert chroma_quantile(resize(photograph, 64)) > GRAY_CHROMA
    assert not toning(photograph).is_toned
    assert published_rules(resize(photograph, 256)) == (False, False)


@pytest.mark.parametrize("kind", TONINGS[1:])
@pytest.mark.parametrize("quality", [60, 90])
def test_toned_copies_are_toned(photograph, kind, quality):
    """Sepia, cyanotype and selenium are recognized through compression, by this rule alone."""
    copy = decode(compressed(toned(photograph, kind, np.random.default_rng(5)), quality))
    assert toning(copy).is_toned
    assert chroma_quantile(resize(copy, 64)) > GRAY_CHROMA
    assert published_rules(resize(copy, 256)) == (False, False)


def test_gray_copies_are_gray_by_all_rules(photograph):
    """A desaturated copy is gray by our rule and by both published ones."""
    copy = decode(toned_file(photograph, "gray", np.random.default_rng(0)))
    assert chroma_quantile(resize(copy, 64)) < 0.5
    assert published_rules(resize(copy, 256)) == (True, True)


def test_a_spot_of_color_does_not_save_a_gray_image(photograph):
    """Half a percent of red, a stamp, is too little color for our rule, and enough for theirs."""
    gray = toned(photograph, "gray", np.random.default_rng(0))
    gray[20:37, 20:37] = (220, 20, 30)
    assert chroma_quantile(resize(gray, 64)) <= GRAY_CHROMA
    assert published_rules(resize(gray, 256)) == (False, False)


def test_chroma_is_that_of_scikit_image(photograph):
    """The quantile of chroma equals an independent conversion."""
    ab = rgb2lab(photograph)[..., 1:]
    expected = np.quantile(np.linalg.norm(ab, axis=-1), 0.99, method="inverted_cdf")
    assert chroma_quantile(photograph) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("strength", np.linspace(0, 0.3, 31).round(2).tolist())
def test_published_rules_by_their_definitions(photograph, strength):
    """Zhang's mask and colorization-pytorch's range, computed plainly with scikit-image."""
    gray = np.repeat(photograph.mean(axis=-1, keepdims=True), 3, axis=-1)
    faded = np.rint(gray + strength * (photograph - gray)).clip(0, 255).astype(np.uint8)
    ab = rgb2lab(faded)[..., 1:]
    mask_is_gray = bool((np.abs(ab[::4, ::4]) <= 5).all())
    range_is_gray = bool(np.ptp(ab.reshape(-1, 2), axis=0).sum() < 5)
    assert published_rules(faded) == (mask_is_gray, range_is_gray)


def test_flipping_and_turning_change_nothing(photograph):
    """Toning does not depend on which way the image is held."""
    upright = toning(photograph)
    for turned in (photograph[::-1], photograph[:, ::-1], photograph.transpose(1, 0, 2)):
        np.testing.assert_allclose(toning(np.ascontiguousarray(turned)), upright, rtol=1e-9)


def test_one_color_is_toned_unless_strong():
    """A pale blue sheet is a point in ab, and so is a red one, but no toning is so strong."""
    blue = np.full((64, 64, 3), (150, 170, 205), np.uint8)
    assert toning(blue).residual < 1e-6 and toning(blue).is_toned
    red = np.full((64, 64, 3), (250, 20, 20), np.uint8)
    assert toning(red).residual < 1e-6 and not toning(red).is_toned


@pytest.mark.parametrize("sides", [(31, 500), (500, 31), (1, 1)])
def test_small_images_are_not_judged(sides):
    """With a side under 32 pixels there is no verdict."""
    assert toning(np.zeros((*sides, 3), np.uint8)) is None


def test_cifar_at_32_pixels(shared):
    """At 32 x 32 at most 3% of the color images are called toned, and 9 of 10 toned copies are."""
    draw = np.random.default_rng(31)
    verdicts = {"image": [], "copy": []}
    for number, path in enumerate(sorted((shared / "images/cifar").rglob("*.jpg"))):
        pixels = decode(path.read_bytes())
        if chroma_quantile(pixels) > GRAY_CHROMA:
            verdicts["image"].append(toning(pixels).is_toned)
            copy = decode(toned_file(pixels, TONINGS[1 + number % 3], draw))
            verdicts["copy"].append(toning(copy).is_toned or chroma_quantile(copy) <= GRAY_CHROMA)
    assert len(verdicts["image"]) == 591
    assert np.mean(verdicts["image"]) <= 0.03 and np.mean(verdicts["copy"]) >= 0.9


def test_gray_files_of_three_channels(shared):
    """Of ImageNet's photographs five are gray; one of them, a hook, is an RGB file."""
    from PIL import Image

    gray = {}
    for path in sorted((shared / "images/imagenet").rglob("*.JPEG")):
        small = resize(resize(decode(path.read_bytes()), 256), 64)
        if chroma_quantile(small) <= GRAY_CHROMA:
            gray[path.stem] = Image.open(path).mode
    assert gray == {
        "n03532672_hook": "RGB",
        "n04008634_projectile": "L",
        "n04090263_rifle": "L",
        "n04372370_switch": "L",
        "n04532670_viaduct": "L",
    }
