"""The network of Zhang et al. 2017, which takes hints of color, from a folder of images on.

It trains siggraph17 in four phases, each from the one before: bins of ten classes, bins, ab, and ab
once more, the latter two with hints. Then it measures how well layers of two of the networks tell
classes of images, and how PSNR rises with the number of hints, and compares pictures without hints,
and gray ones, with the originals. With several weights of the term of saturation, it trains the
last phase with each of them, and compares them all.

    python pipelines/siggraph17.py --dir imagenet100/ --val val/    # train/CLASS/ and val/CLASS/
    python pipelines/siggraph17.py --dir stylized/ --val val/       # the same in other styles
    python pipelines/siggraph17.py --dir coco/ --val val2017/ --classes imagenet100/train/
    python pipelines/siggraph17.py --dir imagenet100/ --val val/ --saturation 0 0.001 0.01 0.1
    python pipelines/siggraph17.py --quick

Where there are no classes, as in COCO, the first phase takes every tenth image, and layers are
probed on the images of --classes, if it is given.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from running import Pipeline, Quick, parser_of, running, table

from colorprep import QuantizerSpec, open_labels
from colorprep.images.classes import class_names, class_of
from colorprep.images.lists import write_list
from colorprep.stages import labels, prior, probe, sweep
from colorprep.stages.source import ImageParams
from colorprep.stages.train import TrainResult
from colorprep.stages.train.run_folder import VALIDATION
from colorprep.stages.train.selection import split_labels
from colorprep.training.judging.hint_sweep import PUBLISHED_COUNTS
from colorprep.workspace import LABELS, RUNS

QUICK = Quick(size=64, width=1 / 16, steps=2)
QUICK_COUNTS = (0, 1, 10)  # of hints
PHASES, LAST = ("siggraph17-class-small", "siggraph17-class", "siggraph17-reg"), "siggraph17-reg2"
PROBED = "siggraph17-class"  # beside the last ones
FIRST_LIST, PROBED_LABELS = "lists/ten-classes.txt", "labels-176"
N_CLASSES = 10
PARENT = "parent"  # the folder of an image is its class
OTHERS_HELD_OUT = 0.05  # of --classes


def main() -> None:
    """Run the system."""
    parser = parser_of(__doc__, "siggraph17")
    parser.add_argument("--classes", help="images in a folder for each class, to probe on [--dir]")
    parser.add_argument(
        "--saturation",
        type=float,
        nargs="+",
        default=[0.0],
        metavar="W",
        help="weights of the term of saturation in the last phase [0]",
    )
    with running(parser, QUICK) as system:
        spec = QuantizerSpec("ab529")
        prior.run(prior.PriorParams(system.images, spec), system.workspace, system.reporter)
        make_labels(system, system.images, 256, LABELS)
        keys = training_keys(system)
        write_list(system.workspace.own_folder("lists") / Path(FIRST_LIST).name, first_of(keys))
        for phase in PHASES:
            system.train(phase)
        trained = [train_last(system, weight) for weight in system.given.saturation]
        names = [run.folder.name for run in trained]
        probe_layers(system, names, has_classes=len(class_names(keys, PARENT)) > 1)
        for run in trained:
            sweep_hints(system, run)
        rows = {name: system.evaluate(run) for name, run in zip(names, trained, strict=True)}
        rows["gray"] = system.evaluate_gray(trained[0])
        system.shown(table(rows))


def train_last(system: Pipeline, weight: float) -> TrainResult:
    """Train the last phase with a weight of the term of saturation."""
    if not weight:
        return system.train(LAST)
    return system.train(LAST, f"{LAST}-saturation-{weight:g}", saturation=weight)


def make_labels(system: Pipeline, images: ImageParams, size: int, folder: str) -> None:
    """Label every pixel of images of a published size."""
    params = labels.LabelsParams(
        images, size=system.size(size), stride=1, class_from=PARENT, output=folder
    )
    labels.run(params, system.workspace, system.reporter)


def training_keys(system: Pipeline) -> list[str]:
    """Return the images that are not held out."""
    made, held_out = open_labels(system.workspace.path(LABELS)), system.options["held_out"]
    return split_labels(made, held_out, system.workspace, system.reporter)[0]


def first_of(keys: Sequence[str]) -> list[str]:
    """Return the images of the first ten classes; where there are none, every tenth image."""
    names = class_names(keys, PARENT)
    if len(names) < 2:
        return list(keys[::N_CLASSES])
    chosen = set(names[:N_CLASSES])
    return [key for key in keys if class_of(key, PARENT) in chosen]


def probe_layers(system: Pipeline, names: Sequence[str], has_classes: bool) -> None:
    """Measure how well layers tell classes, if there are images with classes."""
    images, held_out = system.images, system.options["held_out"]
    if system.given.classes:
        images, held_out = ImageParams(Path(system.given.classes).resolve()), OTHERS_HELD_OUT
    elif not has_classes:
        system.reporter.note("the images have no classes: no layer is probed, give --classes")
        return
    make_labels(system, images, 176, PROBED_LABELS)
    options = {} if system.given.epochs is None else {"epochs": system.given.epochs}
    if system.quick is not None:
        options = {"epochs": 1, "batch_size": system.quick.batch_size}
    params = probe.ProbeParams.of(
        [Path(RUNS, name) for name in (PROBED, *names)],
        shards=PROBED_LABELS,
        held_out=held_out,
        **options,
    )
    done = probe.run(params, system.workspace, system.reporter)
    print(f"{done.figure}: how well layers tell classes")


def sweep_hints(system: Pipeline, trained: TrainResult) -> None:
    """Measure how PSNR of held-out images rises with the number of hints."""
    params = sweep.SweepParams(
        replace(system.images, list=Path(RUNS, trained.folder.name, VALIDATION)),
        checkpoint=Path(RUNS, trained.folder.name),
        counts=PUBLISHED_COUNTS if system.quick is None else QUICK_COUNTS,
        size=system.size(256),
        output=Path("sweep", trained.folder.name),
    )
    done = sweep.run(params, system.workspace, system.reporter)
    print(f"{done.curve}: PSNR by the number of hints")


if __name__ == "__main__":
    main()
