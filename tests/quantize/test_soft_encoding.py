"""Claims about soft-encoding."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.spatial import cKDTree

from colorprep import InputError, ab_lattice, rgb_to_lab, soft_encode, soft_table
from colorprep.quantize.tables import ab_cells


def twin(points, centers, neighbors, sigma):
    """Soft-encoding in plain numpy, dense."""
    squared = ((points[:, None] - centers[None]) ** 2).sum(axis=-1)
    order = np.lexsort([np.broadcast_to(np.arange(len(centers)), squared.shape), squared], axis=-1)
    kept = order[:, :neighbors]
    weight = np.exp(-np.take_along_axis(squared, kept, axis=1) / (2 * sigma**2))
    dense = np.zeros(squared.shape)
    np.put_along_axis(dense, kept, weight / weight.sum(axis=1, keepdims=True), axis=1)
    return dense


@pytest.mark.parametrize("neighbors", [1, 5, 10])
def test_equals_numpy_twin(neighbors, some_colors):
    """The loop equals plain numpy, ties included."""
    centers = ab_lattice().centers
    points = np.concatenate(
        [rgb_to_lab(some_colors[:2000])[:, 1:], np.mgrid[-9.5:10:1, -9.5:10:1].reshape(2, -1).T]
    )
    soft = soft_encode(points, centers, neighbors)
    np.testing.assert_allclose(
        soft.dense(len(centers)), twin(points, centers, neighbors, 5.0), atol=1e-12
    )


def test_neighbors_are_those_of_a_search_tree(some_colors):
    """The k nearest centers are at the distances found by a k-d tree."""
    centers = ab_lattice().centers
    points = rgb_to_lab(some_colors)[:, 1:]
    distance, _ = cKDTree(centers).query(points, k=10)
    chosen = centers[soft_encode(points, centers).bins]
    np.testing.assert_allclose(np.linalg.norm(chosen - points[:, None], axis=-1), distance)


@pytest.mark.parametrize(("neighbors", "limit"), [(10, 0.45), (5, 0.72)])
def test_expectation(neighbors, limit, all_colors):
    """Weights sum to 1 and their mean is near the true ab, for every 31st 8-bit color."""
    quantizer = ab_lattice(neighbors=neighbors)

    def worst(colors):
        ab = rgb_to_lab(colors)[:, 1:]
        soft = quantizer.encode_soft(ab)
        mean = np.einsum("nk,nkc->nc", soft.weights, quantizer.centers[soft.bins])
        return (
            np.linalg.norm(mean - ab, axis=1).max(),
            np.abs(soft.weights.sum(axis=1) - 1).max(),
        )

    with ThreadPoolExecutor() as threads:
        errors = np.array(list(threads.map(worst, np.array_split(all_colors[::31], 16))))
    assert errors[:, 0].max() < limit
    assert errors[:, 1].max() < 1e-12


def test_expectation_through_the_table(all_colors):
    """Looked up by cell, the mean is still near the true ab, for every seventh 8-bit color."""
    colors, cells = all_colors[::7], ab_cells()[::7]
    means, worst = {}, {10: 0.0, 5: 0.0}
    for neighbors in worst:
        quantizer = ab_lattice(neighbors=neighbors)
        table = soft_table(quantizer)
        means[neighbors] = np.einsum("nk,nkc->nc", table.weights, quantizer.centers[table.bins])
    for start in range(0, len(colors), 1 << 20):
        part = slice(start, start + (1 << 20))
        ab = rgb_to_lab(colors[part])[:, 1:]
        for neighbors in worst:
            error = np.linalg.norm(means[neighbors][cells[part]] - ab, axis=1).max()
            worst[neighbors] = max(worst[neighbors], error)
    assert worst[10] < 1.07 and worst[5] < 1.36


def test_far_colors_stay_finite():
    """A color far from every center is encoded without a division by zero."""
    soft = soft_encode(np.array([[1e4, -1e4]]), ab_lattice().centers)
    np.testing.assert_allclose(soft.weights.sum(), 1)


@pytest.mark.parametrize(("neighbors", "sigma"), [(0, 5), (314, 5), (10, 0), (10, -1)])
def test_wrong_parameters_are_refused(neighbors, sigma):
    """Neighbors and sigma out of range are rejected."""
    with pytest.raises(InputError):
        soft_encode(np.zeros((1, 2)), ab_lattice().centers, neighbors, sigma)
    with pytest.raises(InputError):
        ab_lattice(10, neighbors, sigma)
