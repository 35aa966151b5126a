"""The CIFAR models of dl-project-colorization, from the images of CIFAR-10 on.

It labels 32 x 32 images with their pixels and classes, trains five models by their recipes (an
autoencoder, a U-Net, fusion with the class, fusion with the outputs of a classifier, and a
conditional GAN), and compares their pictures of the test images, and gray ones, with the originals
and with the published figures.

The images are in train/<class>/ and test/<class>/, of a folder or an archive.

    python pipelines/cifar_models.py --dir cifar10.tar.gz --out cifar-models
    python pipelines/cifar_models.py --quick
"""

import math

from running import Pipeline, Quick, parser_of, running

from colorprep.errors import ColorprepError
from colorprep.metrics.pictures import PictureErrors, error_table, summarize_errors
from colorprep.stages import labels

QUICK = Quick(size=32, width=1 / 8, held_out="test")
CLASSIFIER = "cifar-fusion-classifier"
MODELS = ("cifar-autoencoder", "cifar-unet", "cifar-fusion-label", CLASSIFIER, "cifar-cgan")
# After 50 epochs, of the 10,000 test images.
PUBLISHED = PictureErrors(0.06113, 0.008538, math.nan, 187.784, 26.2302, math.nan)


def main() -> None:
    """Run the system."""
    parser = parser_of(__doc__, "cifar-models", held_out="test/")
    parser.add_argument("--only", nargs="+", choices=MODELS, default=MODELS, help="of the models")
    with running(parser, QUICK) as system:
        rows = {}
        for recipe in system.given.only:
            folder = labels_for(recipe, system)
            if folder is not None:
                trained = system.train(recipe, shards=folder)
                rows |= system.picture_errors(trained, folder)
        gray = rows.pop("gray")
        rows |= {"published cGAN": summarize_errors([PUBLISHED]), "gray": gray}
        system.shown(error_table(rows))


def labels_for(recipe: str, system: Pipeline) -> str | None:
    """Return the folder of the labels of a recipe; None if the classifier is not installed."""
    folder = "labels-features" if recipe == CLASSIFIER else "labels"
    params = labels.LabelsParams(
        system.images,
        size=32,
        stride=1,
        keep="rgb",
        class_from="parent",
        features="classifier" if recipe == CLASSIFIER else None,
        output=folder,
    )
    try:
        labels.run(params, system.workspace, system.reporter)
    except ColorprepError as error:
        if type(error) is not ColorprepError:  # not a missing package
            raise
        system.reporter.warn(f"{recipe} is left out: {error}")
        return None
    return folder


if __name__ == "__main__":
    main()
