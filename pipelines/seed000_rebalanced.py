"""Colorization as segmentation, class-rebalanced: the chain of seed 000 on the public API.

What that project did in Keras, step by step: count the hard prior of a folder, smooth it over the
23 x 23 lattice, make the 313 x 314 matrix of weights times soft targets (lambda 0.5, sigma 0.5 and
0.5 in bins), write one label map an image, and train with the rebalanced loss. Here bins are
rounded, not truncated, and the network gives logits, not probabilities put through another softmax.

    python pipelines/seed000_rebalanced.py --dir train/ --out runs/seed000
    python pipelines/seed000_rebalanced.py --epochs 2        # on the built-in photographs
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from colorprep import QuantizerSpec, Reporter, Workspace, ab_lattice, weight_matrix
from colorprep.stages import labels, prior, sample, train
from colorprep.stages.source import ImageParams
from colorprep.stages.train.params import TrainParams


class Printer(Reporter):
    """Prints notes and warnings."""

    def note(self, message: str) -> None:
        """Print a note."""
        print(message, file=sys.stderr)

    warn = note


def main() -> None:
    """Run the chain."""
    parser = argparse.ArgumentParser(description="Seed 000's rebalanced chain.")
    parser.add_argument("--dir", type=Path, help="folder of images [the built-in photographs]")
    parser.add_argument("--out", type=Path, default=Path("seed000"), help="new folder [seed000]")
    parser.add_argument("--epochs", type=int, default=30)
    given = parser.parse_args()
    given.out.mkdir(parents=True)
    space, reporter = Workspace(given.out), Printer()
    if given.dir is None:
        sample.run(sample.SampleParams("photos"), space, reporter)
    images = ImageParams("photos" if given.dir is None else given.dir.resolve())

    # Five neighbors at sigma 5: at a bin's center, seed 000's target on the bin and its neighbors.
    spec = QuantizerSpec("ab313", neighbors=5, sigma_ab=5.0)
    counted = prior.run(prior.PriorParams(images, spec, smoothing="lattice"), space, reporter).whole
    shares = counted.prior.counts / counted.prior.n_pixels
    matrix = weight_matrix(shares, ab_lattice(), 0.5, lattice_sigma=0.5, neighbor_sigma=0.5)
    np.save(given.out / "color_vec_table.npy", matrix)
    rows = matrix.sum(axis=1)
    print(f"{given.out}/color_vec_table.npy: weights from {rows.min():.3f} to {rows.max():.3f}")

    maps = labels.run(labels.LabelsParams(images, format="npy", output="maps"), space, reporter)
    print(f"{maps.folder}: {maps.n_images} label maps at native size")

    labels.run(labels.LabelsParams(images), space, reporter)
    params = TrainParams.of(loss="matrix", epochs=given.epochs, output="run")
    result = train.run(params, space, reporter)
    print(f"{result.best}: step {result.best_record.step}; look at {result.picture}")


if __name__ == "__main__":
    main()
