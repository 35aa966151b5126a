"""Claims about the measured colors of predictions: they agree with other libraries."""

import colorsys

import numpy as np
import pytest
import torch
from batches import made_up_batch, quantizer_of
from skimage.color import lab2rgb, rgb2lab

from colorprep.training.judging.chroma import ChromaGauge
from colorprep.training.losses.pixel_losses import LossOptions
from colorprep.training.losses.terms import make_term
from colorprep.training.models.outputs import AB_UNIT


def measured(quantizer, outputs, meaning, batch, gray="keep", n_images=None, stride=4):
    """The figures of one batch."""
    weights = make_term("soft-ce", quantizer, LossOptions(gray=gray)).pixel_weights
    gauge = ChromaGauge(quantizer, meaning, stride, weights, n_images or len(outputs))
    gauge.add(outputs, batch)
    return gauge.figures(gauge.sums())


def figures_of(ab):
    """Chroma and spread of colors (n, 2), by numpy."""
    return np.hypot(*ab.T).mean(), np.sqrt(ab.var(axis=0).sum())


def test_figures_of_a_regression():
    """Mean chroma and spread of all predicted and original ab colors."""
    batch = made_up_batch(313, n=3, side=16, stride=4)
    outputs = torch.randn(3, 2, 16, 16, generator=torch.Generator().manual_seed(0)) / 4
    figures = measured(quantizer_of("ab313"), outputs, "ab", batch)
    predicted = AB_UNIT * outputs.movedim(1, -1).double().numpy().reshape(-1, 2)
    truth = batch["ab"].numpy().reshape(-1, 2) + 0.5
    expected = [*figures_of(predicted), *figures_of(truth)]
    names = ["val_chroma", "val_spread", "val_chroma_truth", "val_spread_truth"]
    assert [figures[name] for name in names] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("kind", ["ab313", "gmm", "hc-1d"])
def test_a_certain_network_has_the_color_of_its_bin(kind):
    """Hue and chroma are converted to Lab at the pixel's lightness, as by colorsys and skimage."""
    quantizer, batch = quantizer_of(kind), made_up_batch(16, n=1, side=16, stride=4)
    batch["lightness"][:] = 128
    chosen = 7
    outputs = torch.zeros(1, len(quantizer.centers), 16, 16)
    outputs[:, chosen] = 100.0
    center = quantizer.centers[chosen]
    if quantizer.space == "hue-chroma":
        gray = lab2rgb([[[128 / 2.55, 0.0, 0.0]]])[0, 0].mean()
        saturation = min(1.0, center[1] / (1 - abs(2 * gray - 1)))
        center = rgb2lab([[colorsys.hls_to_rgb(center[0], gray, saturation)]])[0, 0, 1:]
    figures = measured(quantizer, outputs, "bins", batch)
    assert figures["val_chroma"] == pytest.approx(np.hypot(*center), rel=2e-3)
    assert figures["val_spread"] == pytest.approx(0, abs=1e-4)


def test_only_pixels_that_count_are_measured():
    """Masked gray images and ignored pixels are left out; without others, there are no figures."""
    batch = made_up_batch(313, n=2, side=16, stride=4)
    batch["ab"][0] = 0
    batch["label"][1, 8:] = 65535
    outputs = torch.zeros(2, 2, 16, 16)
    figures = measured(quantizer_of("ab313"), outputs, "ab", batch, gray="mask")
    truth = batch["ab"][1, :8].numpy().reshape(-1, 2) + 0.5
    assert figures["val_chroma_truth"] == pytest.approx(figures_of(truth)[0])
    batch["ab"][:] = 0
    assert measured(quantizer_of("ab313"), outputs, "ab", batch, gray="mask") == {}


def test_few_images_and_pixels_are_measured():
    """Every n-th image, and at most 16 x 16 pixels of each, whatever the batch size."""
    quantizer = quantizer_of("ab313")
    weights = make_term("soft-ce", quantizer, LossOptions(gray="keep")).pixel_weights
    batch = made_up_batch(313, n=100, side=20, stride=1)
    outputs = torch.zeros(100, 2, 20, 20)
    for size in (100, 7):
        gauge = ChromaGauge(quantizer, "ab", 1, weights, 1000)  # 1 in 16
        for start in range(0, 100, size):
            part = {name: rows[start : start + size] for name, rows in batch.items()}
            gauge.add(outputs[start : start + size], part)
        sums = gauge.sums()
        assert sums[0] == 7 * 10 * 10
        truth = batch["ab"][::16, ::2, ::2].numpy().reshape(-1, 2) + 0.5
        assert gauge.figures(sums)["val_chroma_truth"] == pytest.approx(figures_of(truth)[0])
