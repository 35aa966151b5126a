"""Claims about intervals of proportions."""

import numpy as np
import pytest

from colorprep.metrics.proportions import over_images, over_runs


@pytest.mark.parametrize(("n_right", "n"), [(0, 5), (9, 10), (10, 10), (413, 1000)])
def test_over_images(n_right, n):
    """The ends are the proportions whose test by the normal distribution just does not reject."""
    found, z = over_images(n_right, n), 1.959963984540054
    assert (found.value, found.n) == (n_right / n, n)
    assert 0.0 <= found.low <= found.value <= found.high <= 1.0
    for end in {found.low, found.high} - {0.0, 1.0}:
        assert abs(end - found.value) == pytest.approx(z * np.sqrt(end * (1 - end) / n))


def test_over_runs():
    """Student's quantile of one degree of freedom is 12.7; ends stay within 0 and 1."""
    found = over_runs([0.50, 0.52])
    assert found.value == pytest.approx(0.51)
    assert found.high - found.value == pytest.approx(12.7062 * 0.01, rel=1e-5)
    assert over_runs([0.1, 0.9])[1:] == (0.0, 1.0, 2)
