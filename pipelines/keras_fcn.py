"""Colorization on Keras-FCN, as segmentation and as regression, from a folder of images on.

It counts the prior, smooths it over the 23 x 23 lattice, and computes the 313 x 314 matrix of
weights times soft targets (lambda 0.5, both sigmas 0.5 bins); writes a label map for each image;
and trains the dilated ResNet-50 by four recipes: to find segments, if there are masks, to predict
bins, without and with rebalancing, and to predict ab, from where the segmentation ended.

Unlike there, colors are rounded to bins, not truncated, and the networks end without a softmax.

    python pipelines/keras_fcn.py --dir JPEGImages/ --segments SegmentationClass/ --out keras-fcn
    python pipelines/keras_fcn.py --quick
"""

from pathlib import Path

import numpy as np
from PIL import Image
from running import PHOTOGRAPHS, Pipeline, Quick, Row, parser_of, running, table
from skimage.filters import threshold_otsu
from skimage.segmentation import find_boundaries

from colorprep import QuantizerSpec, ab_lattice, weight_matrix
from colorprep.atomic import replacing
from colorprep.stages import labels, prior

QUICK = Quick(size=48, width=1 / 8)
MASKS = "SegmentationClass"
MATRIX = "color_vec_table.npy"
VOID = 255
FULL, STRIDED = "labels-full", "labels"


def main() -> None:
    """Run the system."""
    parser = parser_of(__doc__, "keras-fcn")
    parser.add_argument("--segments", help="masks of the images: PNGs of VOC's class indices")
    with running(parser, QUICK) as system:
        masks = Path(system.given.segments).resolve() if system.given.segments else None
        if system.quick is not None:
            masks = write_masks(system)
        write_matrix_and_maps(system)
        make_labels(system, masks)
        rows = {} if masks is None else segmentation(system)
        for name, folder in {
            "classification": STRIDED,
            "rebalanced": STRIDED,
            "regression": FULL,
        }.items():
            trained = system.train(f"keras-fcn-{name}", shards=folder)
            loss = trained.best_record.figures["val_loss"]
            rows[f"{name} ({trained.unit})"] = {"loss": loss, **system.evaluate(trained)}
        rows["gray"] = system.evaluate_gray(trained)
        system.shown(table(rows))


def write_matrix_and_maps(system: Pipeline) -> None:
    """Count the prior; write the matrix and, for each image, its bins at native size."""
    at = (system.workspace, system.reporter)
    # At a bin's center, five neighbors at sigma 5 are Keras-FCN's target: the bin and its four
    # neighbors on the lattice.
    spec = QuantizerSpec("ab313", neighbors=5, sigma_ab=5.0)
    counted = prior.run(prior.PriorParams(system.images, spec, smoothing="lattice"), *at).whole
    hard = counted.prior.counts / counted.prior.n_pixels
    matrix = weight_matrix(hard, ab_lattice(), 0.5, lattice_sigma=0.5, neighbor_sigma=0.5)
    path = system.workspace.path(MATRIX)
    np.save(path, matrix)
    weights = matrix.sum(axis=1)
    print(f"{path}: weights {weights.min():.3f} to {weights.max():.3f}")
    maps = labels.run(labels.LabelsParams(system.images, format="npy", output="maps"), *at)
    print(f"{maps.folder}: {maps.n_images} label maps at native size")


def make_labels(system: Pipeline, masks: Path | None) -> None:
    """Label every fourth pixel for bins, and every pixel for ab and segments."""
    size, at = system.size(480), (system.workspace, system.reporter)
    labels.run(labels.LabelsParams(system.images, size=size, stride=4, output=STRIDED), *at)
    every = labels.LabelsParams(system.images, size=size, stride=1, segments=masks, output=FULL)
    labels.run(every, *at)


def segmentation(system: Pipeline) -> dict[str, Row]:
    """Train to find segments; return loss, accuracy and mean IoU of the held-out images."""
    trained = system.train("keras-fcn-segmentation", shards=FULL)
    names = ("val_loss", "val_pixel_accuracy", "val_mean_iou")
    row = {name.removeprefix("val_"): trained.best_record.figures[name] for name in names}
    return {f"segmentation ({trained.unit})": row}


def write_masks(system: Pipeline) -> Path:
    """Write masks of the built-in photographs: dark and light, with a void border in between."""
    photographs, folder = system.workspace.path(PHOTOGRAPHS), system.workspace.own_folder(MASKS)
    for path in photographs.rglob("*.jpg"):
        gray = np.asarray(Image.open(path).convert("L"))
        classes = (gray > threshold_otsu(gray)).astype(np.uint8)
        classes[find_boundaries(classes, mode="inner")] = VOID
        with replacing(folder / path.relative_to(photographs).with_suffix(".png")) as temporary:
            Image.fromarray(classes).save(temporary, "PNG")
    return folder.resolve()


if __name__ == "__main__":
    main()
