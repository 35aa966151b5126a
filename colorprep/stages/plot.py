"""`colorprep plot`: draw the curves of training runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ..atomic import check_replaceable, replacing
from ..errors import ArtifactError, InputError
from ..progress import Reporter
from ..report.figures.curves import best_text, draw_run, draw_runs, losses_alone
from ..report.figures.figure_style import DEFAULT_STYLE, WIDTH, FigureStyle
from ..report.figures.files import write_figure
from ..report.figures.style import SERIES, shortened
from ..runs import IMPORTED, LOG, Log, best_row, loss_text, newest_in_runs, read_config, read_log
from ..workspace import Workspace
from .checkpoints import Progress, run_progress
from .figure_heights import note_heights
from .replaced import telling_replaced

CURVES = "curves"


@dataclass(frozen=True)
class PlotParams:
    """Parameters of `colorprep plot`.

    Attributes
    ----------
    runs : sequence of str or Path
        Folders of runs; empty for the newest one.
    output : str, Path or None
        A .png, .pdf or .svg file; None for ``curves.png``, or another ending of the style, in the
        folder of a single run or in the workspace.
    """

    runs: Sequence[str | Path] = ()
    output: str | Path | None = None
    style: FigureStyle = DEFAULT_STYLE

    def __post_init__(self) -> None:
        """Reject what cannot be drawn or written, before anything is read."""
        self.style.refuse_narrow(WIDTH)
        if len(self.runs) > len(SERIES):
            raise InputError(
                f"at most {len(SERIES)} runs can be distinguished; got {len(self.runs)}"
            )
        self.style.of_file(self.name)

    @property
    def name(self) -> str:
        """The output, or the name of the file if none is given."""
        return str(self.output or f"{CURVES}.{self.style.ending}")


class PlottedRun(NamedTuple):
    """A run in the picture.

    Attributes
    ----------
    best_step, best_val_loss
        Of the lowest validation loss; None without a validation.
    unit : str
        Of the losses.
    """

    run: Path
    best_step: int | None
    best_val_loss: float | None
    last_step: int
    unit: str


class PlotResult(NamedTuple):
    """Result of `colorprep plot`.

    Attributes
    ----------
    progress : list of Progress or None
        The progress of each; None if its configuration lacks the number of steps.
    """

    path: Path
    runs: list[PlottedRun]
    progress: list[Progress | None]


class Run(NamedTuple):
    """A run's configuration and log."""

    folder: Path
    config: dict[str, Any]
    log: Log

    @property
    def unit(self) -> str:
        """The unit of the losses."""
        return str(self.config["unit"])

    @property
    def loss(self) -> str:
        """The loss, in words."""
        return loss_text(self.config)

    @property
    def kind(self) -> str:
        """The model and the loss, in words."""
        return f"{self.config['model']}, {self.loss}"


def run(params: PlotParams, workspace: Workspace, reporter: Reporter) -> PlotResult:
    """Draw the curves of one run, or compare the losses of several.

    Raises
    ------
    InputError
        If there is no run at all, or the losses of several runs are in different units.
    ArtifactError
        If a folder is not a run, its log is damaged, or nothing is logged yet.
    """
    folders = list(dict.fromkeys(workspace.input_path(folder) for folder in params.runs))
    if not folders:
        folders = [newest_in_runs(LOG, workspace).parent]
        reporter.note(f"drawing {workspace.shown(folders[0])}")
    place = folders[0] if len(folders) == 1 else workspace.root
    path = workspace.path(params.output) if params.output else place / params.name
    runs = [read_run(folder) for folder in folders]
    check_replaceable(path)
    if len(runs) == 1:
        write = partial(_write_run, runs[0], reporter)
    else:
        write = partial(_write_runs, by_name(runs, workspace), runs[0].unit, in_common(runs))
    # A run's own curves are updated; replacing any other picture is reported.
    own = params.output is None and len(runs) == 1
    watched = () if own else (path,)
    with telling_replaced(reporter, *watched), replacing(path) as temporary:
        height = write(temporary, params.style.of_file(params.name))
    note_heights({path.name: height}, reporter)
    progress = [run_progress(run.folder) for run in runs]
    return PlotResult(path, [_plotted(run) for run in runs], progress)


def _write_run(run: Run, reporter: Reporter, path: Path, style: FigureStyle) -> float | None:
    """Draw a run; where the whole does not fit, its losses. Return what `write_figure` does."""
    title = shortened(run.folder.resolve().name)
    height = write_figure(draw_run(run.log, run.unit, run.kind), title, path, style)
    if height is not None:
        losses = draw_run(losses_alone(run.log), run.unit, run.kind)
        height = write_figure(losses, title, path, style)
        reporter.note("only the losses are drawn, since more panels need more height")
    return height


def _write_runs(
    logs: dict[str, Log], unit: str, caption: str, path: Path, style: FigureStyle
) -> float | None:
    return write_figure(draw_runs(logs, unit, caption), f"{len(logs)} runs", path, style)


def read_run(folder: Path) -> Run:
    """Read a run that has logged a step; raise ArtifactError if it has not, or is damaged."""
    config, log = read_config(folder), read_log(folder / LOG)
    if IMPORTED in config:
        raise ArtifactError(
            f"{folder} was imported from {config[IMPORTED]['file']}, not trained here, so it has "
            f"no curves; train from it with `colorprep train --init {folder}`, and plot that run"
        )
    if not len(log["step"]):
        raise ArtifactError(
            f"{folder / LOG}: no step was logged yet; try again once training has progressed"
        )
    return Run(folder, config, log)


def in_common(runs: Sequence[Run]) -> str:
    """Describe several runs in a line; runs whose losses have different units are refused."""
    first = runs[0]
    for other in runs[1:]:
        if other.unit != first.unit:
            raise InputError(
                f"{first.folder} has its losses in {first.unit}, {other.folder} in {other.unit}; "
                "plot them one by one"
            )
    if len({run.loss for run in runs}) > 1:
        return "Different losses: compare shapes, not heights."
    if len({run.config.get("validation_digest") for run in runs}) > 1:
        return "Validated on different images: compare shapes, not heights."
    return first.kind if len({run.kind for run in runs}) == 1 else f"all by {first.loss}"


def by_name(runs: Sequence[Run], workspace: Workspace) -> dict[str, Log]:
    """Return logs by the runs' names in the legend: folder, kind if kinds differ, and best loss."""
    names = [run.folder.resolve().name for run in runs]
    if len(set(names)) < len(names):
        names = [workspace.shown(run.folder) for run in runs]
    same_kind = len({run.kind for run in runs}) == 1
    return {
        "\n".join(
            [shortened(name), *([] if same_kind else [run.kind]), best_text(run.log)]
        ): run.log
        for name, run in zip(names, runs, strict=True)
    }


def _plotted(run: Run) -> PlottedRun:
    steps, losses, best = run.log["step"], run.log["val_loss"], best_row(run.log["val_loss"])
    return PlottedRun(
        run.folder,
        None if best is None else int(steps[best]),
        None if best is None else float(losses[best]),
        int(steps[-1]),
        run.unit,
    )
