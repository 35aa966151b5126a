"""Claims about the figures of a set, and the protocol that defines them."""

import numpy as np
import pytest

from colorprep import ab_lattice, compare_images, soften_probs
from colorprep.metrics.bins import balancing_weights
from colorprep.metrics.protocol import protocol_hash, protocol_line
from colorprep.metrics.summary import summarize


@pytest.fixture(scope="module")
def pairs():
    """Twelve small pictures and their originals, of several sizes; the last two are equal."""
    generator = np.random.default_rng(0)
    made = []
    for number in range(12):
        shape = (12 + number, 15, 3)
        original = generator.integers(0, 256, 3) + generator.integers(-40, 40, shape)
        prediction = original + generator.integers(-25, 26, shape)
        images = [np.clip(image, 0, 255).astype(np.uint8) for image in (prediction, original)]
        made.append((images[1], images[1]) if number == 11 else tuple(images))
    return made


def summary_of(pairs, order=None, probs=None):
    """The summary of pairs, in an order."""
    order = range(len(pairs)) if order is None else order
    compared = [compare_images(*pairs[i]) for i in order]
    columns = {
        name: np.array([getattr(one.metrics, name) for one in compared])
        for name in compared[0].metrics._fields
    }
    keys = [f"{i}.png" for i in order]
    return summarize(keys, columns, [one.bins for one in compared], probs)


def test_figures_are_means_over_images(pairs):
    """A figure is the mean of its column; infinite values are left out and counted."""
    summary = summary_of(pairs)
    for name in ("auc", "ssim", "ciede2000", "mse_ab", "colorfulness", "chroma_ab", "bin_accuracy"):
        found = summary.measured[name]
        assert found.mean == pytest.approx(summary.columns[name].mean())
        assert found.low < found.mean < found.high and found[3:] == (12, 0)
    psnr, values = summary.measured["psnr"], summary.columns["psnr"]
    assert psnr.mean == pytest.approx(values[:11].mean())
    assert np.isinf(values[11]) and (psnr.n, psnr.n_left_out) == (11, 1)


def test_images_in_any_order(pairs):
    """A permutation of the images changes no figure and no interval."""
    order = np.random.default_rng(1).permutation(12).tolist()
    plain, permuted = summary_of(pairs), summary_of(pairs, order)
    assert list(plain.measured) == list(permuted.measured)
    for name, figure in plain.measured.items():
        assert permuted.measured[name] == pytest.approx(figure, rel=1e-9)
    assert plain.n_bins_absent == permuted.n_bins_absent


def test_balanced_auc_is_pooled(pairs):
    """It is the mean of its column, weighted by the weights of the images' pixels."""
    summary = summary_of(pairs)
    column, weight = summary.columns["auc_balanced"], summary.columns["balance_weight"]
    pooled = np.average(column, weights=weight)
    assert summary.measured["auc_balanced"].mean == pytest.approx(pooled)
    assert summary.measured["auc_balanced_per_image"].mean == pytest.approx(column.mean())
    assert summary.measured["auc_balanced"].mean != pytest.approx(column.mean(), rel=1e-4)


def test_balance_is_by_the_prior_that_is_given(pairs):
    """Without a prior the originals' own colors, softened, take its place."""
    shares = sum(compare_images(*pair).bins.dense()[0] for pair in pairs) / 12
    own = soften_probs(shares, ab_lattice().centers)
    assert own.sum() == pytest.approx(1)
    given, default = summary_of(pairs, probs=own), summary_of(pairs)
    assert given.measured["auc_balanced"] == pytest.approx(default.measured["auc_balanced"])
    uniform = summary_of(pairs, probs=np.full(313, 1 / 313)).measured
    assert uniform["auc_balanced"].mean == pytest.approx(uniform["auc"].mean)
    assert balancing_weights(own).max() > 10


def test_both_deltas_of_colorfulness(pairs):
    """The mean of the differences, and the difference of the means, which is never larger."""
    summary = summary_of(pairs)
    for name in ("colorfulness", "colorfulness_abs"):
        predicted, original = summary.columns[name], summary.columns[f"{name}_original"]
        of_images = summary.measured[f"{name}_delta"]
        of_means = summary.measured[f"{name}_delta_of_means"]
        assert of_images.mean == pytest.approx(np.abs(predicted - original).mean())
        assert of_means.mean == pytest.approx(abs(predicted.mean() - original.mean()))
        assert of_means.mean <= of_images.mean
        assert of_means.low <= of_means.mean <= of_means.high


def test_identical_images_score_as_they_should(pairs):
    """Distances are 0, accuracies 1 to the last bit, and PSNR is left out."""
    same = [(original, original) for _, original in pairs]
    measured = summary_of(same).measured
    for name in ("auc", "auc_balanced", "ssim", "bin_accuracy", "mean_bin_accuracy", "mean_iou"):
        assert measured[name][:3] == (1, 1, 1), name
    for name in ("ciede2000", "mse_ab", "colorfulness_delta", "colorfulness_abs_delta_of_means"):
        assert measured[name][:3] == (0, 0, 0), name
    assert measured["psnr"] == (None, None, None, 0, 12)


def test_the_protocol_shows_every_choice():
    """Each choice changes the line and its hash; the same choices give the same."""
    choices = [
        (None, "convert", "apply", "originals", {}),
        (256, "convert", "apply", "originals", {}),
        (None, "ignore", "apply", "originals", {}),
        (None, "convert", "ignore", "originals", {}),
        (None, "convert", "apply", "0123abcd", {}),
        (None, "convert", "apply", "originals", {"alexnet": "0123abcd"}),
        (None, "convert", "apply", "originals", {"inception": "0123abcd"}),
    ]
    lines = [protocol_line(*choice) for choice in choices]
    assert len({protocol_hash(line) for line in lines}) == len(choices)
    assert protocol_line(*choices[0]) == lines[0] and "\n" not in lines[0]
    assert all(line.startswith("colorprep-evaluate/1 ") for line in lines)
    assert all("=" in word for word in lines[-1].split(" ")[1:])
