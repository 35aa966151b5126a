"""Claims about the errors that the CIFAR models and the Places models are measured by."""

import math

import numpy as np
import pytest
from skimage.color import rgb2lab
from skimage.metrics import peak_signal_noise_ratio

from colorprep.metrics.pictures import error_table, picture_errors, psnr_of, summarize_errors


@pytest.fixture(scope="module")
def pairs():
    """Four pairs of pictures and originals of 32 x 32; the last two are equal."""
    pictures = np.random.default_rng(0).integers(0, 256, (4, 2, 32, 32, 3), np.uint8)
    pictures[3, 0] = pictures[3, 1]
    return pictures


def test_errors_of_a_pair(pairs):
    """Means and sums of RGB in [0, 1]; PSNR of 8 bits; ab in 255ths, as skimage computes it."""
    picture, original = pairs[0]
    found = picture_errors(picture, original)
    error = picture / 255.0 - original / 255.0
    assert found.mae == pytest.approx(np.abs(error).mean())
    assert found.l1 == pytest.approx(3072 * found.mae)
    assert found.mse == pytest.approx(np.square(error).mean())
    assert found.l2 == pytest.approx(3072 * found.mse)
    assert found.psnr == pytest.approx(peak_signal_noise_ratio(original, picture))
    ab, ab_original = ((rgb2lab(image)[..., 1:] + 128) / 255 for image in (picture, original))
    assert found.mse_ab == pytest.approx(np.square(ab - ab_original).mean(), rel=1e-3)


def test_published_sums_are_means_of_3072_numbers():
    """The cGAN's mean L1 of 187.784 and L2 of 26.2302 are its MAE, MSE and PSNR."""
    assert round(187.784 / 3072, 5) == 0.06113 and round(26.2302 / 3072, 6) == 0.008538
    assert psnr_of(26.2302 / 3072) == pytest.approx(20.69, abs=0.005)


def test_means_have_standard_errors(pairs):
    """sqrt(var / n) over images; an infinite PSNR is left out and not counted."""
    errors = [picture_errors(*pair) for pair in pairs]
    means = summarize_errors(errors)
    mses = np.array([each.mse_ab for each in errors])
    assert means["mse_ab"].mean == pytest.approx(mses.mean())
    assert means["mse_ab"].standard_error == pytest.approx(mses.std(ddof=1) / 2)
    assert (means["mse_ab"].n, means["psnr"].n) == (4, 3)
    alone = summarize_errors(errors[:1])["mae"]
    assert alone.mean == errors[0].mae and math.isnan(alone.standard_error)


def test_a_table_has_a_row_for_each(pairs):
    """Columns line up, and the PSNR of the mean MSE is beside the mean PSNR."""
    means = summarize_errors([picture_errors(*pair) for pair in pairs])
    header, *rows = error_table({"cgan": means, "gray": means})
    assert header.split() == [
        "mae", "mse", "psnr", "l1", "l2", "psnr", "of", "mse", "mse_ab", "s.e.",
    ]  # fmt: skip
    assert {len(line) for line in (header, *rows)} == {len(header)}
    name, _, mse, _, _, _, pooled, *_ = rows[1].split()
    assert name == "gray"
    assert float(pooled) == pytest.approx(-10 * math.log10(float(mse)), abs=1e-3)
