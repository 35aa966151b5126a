"""Claims about labels beyond hard bins: soft ones, blurred ones, kept pixels, processes."""

import pickle

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, label
from skimage import color, data

from colorprep import InputError, Labeler, ab_lattice, hue_chroma_grid
from colorprep.color.hue_chroma import rgb_to_hue_chroma_lightness
from colorprep.color.lowpass import lowpass


@pytest.fixture(scope="module")
def photograph():
    """A colorful photograph of 96 x 96."""
    return np.ascontiguousarray(data.coffee()[100:388:3, 150:438:3])


def labels_of(labeler, image):
    """The labels of one image."""
    buffers = labeler.buffers(1, len(image))
    labeler.label_into(image, buffers, 0)
    return {name: array[0] for name, array in buffers.items()}


@pytest.mark.parametrize("quantizer", [ab_lattice(), hue_chroma_grid(36)], ids=["ab", "hc"])
def test_soft_labels_are_the_largest_posteriors(quantizer, photograph):
    """The k likeliest bins and their weights are those of the dense distribution."""
    made = labels_of(Labeler(quantizer, 4, n_soft=5), photograph)
    small = photograph[::4, ::4]
    if quantizer.space == "ab":
        colors = color.rgb2lab(small)[..., 1:]
    else:
        colors = rgb_to_hue_chroma_lightness(small)[..., :2]
    dense = quantizer.encode_soft(colors).dense(len(quantizer.centers))
    expected = np.sort(dense, axis=-1)[..., ::-1][..., :5]
    expected /= expected.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(made["topk_weight"], expected, atol=1e-3)
    kept = np.take_along_axis(dense, made["topk_index"].astype(int), axis=-1)
    np.testing.assert_allclose(kept / kept.sum(-1, keepdims=True), expected, atol=1e-9)
    assert made["topk_index"].dtype == np.uint16 and made["topk_weight"].dtype == np.float16
    np.testing.assert_array_equal(made["label"], quantizer.encode(colors))


def test_too_many_soft_bins_are_refused():
    """A distribution has no more bins than neighbors."""
    with pytest.raises(InputError, match="10 bins"):
        Labeler(ab_lattice(), n_soft=11)


def test_lowpass_is_a_gaussian_and_resampling():
    """Constants stay; waves far below the cutoff frequency pass, waves far above it do not."""
    constant = np.full((40, 50, 2), [3.0, -7.0])
    np.testing.assert_allclose(lowpass(constant, 4), constant, atol=1e-12)
    y = np.arange(128)[:, None, None] + np.zeros((1, 128, 2))
    slow, fast = np.sin(2 * np.pi * y / 128), np.sin(2 * np.pi * y / 4)
    assert np.abs(lowpass(slow, 4) - slow)[16:-16].max() < 0.05
    assert np.abs(lowpass(fast, 4))[16:-16].max() < 0.05
    same = gaussian_filter(slow, (1, 1, 0), mode="nearest")
    np.testing.assert_allclose(lowpass(slow, 1), same, atol=1e-12)
    with pytest.raises(InputError, match="1 or more"):
        lowpass(constant, 0.5)


@pytest.mark.parametrize("quantizer", [ab_lattice(), hue_chroma_grid(64)], ids=["ab", "hc"])
def test_lowpass_merges_regions(quantizer, photograph):
    """Blurred labels have fewer connected regions; lightness and the other plane do not change."""
    plain = labels_of(Labeler(quantizer), photograph)
    blurred = labels_of(Labeler(quantizer, lowpass_factor=4), photograph)

    def regions(bins):
        return sum(label(bins == value)[1] for value in np.unique(bins))

    assert regions(blurred["label"]) < 0.5 * regions(plain["label"])
    np.testing.assert_array_equal(blurred["lightness"], plain["lightness"])
    own, other = ("hc", "ab") if quantizer.space == "hue-chroma" else ("ab", None)
    assert not np.array_equal(blurred[own], plain[own])
    if other:
        np.testing.assert_array_equal(blurred[other], plain[other])
    maps = Labeler(quantizer, lowpass_factor=4).label_map(photograph)
    np.testing.assert_array_equal(maps, blurred["label"])


def test_lowpass_goes_round_the_circle_of_hue():
    """Between two reds on either side of hue 0 there is red, not cyan."""
    image = np.zeros((32, 32, 3), np.uint8)
    image[:, :16] = (255, 0, 30)
    image[:, 16:] = (255, 30, 0)
    quantizer = hue_chroma_grid(64)
    hues = labels_of(Labeler(quantizer, lowpass_factor=4), image)["hc"][..., 0].astype(float) / 256
    assert np.minimum(hues, 1 - hues).max() < 0.05


def test_labelers_can_be_sent(photograph):
    """A labeler can be pickled, and stays small since tables are not sent."""
    labeler = Labeler(ab_lattice(), 2, n_soft=3, keep_rgb=True)
    expected = labels_of(labeler, photograph)
    sent = pickle.dumps(labeler)
    assert len(sent) < 20_000
    for name, array in labels_of(pickle.loads(sent), photograph).items():
        np.testing.assert_array_equal(array, expected[name])
    np.testing.assert_array_equal(expected["rgb"], photograph)
