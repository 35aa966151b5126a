"""`colorprep demo`: from the built-in photographs to a trained colorizer, in under two minutes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from ..atomic import replacing
from ..errors import OutputExists
from ..images.decoding import decode
from ..progress import Reporter
from ..report.figures.charts import draw_ranking, ranking_title
from ..report.figures.files import write_figure
from ..report.figures.prior_map import draw_prior
from ..workspace import DEMO, Workspace
from . import colorize, labels, prior, rgbvar, sample, train
from .source import ImageParams
from .train import TrainParams

PHOTOS_NAME = "photos"
DEMO_MARK = ".colorprep-demo"
SHOWN = 4
EPOCHS = 14


@dataclass(frozen=True)
class DemoResult:
    """Result of `colorprep demo`.

    Attributes
    ----------
    workspace : Workspace
        The folder of all outputs.
    pictures : dict of str to Path
        The pictures to look at, by a description of each.
    """

    workspace: Workspace
    prior: prior.PriorResult
    labels: labels.LabelsResult
    rgbvar: rgbvar.RgbvarResult
    train: train.TrainResult
    colorize: colorize.ColorizeResult
    pictures: dict[str, Path]


def run(output: str | Path | None, workspace: Workspace, reporter: Reporter) -> DemoResult:
    """Run sample, prior, labels, rgbvar, train and colorize on the built-in photographs.

    Parameters
    ----------
    output : str, Path or None
        The folder to work in; None for ``demo/``. An earlier demo in it is replaced.

    Raises
    ------
    OutputExists
        If the folder contains anything but an earlier demo.
    """
    inner = Workspace(_fresh_folder(workspace.path(output or DEMO)))
    reporter.note("1/6  colorprep sample photos")
    sample.run(sample.SampleParams(PHOTOS_NAME), inner, reporter)
    reporter.note("2/6  colorprep prior --dir photos")
    counted = prior.run(prior.PriorParams(ImageParams(PHOTOS_NAME)), inner, reporter)
    reporter.note("3/6  colorprep labels --size 128")
    labeled = labels.run(labels.LabelsParams(size=128), inner, reporter)
    reporter.note("4/6  colorprep rgbvar --range 1-120")
    ranked = rgbvar.run(rgbvar.RgbvarParams(ranks=(1, 120)), inner, reporter)
    reporter.note(f"5/6  colorprep train --epochs {EPOCHS} --batch-size 16")
    trained = train.run(
        TrainParams.of(epochs=EPOCHS, batch_size=16, output="runs/demo"), inner, reporter
    )
    reporter.note("6/6  colorprep colorize (photographs that were held out of training)")
    shown = trained.held_out[:SHOWN]
    colored = colorize.run(
        colorize.ColorizeParams([Path(PHOTOS_NAME) / key for key in shown]), inner, reporter
    )
    inner.own_folder("figures")
    pictures = {
        "the color prior and its weights": _draw_prior(counted, inner),
        "the ranking by colorfulness": _draw_ranking(ranked, inner),
        "original, target, gray, prediction": trained.picture,
        "gray, colorized, original": colored.sheets[0],
    }
    return DemoResult(inner, counted, labeled, ranked, trained, colored, pictures)


def _fresh_folder(folder: Path) -> Path:
    """Create the folder; remove an earlier demo, but nothing else."""
    mark = folder / DEMO_MARK
    if folder.exists() and not mark.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputExists(
            f"{folder} contains something other than a demo; choose another with --out"
        )
    if mark.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mark.touch()
    return folder


def _draw_prior(counted: prior.PriorResult, workspace: Workspace) -> Path:
    whole = counted.whole
    figure = draw_prior(whole.prior, whole.weights.values)
    path = workspace.path("figures/prior.png")
    with replacing(path) as temporary:
        write_figure(figure, "", temporary)
    return path


def _draw_ranking(ranked: rgbvar.RgbvarResult, workspace: Workspace) -> Path:
    ranking = ranked.ranking
    keys = ranking.keys
    n_images = len(keys)
    ranks = [1 + round(i * (n_images - 1) / 5) for i in range(6)]
    photographs = workspace.path(PHOTOS_NAME)
    thumbnails = [decode((photographs / keys[rank - 1]).read_bytes()) for rank in ranks]
    path = workspace.path("figures/rgbvar.png")
    with replacing(path) as temporary:
        names = [keys[rank - 1] for rank in ranks]
        figure = draw_ranking(ranking.scores, ranks, thumbnails, names)
        write_figure(figure, ranking_title("rgbvar"), temporary)
    return path
