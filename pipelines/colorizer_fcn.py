"""colorizer-fcn, from a folder of images on.

It ranks the images by colorfulness and takes the most colorful ones, fits a Gaussian mixture of hue
and chroma to them, labels them with blurred color, and trains FCN-32s, then from it FCN-16s, then
from it FCN-8s. It does the same with a uniform grid of bins, and trains FCN-32s with separate bins
of hue and chroma.

The originals kept the checkpoint of the worst validation loss; here it is the best.

    python pipelines/colorizer_fcn.py --dir train/ --range 1000-101000 --out colorizer-fcn
    python pipelines/colorizer_fcn.py --quick
"""

from dataclasses import dataclass, replace

import torch
from running import Pipeline, Quick, Row, parser_of, running, table

from colorprep import QuantizerSpec, find_images
from colorprep.quantize.labeling import IGNORE
from colorprep.stages import labels, prior, rgbvar
from colorprep.stages.rgbvar.params import parse_ranks
from colorprep.stages.source import ImageParams
from colorprep.stages.train import TrainResult
from colorprep.training.devices import choose_device, on_device
from colorprep.training.judging.segments import SegmentGauge
from colorprep.training.models import run_network
from colorprep.training.models.outputs import HEADS

QUICK = Quick(size=32, width=1 / 32, batch_size=2, steps=2)
QUICK_BINS = 4


@dataclass(frozen=True)
class Bins:
    """A kind of bins, the blur of labels in pixels, and the recipes that are for them, in order."""

    spec: QuantizerSpec
    lowpass: float | None
    recipes: tuple[str, ...]


BINS = {
    "gmm": Bins(QuantizerSpec("gmm", 16, linear_hue=True), 8.0, ("32s", "16s", "8s")),
    "uniform": Bins(QuantizerSpec("hc-grid", 256), 4.0, ("32s-uniform",)),
    "one-hot": Bins(QuantizerSpec("hc-1d", 32), None, ("32s-one-hot",)),
}


def main() -> None:
    """Run the system."""
    parser = parser_of(__doc__, "colorizer-fcn")
    parser.add_argument(
        "--range",
        type=parse_ranks,
        metavar="START-END",
        help="ranks of colorfulness to train on [the more colorful half; published: 1000-101000]",
    )
    with running(parser, QUICK) as system:
        images, rows = colorful_images(system), {}
        for name, bins in BINS.items():
            make_labels(system, images, name, bins)
            for recipe in bins.recipes:
                trained = system.train(f"colorizer-fcn-{recipe}", shards=f"labels-{name}")
                rows[recipe] = scores(system, trained, f"labels-{name}")
        system.shown(table(rows))


def colorful_images(system: Pipeline) -> ImageParams:
    """Rank the images; return the most colorful ones."""
    n_images = len(find_images(system.workspace.path(system.images.folder)).keys)
    ranks = system.given.range or (1, -(-n_images // 2))
    params = rgbvar.RgbvarParams(system.images, ranks=ranks)
    ranked = rgbvar.run(params, system.workspace, system.reporter)
    print(f"{ranked.range_path}: the {ranked.n_in_range} images to train on")
    return replace(system.images, list=system.workspace.shown(ranked.range_path))


def make_labels(system: Pipeline, images: ImageParams, name: str, bins: Bins) -> None:
    """Count the colors of images, fit bins to them, and label every pixel."""
    at = (system.workspace, system.reporter)
    spec = bins.spec if system.quick is None else replace(bins.spec, components=QUICK_BINS)
    counted = prior.run(prior.PriorParams(images, spec, name=name), *at).whole
    params = labels.LabelsParams(
        images,
        system.workspace.shown(counted.path),
        size=system.size(256),
        stride=1,
        lowpass=bins.lowpass,
        output=f"labels-{name}",
    )
    labels.run(params, *at)


@torch.no_grad()
def scores(system: Pipeline, trained: TrainResult, folder: str) -> Row:
    """Return the loss in nats per pixel, and how well the likeliest bins agree with the labels."""
    checkpoint, device = system.checkpoint(trained), choose_device("auto")
    quantizer, head = checkpoint.quantizer, checkpoint.head
    logits_of = HEADS[head].logits
    gauge = SegmentGauge(head, "label", len(quantizer.centers), IGNORE)
    for batch in system.held_out(trained, folder).loader(1, shuffle=False).batches(0):
        shape = (batch["label"].shape[1], batch["label"].shape[2])
        batch = on_device(batch, device)
        outputs = run_network(checkpoint.model, batch, checkpoint.channels, shape)[head]
        gauge.add(logits_of(outputs, quantizer), batch)
    figures = gauge.figures(gauge.sums())
    row = {name.removeprefix("val_"): figure for name, figure in figures.items()}
    return {"nats per pixel": trained.best_record.figures["val_loss"], **row}


if __name__ == "__main__":
    main()
