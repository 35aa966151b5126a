"""`colorprep colorize`: color photographs by a trained network, keeping their lightness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image

from ..atomic import replacing
from ..errors import BadImage, InputError
from ..images.decoding import decode
from ..images.folder import folder_source, read_image_file
from ..images.skip import Skip
from ..progress import Reporter
from ..quantize.decoding import TEMPERATURE
from ..training.checkpoint import load_checkpoint
from ..training.devices import choose_device
from ..training.prediction import colorize_photograph
from ..workspace import Workspace
from .images import report_skips
from .runs import BEST, newest_in_runs

COLORIZED_NAME = "colorized"


@dataclass(frozen=True)
class ColorizeParams:
    """What `colorprep colorize` is to do.

    Attributes
    ----------
    inputs : sequence of str or Path
        Photographs and folders of them, gray or in color.
    checkpoint : str, Path or None
        None for the newest run's ``best.pt``.
    temperature : float
        Of the annealed mean.
    device : str
        ``auto`` takes a GPU where there is one.
    output : str, Path or None
        None for ``colorized/``.
    """

    inputs: Sequence[str | Path]
    checkpoint: str | Path | None = None
    temperature: float = TEMPERATURE
    device: str = "auto"
    output: str | Path | None = None


@dataclass(frozen=True)
class ColorizeResult:
    """What `colorprep colorize` did.

    Attributes
    ----------
    checkpoint : Path
    written : list of Path
    skipped : list of Skip
    """

    checkpoint: Path
    written: list[Path]
    skipped: list[Skip]


def run(params: ColorizeParams, workspace: Workspace, reporter: Reporter) -> ColorizeResult:
    """Color photographs.

    Parameters
    ----------
    params : ColorizeParams
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    ColorizeResult

    Raises
    ------
    ArtifactError
        If the checkpoint is missing or damaged.
    InputError
        If there is no photograph, or two would be written to one file.
    """
    if not params.temperature > 0:
        raise InputError(f"the temperature must be above 0, got {params.temperature}")
    given = params.checkpoint
    path = workspace.path(given) if given else newest_in_runs(BEST, workspace)
    checkpoint = load_checkpoint(path)
    reporter.note(f"coloring by {workspace.shown(path)}")
    device = choose_device(params.device)
    checkpoint.model.to(device)
    folder = workspace.path(params.output or COLORIZED_NAME)
    jobs = _jobs([workspace.path(given) for given in params.inputs], folder)
    written, skipped = [], []
    with reporter.track(len(jobs), "images", "colorizing") as advance:
        for target, photograph in jobs.items():
            try:
                pixels = decode(read_image_file(photograph))
                colored = colorize_photograph(checkpoint, pixels, params.temperature, device)
            except BadImage as error:
                skipped.append(Skip(str(photograph), error.reason, error.detail))
            else:
                with replacing(target) as temporary:
                    Image.fromarray(colored).save(temporary, "PNG")
                written.append(target)
            advance(1)
    report_skips(skipped, len(written), reporter)
    return ColorizeResult(path, written, skipped)


def _jobs(inputs: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """Return which photograph is written to which file, refusing to write one over another."""
    jobs: dict[Path, Path] = {}
    for given in inputs:
        if given.is_dir():
            root, keys = given, list(folder_source(given).keys)
        elif given.exists():
            root, keys = given.parent, [given.name]
        else:
            raise InputError(f"there is no file or folder {given}")
        for key in keys:
            photograph, target = root / key, folder / PurePosixPath(key).with_suffix(".png")
            if target.resolve() == photograph.resolve():
                raise InputError(f"{target} would be replaced by its own picture; use another -o")
            if target in jobs:
                raise InputError(
                    f"{photograph} and {jobs[target]} would both be written to {target}; colorize "
                    "them into different folders with -o"
                )
            jobs[target] = photograph
    return jobs
