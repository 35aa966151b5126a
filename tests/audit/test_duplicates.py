"""Claims about duplicates: copies are confirmed; similar and plain images are not."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from skimage.data import astronaut, chelsea, coffee, rocket
from toning import TONINGS, compressed, toned

from colorprep import decode
from colorprep.audit.duplicates import DisjointSets, align_and_compare
from colorprep.color.luma import luma
from colorprep.images.resizing import resize

PHOTOGRAPHS = [image() for image in (astronaut, chelsea, coffee, rocket)]


def small(rgb):
    """The luma of an image at 64 x 64, in 0..255."""
    return luma(resize(np.ascontiguousarray(rgb), 64)) / 256.0


def cut(rgb, top, bottom, left, right):
    """An image without a share of its height and width at each side."""
    height, width = rgb.shape[:2]
    rows = slice(round(top * height), height - round(bottom * height))
    return rgb[rows, round(left * width) : width - round(right * width)]


@pytest.mark.parametrize("photograph", PHOTOGRAPHS)
@pytest.mark.parametrize(
    "cuts", [(0, 0, 0, 0), (0.03, 0.03, 0.03, 0.03), (0.05, 0, 0, 0.05), (0, 0.05, 0.05, 0)]
)
def test_cut_and_compressed_copies_are_the_same(photograph, cuts):
    """Copies cut by up to 5% at each side are confirmed, whichever image comes first."""
    copy = small(decode(compressed(cut(photograph, *cuts), 60)))
    for pair in ((small(photograph), copy), (copy, small(photograph))):
        similarity = align_and_compare(*pair)
        assert similarity.same_picture and similarity.detail_correlation > 0.85


@pytest.mark.parametrize("kind", TONINGS)
@pytest.mark.parametrize("photograph", PHOTOGRAPHS)
def test_toned_copies_are_the_same(photograph, kind):
    """A gray or toned copy is the same picture."""
    copy = toned(photograph, kind, np.random.default_rng(0))
    assert align_and_compare(small(photograph), small(copy)).same_picture


@pytest.mark.parametrize("photograph", PHOTOGRAPHS)
def test_resized_copies_are_the_same(photograph):
    """A copy of a quarter of the width and another aspect is the same picture."""
    size = (photograph.shape[1] // 4, photograph.shape[0] // 3)
    copy = np.asarray(Image.fromarray(photograph).resize(size, Image.Resampling.BICUBIC))
    assert align_and_compare(small(photograph), small(copy)).same_picture


def test_different_photographs_are_not_the_same():
    """Nor are two halves of one photograph."""
    halves = [half for rgb in PHOTOGRAPHS for half in np.array_split(rgb, 2, axis=1)]
    for first, second in itertools.combinations(halves, 2):
        assert not align_and_compare(small(first), small(second)).same_picture


@pytest.mark.parametrize("seed", range(5))
def test_skies_are_not_claimed(seed):
    """Two gradients with noise are alike as a whole, but have no detail in common."""
    draw = np.random.default_rng(seed)
    slope = np.linspace(90, 220, 480)[:, None, None]
    skies = [
        np.clip(slope * [0.7, 0.9, 1.0] + draw.normal(0, 3, (480, 640, 3)), 0, 255) for _ in "ab"
    ]
    similarity = align_and_compare(*(small(sky.astype(np.uint8)) for sky in skies))
    assert similarity.correlation > 0.99 and not similarity.same_picture


def test_plain_images_are_not_claimed():
    """Where there is no detail nothing is claimed, not even of two equal sheets."""
    white = np.full((64, 64), 255.0)
    assert not align_and_compare(white, white).same_picture
    assert not align_and_compare(white, np.zeros((64, 64))).same_picture


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=30))
def test_sets_are_connected_components(pairs):
    """Sets are those of scipy, whatever the pairs and their order."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    sets = DisjointSets()
    for i, j in reversed(pairs):
        sets.join(i, j)
    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    labels = connected_components(coo_array((np.ones(len(pairs)), (rows, columns)), (21, 21)))[1]
    groups = [np.flatnonzero(labels == label).tolist() for label in range(labels.max() + 1)]
    assert sets.sets() == [group for group in groups if len(group) > 1]
    assert all(sets.joined(i, j) for i, j in pairs)
