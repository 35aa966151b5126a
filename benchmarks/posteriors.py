"""Posteriors of a mixture beside scikit-learn's: ``python benchmarks/posteriors.py``.

A mixture of 32 components, 500,000 points: `HueChromaMixture.posterior` and ``predict_proba``, in
turn, in one process.
"""

from __future__ import annotations

import time

import numpy as np
from intervals import median_interval
from sklearn.mixture import GaussianMixture

from colorprep.quantize.mixture import HueChromaMixture

ROUNDS = 7
STATED = 20


def main() -> None:
    """Measure and print."""
    generator = np.random.default_rng(0)
    fit = GaussianMixture(32, random_state=0, max_iter=10).fit(generator.normal(size=(20_000, 2)))
    ours = HueChromaMixture(fit.means_, fit.covariances_, fit.weights_, linear_hue=True)
    points = generator.normal(size=(500_000, 2))
    ours.posterior(points[:1000])
    ratios = []
    for _ in range(ROUNDS):
        times = []
        for function in (fit.predict_proba, ours.posterior):
            begun = time.perf_counter()
            function(points)
            times.append(time.perf_counter() - begun)
        ratios.append(times[0] / times[1])
    print(f"speed / scikit-learn's: {median_interval(ratios).text}, stated {STATED}")


if __name__ == "__main__":
    main()
