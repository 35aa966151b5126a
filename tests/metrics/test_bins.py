"""Claims about pixels by bin: agreement, and the balanced AuC."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from colorprep import ab_lattice, rgb_to_lab
from colorprep.metrics.bins import (
    agreement,
    balanced_sums,
    balancing_weights,
    bin_map,
    bin_shares,
    bins_of_cells,
)


@pytest.fixture(scope="module")
def maps():
    """Bins of five images, predicted and true, and distances; of two sizes."""
    generator = np.random.default_rng(0)
    made = []
    for shape in [(8, 9), (8, 9), (20, 4), (20, 4), (20, 4)]:
        original = generator.choice(313, p=generator.dirichlet(np.full(313, 0.05)), size=shape)
        prediction = np.where(generator.random(shape) < 0.6, original, (original + 7) % 313)
        made.append((prediction, original, generator.gamma(2, 30, shape)))
    return made


def test_bins_are_nearest_centers(some_colors):
    """Every color's bin is the nearest of the 313 centers."""
    image = some_colors[:3000].reshape(50, 60, 3)
    ab = rgb_to_lab(image)[..., 1:]
    distance = np.linalg.norm(ab[:, :, None] - ab_lattice().centers, axis=-1)
    assert np.array_equal(bin_map(image, bins_of_cells()), distance.argmin(axis=-1))


def test_agreement_equals_sklearn(maps):
    """All averages are those of a confusion matrix in which every image weighs 1."""
    shares = [bin_shares(*arrays) for arrays in maps]
    found = agreement(sum(image.dense() for image in shares))
    predicted = np.concatenate([prediction.ravel() for prediction, _, _ in maps])
    true = np.concatenate([original.ravel() for _, original, _ in maps])
    weight = np.concatenate([np.full(original.size, 1 / original.size) for _, original, _ in maps])
    matrix = sklearn_metrics.confusion_matrix(true, predicted, sample_weight=weight)
    union = matrix.sum(axis=0) + matrix.sum(axis=1) - matrix.diagonal()
    recall = sklearn_metrics.recall_score(
        true, predicted, average="macro", sample_weight=weight, labels=np.unique(true)
    )
    assert found.mean_accuracy == pytest.approx(recall)
    iou = sklearn_metrics.jaccard_score(
        true, predicted, average="macro", sample_weight=weight, labels=np.union1d(true, predicted)
    )
    assert found.mean_iou == pytest.approx(iou)
    weighted = sklearn_metrics.jaccard_score(
        true, predicted, average="weighted", sample_weight=weight
    )
    assert found.frequency_weighted_iou == pytest.approx(weighted)
    assert found.n_absent == 313 - len(union)


def test_shares_are_shares(maps):
    """The original's and the prediction's shares sum to 1, those of both to the accuracy."""
    for prediction, original, distance in maps:
        image = bin_shares(prediction, original, distance)
        totals = image.shares.sum(axis=1)
        assert totals[:2] == pytest.approx(1)
        assert totals[2] == pytest.approx((prediction == original).mean())
        assert totals[3] == pytest.approx(np.minimum(distance, 150).mean() / 150)
        assert np.array_equal(image.bins, np.union1d(prediction, original))
        assert np.array_equal(image.dense()[:, image.bins], image.shares)


def test_balanced_sums_are_weighted_means_of_pixels(maps):
    """Each pixel counts by the weight of its original's bin."""
    weights = np.random.default_rng(1).gamma(2, 1, 313)
    accuracy, weight = balanced_sums([bin_shares(*arrays) for arrays in maps], weights)
    for i, (_, original, distance) in enumerate(maps):
        pixel_weights = weights[original]
        score = 1 - np.minimum(distance, 150) / 150
        assert accuracy[i] == pytest.approx((pixel_weights * score).mean())
        assert weight[i] == pytest.approx(pixel_weights.mean())


def test_balance_makes_bins_alike():
    """Bins well above the floor count alike, whatever their share; the weights' mean is 1."""
    probs = np.zeros(313)
    probs[[3, 50, 120]] = 0.01, 0.09, 0.9
    weights = balancing_weights(probs)
    assert probs @ weights == pytest.approx(1)
    assert (probs * weights)[[3, 50, 120]] == pytest.approx(1 / 3, rel=1e-3)
    assert np.isfinite(weights).all()


def test_gray_under_published_priors(published):
    """On ImageNet's colors gray has an AuC near the published 89.1%, balanced near 58.0%.

    What floor the authors took is not documented; a uniform share of 0.001 comes near, while
    without any gray would have 54.3%.
    """
    centers, colors = published("pts_in_hull"), published("foamliu_prior_prob")
    prior = published("zhang_prior_probs")
    score = 1 - np.minimum(np.hypot(*centers.T), 150) / 150
    assert colors @ score == pytest.approx(0.8887, abs=1e-4)
    weighted = colors * balancing_weights(prior)
    assert weighted @ score / weighted.sum() == pytest.approx(0.577, abs=1e-3)
    unbounded = colors / prior
    assert unbounded @ score / unbounded.sum() == pytest.approx(0.543, abs=1e-3)
