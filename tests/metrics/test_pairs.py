"""Claims about the figures of one pair of images."""

import math

import numpy as np
import pytest
from skimage.metrics import mean_squared_error

from colorprep import InputError, color_scores, compare_images, rgb_to_lab
from colorprep.metrics.pairs import ciede2000, psnr, raw_accuracy, ssim

# Sharma, Wu, Dalal 2005, table 1: two colors in Lab, and their difference.
SHARMA = np.array(
    """
    50.0000   2.6772 -79.7751  50.0000   0.0000 -82.7485   2.0425
    50.0000   3.1571 -77.2803  50.0000   0.0000 -82.7485   2.8615
    50.0000   2.8361 -74.0200  50.0000   0.0000 -82.7485   3.4412
    50.0000  -1.3802 -84.2814  50.0000   0.0000 -82.7485   1.0000
    50.0000  -1.1848 -84.8006  50.0000   0.0000 -82.7485   1.0000
    50.0000  -0.9009 -85.5211  50.0000   0.0000 -82.7485   1.0000
    50.0000   0.0000   0.0000  50.0000  -1.0000   2.0000   2.3669
    50.0000  -1.0000   2.0000  50.0000   0.0000   0.0000   2.3669
    50.0000   2.4900  -0.0010  50.0000  -2.4900   0.0009   7.1792
    50.0000   2.4900  -0.0010  50.0000  -2.4900   0.0010   7.1792
    50.0000   2.4900  -0.0010  50.0000  -2.4900   0.0011   7.2195
    50.0000   2.4900  -0.0010  50.0000  -2.4900   0.0012   7.2195
    50.0000  -0.0010   2.4900  50.0000   0.0009  -2.4900   4.8045
    50.0000  -0.0010   2.4900  50.0000   0.0010  -2.4900   4.8045
    50.0000  -0.0010   2.4900  50.0000   0.0011  -2.4900   4.7461
    50.0000   2.5000   0.0000  50.0000   0.0000  -2.5000   4.3065
    50.0000   2.5000   0.0000  73.0000  25.0000 -18.0000  27.1492
    50.0000   2.5000   0.0000  61.0000  -5.0000  29.0000  22.8977
    50.0000   2.5000   0.0000  56.0000 -27.0000  -3.0000  31.9030
    50.0000   2.5000   0.0000  58.0000  24.0000  15.0000  19.4535
    50.0000   2.5000   0.0000  50.0000   3.1736   0.5854   1.0000
    50.0000   2.5000   0.0000  50.0000   3.2972   0.0000   1.0000
    50.0000   2.5000   0.0000  50.0000   1.8634   0.5757   1.0000
    50.0000   2.5000   0.0000  50.0000   3.2592   0.3350   1.0000
    60.2574 -34.0099  36.2677  60.4626 -34.1751  39.4387   1.2644
    63.0109 -31.0961  -5.8663  62.8187 -29.7946  -4.0864   1.2630
    61.2901   3.7196  -5.3901  61.4292   2.2480  -4.9620   1.8731
    35.0831 -44.1164   3.7933  35.0232 -40.0716   1.5901   1.8645
    22.7233  20.0904 -46.6940  23.0331  14.9730 -42.5619   2.0373
    36.4612  47.8580  18.3852  36.2715  50.5065  21.2231   1.4146
    90.8027  -2.0831   1.4410  91.1528  -1.6435   0.0447   1.4441
    90.9257  -0.5406  -0.9208  88.6381  -0.8985  -0.7239   1.5381
     6.7747  -0.2908  -2.4247   5.8714  -0.0985  -2.2286   0.6377
     2.0776   0.0795  -1.1350   0.9033  -0.0636  -0.5514   0.9082
    """.split(),
    np.float64,
).reshape(34, 7)


@pytest.fixture
def pair():
    """A colorful image and another one like it."""
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[0:40, 0:56]
    original = np.stack([rows * 6, columns * 4, 250 - rows * 3 - columns], axis=-1)
    noisy = original + generator.integers(-30, 31, original.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8), original.astype(np.uint8)


def gray_of(image):
    """Neutral gray of the same luma."""
    luma = np.rint(image @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
    return np.repeat(luma[..., None], 3, axis=-1)


@pytest.mark.parametrize("row", SHARMA, ids=lambda row: f"{row[6]:.4f}")
def test_ciede2000_of_published_pairs(row):
    """Sharma's 34 pairs have their published differences, either way round."""
    first, second = row[:3], row[3:6]
    assert ciede2000(first[None], second[None]) == pytest.approx(row[6], abs=5e-5)
    assert ciede2000(second[None], first[None]) == pytest.approx(row[6], abs=5e-5)


def test_gray_has_the_auc_of_the_originals_chroma(pair):
    """AuC of a gray prediction is 1 - mean(min(|ab|, 150)) / 150 of the original."""
    _, original = pair
    ab = rgb_to_lab(original)[..., 1:]
    expected = 1 - np.minimum(np.linalg.norm(ab, axis=-1), 150).mean() / 150
    found = compare_images(gray_of(original), original).metrics
    assert found.auc == pytest.approx(expected, abs=1e-4)  # 8-bit gray is not quite neutral
    assert found.colorfulness == found.colorfulness_abs == 0
    assert found.chroma_ab < 0.01


def test_identical_images(pair):
    """Identical images score 0, infinity and 1."""
    metrics, bins = compare_images(pair[1], pair[1])
    assert metrics.ciede2000 == metrics.mse_ab == 0
    assert metrics.psnr == math.inf
    assert metrics.auc == metrics.ssim == metrics.bin_accuracy == 1
    assert np.array_equal(bins.shares[0], bins.shares[2]) and not bins.shares[3].any()


@pytest.mark.parametrize("name", ["auc", "psnr", "ssim", "ciede2000", "mse_ab", "bin_accuracy"])
def test_distances_are_symmetric(pair, name):
    """What compares two images does not ask which is the original."""
    there, back = compare_images(*pair).metrics, compare_images(*pair[::-1]).metrics
    assert getattr(there, name) == pytest.approx(getattr(back, name), rel=1e-12)


def test_what_is_of_one_image_changes_sides(pair):
    """Colorfulness and chroma are of the prediction and of the original, and kept apart."""
    there, back = compare_images(*pair).metrics, compare_images(*pair[::-1]).metrics
    for name in ("colorfulness", "colorfulness_abs", "chroma_ab"):
        assert getattr(there, name) == getattr(back, f"{name}_original")
    assert there.colorfulness == color_scores(pair[0]).colorfulness
    assert there.colorfulness_abs_original == color_scores(pair[1]).colorfulness_abs


def test_auc_is_the_integral_over_thresholds():
    """The closed form is the limit of finer and finer sums over thresholds."""
    distance = np.random.default_rng(0).gamma(2, 20, 5000)
    distance[:3] = 0, 150, 400
    thresholds = np.linspace(0, 150, 20_001)
    shares = np.searchsorted(np.sort(distance), thresholds, side="right") / len(distance)
    assert raw_accuracy(distance) == pytest.approx(np.trapezoid(shares, thresholds) / 150, abs=1e-4)


def test_psnr_and_ssim_equal_torchmetrics(pair):
    """Another library has the same PSNR, and the same map of SSIM within its border."""
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchmetrics.functional.image")
    first, second = (torch.from_numpy(x.astype(np.float64)).movedim(-1, 0)[None] for x in pair)
    expected = functional.peak_signal_noise_ratio(first, second, data_range=255.0)
    assert psnr(*pair) == pytest.approx(float(expected), abs=1e-5)
    _, whole = functional.structural_similarity_index_measure(
        first, second, sigma=1.5, data_range=255.0, return_full_image=True
    )
    assert ssim(*pair) == pytest.approx(float(whole[..., 5:-5, 5:-5].mean()), abs=1e-9)


def test_mse_ab_equals_skimage(pair):
    """It is the mean squared error of (ab + 128) / 255."""
    ours = [(rgb_to_lab(image)[..., 1:] + 128) / 255 for image in pair]
    assert compare_images(*pair).metrics.mse_ab == pytest.approx(mean_squared_error(*ours))


def test_ssim_of_images_smaller_than_its_window_is_not_defined():
    """Below 11 pixels there is no value, and no error."""
    small = np.zeros((10, 40, 3), np.uint8)
    assert math.isnan(compare_images(small, small).metrics.ssim)
    large = np.zeros((11, 40, 3), np.uint8)
    assert compare_images(large, large).metrics.ssim == 1


@pytest.mark.parametrize(
    ("prediction", "message"),
    [
        (np.zeros((4, 5, 3), np.uint8), "different sizes"),
        (np.zeros((4, 4, 3), np.float32), "float32"),
        (np.zeros((4, 4), np.uint8), r"\(4, 4\)"),
        (np.zeros((0, 4, 3), np.uint8), r"\(0, 4, 3\)"),
    ],
)
def test_what_cannot_be_compared_is_refused(prediction, message):
    """Two images must be uint8 RGB of one size."""
    with pytest.raises(InputError, match=message):
        compare_images(prediction, np.zeros((4, 4, 3), np.uint8))
