"""Keras-FCN's colorization as segmentation, with rebalanced colors, on the public API.

The steps of that project: count the hard prior of a folder, smooth it over the 23 x 23 lattice,
compute the 313 x 314 matrix of weights times soft targets (lambda 0.5, both sigmas 0.5 bins), write
one label map per image, and train with the matrix as the loss. Unlike there, colors are rounded to
bins instead of truncated, the network outputs logits without a softmax layer, and the network is
colorprep's `small` instead of a dilated ResNet-50.

    python pipelines/keras_fcn_rebalanced.py --dir train/ --out keras-fcn
    python pipelines/keras_fcn_rebalanced.py --epochs 2        # on the built-in photographs
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
    """Prints notes and warnings to stderr."""

    def note(self, message: str) -> None:
        """Print a note."""
        print(message, file=sys.stderr)

    warn = note


def main() -> None:
    """Run the chain."""
    parser = argparse.ArgumentParser(description="Keras-FCN, rebalanced.")
    parser.add_argument("--dir", type=Path, help="folder of images [the built-in photographs]")
    parser.add_argument(
        "--out", type=Path, default=Path("keras-fcn"), help="new folder [keras-fcn]"
    )
    parser.add_argument("--epochs", type=int, default=30)
    given = parser.parse_args()
    given.out.mkdir(parents=True)
    space, reporter = Workspace(given.out), Printer()
    if given.dir is None:
        sample.run(sample.SampleParams("photos"), space, reporter)
    images = ImageParams("photos" if given.dir is None else given.dir.resolve())

    # At a bin's center, five neighbors at sigma 5 are Keras-FCN's target: the bin and its four
    # neighbors on the lattice.
    spec = QuantizerSpec("ab313", neighbors=5, sigma_ab=5.0)
    counted = prior.run(prior.PriorParams(images, spec, smoothing="lattice"), space, reporter).whole
    hard = counted.prior.counts / counted.prior.n_pixels
    matrix = weight_matrix(hard, ab_lattice(), 0.5, lattice_sigma=0.5, neighbor_sigma=0.5)
    np.save(given.out / "color_vec_table.npy", matrix)
    rows = matrix.sum(axis=1)
    print(f"{given.out}/color_vec_table.npy: weights {rows.min():.3f} to {rows.max():.3f}")

    maps = labels.run(labels.LabelsParams(images, format="npy", output="maps"), space, reporter)
    print(f"{maps.folder}: {maps.n_images} label maps at native size")

    labels.run(labels.LabelsParams(images), space, reporter)
    params = TrainParams.of(loss="matrix", epochs=given.epochs, output="run")
    result = train.run(params, space, reporter)
    print(f"{result.best}: step {result.best_record.step}; look at {result.picture}")


if __name__ == "__main__":
    main()
