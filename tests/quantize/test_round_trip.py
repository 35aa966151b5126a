"""Claims about the round trip: the errors of encoding colors and decoding them again."""

import numpy as np
import pytest
from skimage import color

from colorprep import ab_lattice, hue_chroma_bins, hue_chroma_grid, rgb_to_lab
from colorprep.color.hue_chroma import rgb_to_hue_chroma_lightness
from colorprep.quantize.mixture import HueChromaMixture
from colorprep.quantize.round_trip import ENTRIES, round_trip, round_trip_errors

GAUSSIANS = {
    "means": np.array([[0.1, 0.2], [0.5, 0.3], [0.9, 0.6]]),
    "covariances": np.array([[[0.05, 0.01], [0.01, 0.02]]] * 3),
    "mixing": np.array([0.5, 0.3, 0.2]),
}
QUANTIZERS = {
    "ab313": ab_lattice(),
    "ab:3": ab_lattice(3),
    "gmm": HueChromaMixture(**GAUSSIANS),
    "gmm of linear hue": HueChromaMixture(**GAUSSIANS, linear_hue=True),
    "hc-grid": hue_chroma_grid(64),
    "hc-1d": hue_chroma_bins(12),
}


def every_quantizer(function):
    """Run a test for every kind of quantizer."""
    kinds = pytest.mark.parametrize("quantizer", QUANTIZERS.values(), ids=QUANTIZERS)
    return kinds(function)


def plain_round_trip(quantizer, rgb):
    """The same by dense distributions and scikit-image's own Lab."""
    lab = color.rgb2lab(rgb[None])[0]
    hcl = rgb_to_hue_chroma_lightness(rgb)
    colors = lab[:, 1:] if quantizer.space == "ab" else hcl[:, :2]
    probs = quantizer.encode_soft(colors).dense(len(quantizer.centers))
    decoded = [
        quantizer.centers[quantizer.encode(colors)],
        quantizer.decode(probs, "mean"),
        quantizer.decode(probs, "annealed-mean", 0.38),
    ]
    if quantizer.space == "ab":
        return [np.column_stack([lab[:, 0], ab]) for ab in decoded]
    back = []
    for hue, chroma in (pair.T for pair in decoded):
        chroma = np.minimum(chroma, 1 - np.abs(2 * hcl[:, 2] - 1))
        value = hcl[:, 2] + chroma / 2
        saturation = chroma / np.maximum(value, 1e-12)
        hsv = np.column_stack([hue % 1, saturation, value])
        back.append(color.rgb2lab(color.hsv2rgb(hsv[None]))[0])
    return back


@every_quantizer
def test_round_trips_equal_an_independent_computation(quantizer, some_colors):
    """Decoded colors are those of dense distributions, by scikit-image's Lab and HSV."""
    rgb = some_colors[:2000]
    for ours, theirs in zip(
        round_trip(quantizer, rgb), plain_round_trip(quantizer, rgb), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_lightness_is_kept(some_colors):
    """Quantizers of ab keep Lab's lightness to the bit."""
    rgb = some_colors[:500]
    for lab in round_trip(ab_lattice(), rgb):
        np.testing.assert_array_equal(lab[:, 0], rgb_to_lab(rgb)[:, 0])


@every_quantizer
def test_errors_are_ciede2000(quantizer, some_colors):
    """Errors are scikit-image's CIEDE2000 between a color and its decoded one."""
    rgb = some_colors[:500]
    lab = color.rgb2lab(rgb[None])[0]
    errors = round_trip_errors(quantizer, rgb)
    for values, back in zip(errors, round_trip(quantizer, rgb), strict=True):
        np.testing.assert_allclose(values, color.deltaE_ciede2000(lab, back), atol=1e-5)


def test_centers_come_back():
    """Grays lie on a center of the 313 bins, so hard decoding hardly changes them."""
    grays = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    assert round_trip_errors(ab_lattice(), grays).hard.max() < 0.02


def test_finer_and_softer_is_better(some_colors):
    """A finer lattice has smaller errors, and the mean of soft labels smaller than bin centers."""
    coarse, fine = (round_trip_errors(ab_lattice(step), some_colors[:5000]) for step in (10, 3))
    assert fine.hard.mean() < coarse.hard.mean() / 2
    assert coarse.soft.mean() < coarse.annealed.mean() < coarse.hard.mean()


def test_any_number_of_colors(some_colors):
    """More colors than one batch come back as each of them does alone."""
    quantizer = ab_lattice(2)
    rgb = some_colors[:2000]
    assert len(rgb) * len(quantizer.centers) > 2 * ENTRIES
    whole = round_trip_errors(quantizer, rgb).soft
    parts = [round_trip_errors(quantizer, rgb[i : i + 1]).soft[0] for i in range(0, 2000, 50)]
    np.testing.assert_allclose(whole[::50], parts, rtol=1e-9)
