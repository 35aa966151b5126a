"""Running a published system from images to a table: what its script does like all the others.

A script makes the parser of its command line, and does its work within `running`. A second call of
the same command continues where the first one stopped: labels and trainings resume.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from colorprep import Reporter, Workspace, rgb_to_lab
from colorprep.errors import ColorprepError
from colorprep.metrics.pictures import MeanError, aligned
from colorprep.places import is_url
from colorprep.rendering import render
from colorprep.runs import BEST, CONFIG
from colorprep.stages import evaluate, sample, train
from colorprep.stages.source import ImageParams, image_reader, open_source
from colorprep.stages.train.params import TrainParams
from colorprep.stages.train.run_folder import VALIDATION
from colorprep.stages.train.selection import parse_held_out
from colorprep.training.checkpoint import Checkpoint, load_checkpoint
from colorprep.training.data.dataset import ShardDataset
from colorprep.training.devices import choose_device
from colorprep.training.judging.pictures import judge_pictures
from colorprep.training.recipes import recipe_of
from colorprep.workspace import EVALUATION, RUNS

PHOTOGRAPHS = "photographs"
MEASURES = (
    "psnr",
    "ssim",
    "ciede2000",
    "auc",
    "auc_balanced",
    "mse_ab",
    "bin_accuracy",
    "chroma_ab",
)
NO_MEANING = (
    "a quick run: narrow networks take a few steps on small photographs. It shows that every part "
    "runs; its figures and pictures mean nothing"
)

Row = Mapping[str, float | None]


class Printer(Reporter):
    """Prints notes and warnings to stderr."""

    def note(self, message: str) -> None:
        """Print a note."""
        print(message, file=sys.stderr)

    warn = note


@dataclass(frozen=True)
class Quick:
    """How small a quick run of a system is.

    Attributes
    ----------
    size : int
        Of photographs and labels, in pixels.
    width : float
        Of the networks.
    held_out : str
        Name of the folder of photographs that are held out.
    """

    size: int
    width: float
    batch_size: int = 4
    steps: int = 3
    held_out: str = "val"


@dataclass(frozen=True)
class Pipeline:
    """The images of a system and the folder of its artifacts.

    Attributes
    ----------
    options : dict of str to object
        Of every training, instead of those of its recipe.
    quick : Quick or None
        None for a run at full size.
    given : Namespace
        The arguments of the command line.
    """

    images: ImageParams
    workspace: Workspace
    reporter: Reporter
    options: dict[str, Any]
    quick: Quick | None
    given: Namespace

    def size(self, published: int) -> int:
        """Return the size of labels in pixels."""
        return published if self.quick is None else min(published, self.quick.size)

    def train(self, recipe: str, name: str | None = None, **given: Any) -> train.TrainResult:
        """Train by a recipe, from where its predecessor ended if that was trained; name a picture.

        Parameters
        ----------
        name : str or None
            Of the run; None for the recipe's.
        **given
            Further options of the training.
        """
        run, before = Path(RUNS, name or recipe), recipe_of(recipe).after
        options = {**self.options, **given}
        if before is not None and self._has(Path(RUNS, before, BEST)):
            options["init"] = Path(RUNS, before)
        resume = self._has(run / CONFIG)
        params = TrainParams.from_recipe(recipe, output=run, resume=resume, **options)
        trained = train.run(params, self.workspace, self.reporter)
        print(f"{run.name}: look at {trained.picture}")
        return trained

    def _has(self, path: Path) -> bool:
        return self.workspace.path(path).exists()

    def evaluate(self, trained: train.TrainResult) -> Row:
        """Measure a network's pictures of the held-out images at their own size."""
        run = Path(RUNS, trained.folder.name)
        images, output = replace(self.images, list=run / VALIDATION), Path(EVALUATION, run.name)
        return self._measured(evaluate.EvaluateParams(images, checkpoint=run, output=output))

    def evaluate_gray(self, trained: train.TrainResult) -> Row:
        """Measure gray pictures of the same images, whose lightness is that of the originals."""
        held_out = ImageParams(list=Path(RUNS, trained.folder.name, VALIDATION))
        images = replace(held_out, folder=self.images.folder)
        source = open_source(images, self.workspace, self.reporter)
        reader = image_reader(source, None, images)
        for index, key in enumerate(source.keys):
            lightness = rgb_to_lab(reader.read(index).pixels)[..., 0]
            path = self.workspace.own_folder("gray") / Path(key).with_suffix(".png")
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(render(lightness, np.zeros((1, 1, 2)), None)).save(path)
        params = evaluate.EvaluateParams(
            held_out,
            original=self.images.folder,
            colorized="gray",
            output=Path(EVALUATION, "gray"),
        )
        return self._measured(params)

    def _measured(self, params: evaluate.EvaluateParams) -> Row:
        done = evaluate.run(params, self.workspace, self.reporter)
        print(f"{done.sheet}: the worst and the best pictures")
        return {name: done.measured[name].mean for name in MEASURES}

    def picture_errors(
        self, trained: train.TrainResult, labels: str
    ) -> dict[str, dict[str, MeanError]]:
        """Return the errors of a network's pictures of held-out images, and of gray ones.

        Parameters
        ----------
        labels : str
            Folder of the labels, with ``rgb``.
        """
        checkpoint, images = self.checkpoint(trained), self.held_out(trained, labels)
        judged = judge_pictures(
            checkpoint.model,
            checkpoint.channels,
            checkpoint.quantizer,
            images,
            choose_device("auto"),
        )
        return judged.means(trained.folder.name)

    def checkpoint(self, trained: train.TrainResult) -> Checkpoint:
        """Return the best checkpoint of a training, its network on the device to use."""
        checkpoint = load_checkpoint(trained.best)
        checkpoint.model.to(choose_device("auto"))
        return checkpoint

    def held_out(self, trained: train.TrainResult, labels: str) -> ShardDataset:
        """Return the labels of the images that a training held out."""
        return ShardDataset(self.workspace.path(labels), trained.held_out)

    def shown(self, lines: Sequence[str]) -> None:
        """Print a table of the held-out images."""
        print("\nheld-out images:", *lines, sep="\n")


def parser_of(doc: str, out: str, held_out: str = "0.05") -> ArgumentParser:
    """Return the parser of the arguments that all scripts have.

    Parameters
    ----------
    doc : str
        Of the script.
    out : str
        The default of ``--out``.
    held_out : str
        The default of ``--val``.
    """
    parser = ArgumentParser(description=doc.partition("\n")[0])
    parser.add_argument("--dir", help="images: a folder, an archive, or a URL")
    parser.add_argument("--out", type=Path, default=Path(out), help=f"folder to write to [{out}]")
    parser.add_argument("--quick", action="store_true", help="a tiny run on built-in photographs")
    parser.add_argument("--steps", type=int, help="of each training, instead of the published ones")
    parser.add_argument(
        "--epochs", type=int, help="of each training, instead of the published ones"
    )
    parser.add_argument(
        "--val",
        type=parse_held_out,
        default=held_out,
        help=f"images to hold out: a list, a folder in --dir, or a fraction [{held_out}]",
    )
    return parser


@contextmanager
def running(parser: ArgumentParser, quick: Quick) -> Iterator[Pipeline]:
    """Run a script's work on what the command line says; print errors without a traceback."""
    given = parser.parse_args()
    if given.quick == (given.dir is not None):
        parser.error("give --dir IMAGES, or --quick for the built-in photographs")
    try:
        yield _pipeline(given, quick if given.quick else None)
    except ColorprepError as error:
        sys.exit(f"Error: {error}")
    except KeyboardInterrupt as stopped:
        sys.exit(f"{stopped}; the same command continues")


def _pipeline(given: Namespace, quick: Quick | None) -> Pipeline:
    given.out.mkdir(parents=True, exist_ok=True)
    space, reporter = Workspace(given.out), Printer()
    pace = {"steps": given.steps, "epochs": given.epochs}
    options: dict[str, Any] = {name: value for name, value in pace.items() if value is not None}
    if given.epochs is not None:
        options.setdefault("steps", None)  # a recipe's, which would take precedence
    if quick is None:
        place = given.dir if is_url(given.dir) else Path(given.dir).resolve()
        options["held_out"] = given.val
        return Pipeline(ImageParams(place), space, reporter, options, None, given)
    reporter.warn(NO_MEANING)
    _write_photographs(quick, space, reporter)
    small = {
        "width": quick.width,
        "batch_size": quick.batch_size,
        "crop": None,
        "validate_every": quick.steps,
        "checkpoint_every": quick.steps,
        "held_out": f"{quick.held_out}/",
    }
    options = {"steps": quick.steps, **options, **small}
    return Pipeline(ImageParams(PHOTOGRAPHS), space, reporter, options, quick, given)


def _write_photographs(quick: Quick, workspace: Workspace, reporter: Reporter) -> None:
    """Write the photographs of a quick run, those to hold out in a folder of their own."""
    for seed, (part, count) in enumerate({"train": 10, quick.held_out: 3}.items()):
        folder = Path(PHOTOGRAPHS, part)
        if not workspace.path(folder).exists():
            params = sample.SampleParams(folder, count, quick.size, seed)
            sample.run(params, workspace, reporter)


def table(rows: Mapping[str, Row]) -> list[str]:
    """Return the lines of a table, a column for each figure that any row has."""
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    cells = [["", *(name.replace("_", " ") for name in columns)]]
    for name, row in rows.items():
        cells.append([name, *(_shown(row.get(column)) for column in columns)])
    return aligned(cells)


def _shown(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.4g}"
