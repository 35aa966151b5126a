"""The Places models of image-colorization, from a folder of images on.

It labels images of two sizes with their pixels, trains six models by their recipes (a ResNet
encoder, U-Nets for 32 and 224 pixels, both also against the critics of Nazeri et al., and a GAN of
RGB), and compares their pictures of held-out images, and gray ones, with the originals. The measure
that was published is the mean squared error of (ab + 128) / 255, `mse_ab`, with its standard error.

    python pipelines/places_models.py --dir train/ --out places-models
    python pipelines/places_models.py --quick
"""

from running import Quick, parser_of, running

from colorprep.metrics.pictures import error_table
from colorprep.stages import labels
from colorprep.training.recipes import recipe_of

# At a width of 1/16, torch 2.13 may crash in the backward pass of a 1x1 convolution of 4 channels.
QUICK = Quick(size=224, width=1 / 8, batch_size=2, steps=2)
MODELS = (
    "places-resnet",
    "places-unet32",
    "places-unet224",
    "places-cgan",
    "places-nazeri32",
    "places-nazeri224",
)


def main() -> None:
    """Run the system."""
    parser = parser_of(__doc__, "places-models")
    parser.add_argument("--only", nargs="+", choices=MODELS, default=MODELS, help="of the models")
    with running(parser, QUICK) as system:
        rows = {}
        for recipe in system.given.only:
            size = system.size(32 if recipe_of(recipe).size == 32 else 256)
            folder = f"labels-{size}"
            params = labels.LabelsParams(
                system.images, size=size, stride=1, keep="rgb", output=folder
            )
            labels.run(params, system.workspace, system.reporter)
            trained = system.train(recipe, shards=folder)
            errors = system.picture_errors(trained, folder)
            rows |= {recipe: errors[recipe], f"gray at {size} pixels": errors["gray"]}
        system.shown(error_table(rows))


if __name__ == "__main__":
    main()
