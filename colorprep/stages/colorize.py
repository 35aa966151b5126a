"""`colorprep colorize`: color photographs by a trained network, keeping their lightness.

The network sees a photograph stretched to the size it was trained at, as `evaluate` judges it:
objects of another scale than it knows come out in blotches. Its colors are then enlarged to the
photograph's own resolution, in bands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from os.path import realpath  # not stopped by links that lead in a circle, as Path.resolve is
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..atomic import replacing
from ..engine import Batch, ThreadEngine, batches_of
from ..errors import InputError, UnusableName
from ..finite import check_finite
from ..images.archive import NAME_ENDINGS
from ..images.decoding import DamageRule, Pixels
from ..images.folder import folder_source
from ..images.opening import find_images
from ..images.pairing import stem_of
from ..images.reader import ImageReader
from ..images.skip import Skip
from ..images.source import Source
from ..locks import sole_process
from ..places import is_url, shown_url
from ..progress import Reporter
from ..quantize.decoding import TEMPERATURE
from ..training.checkpoint import load_checkpoint
from ..training.devices import choose_device
from ..training.prediction import colorize_photograph
from ..workspace import Workspace
from .images import report_passed_over, report_skips
from .replaced import telling_replaced
from .runs import checkpoint_path

COLORIZED_NAME = "colorized"


@dataclass(frozen=True)
class ColorizeParams:
    """What `colorprep colorize` is to do.

    Attributes
    ----------
    inputs : sequence of str or Path
        Photographs, gray or in color, and folders, archives and URLs of them.
    checkpoint : str, Path or None
        A checkpoint or a run's folder; None for the newest run's ``best.pt``.
    temperature : float
        Of the annealed mean.
    device : str
        ``auto`` takes a GPU where there is one.
    workers : int or None
        How many photographs are worked on at once, each on a thread; None takes all processors.
    output : str, Path or None
        None for ``colorized/``.
    damaged : {"skip", "keep"}
        What becomes of photographs that are damaged, though decoders make a picture of them.
    """

    inputs: Sequence[str | Path]
    checkpoint: str | Path | None = None
    temperature: float = TEMPERATURE
    device: str = "auto"
    workers: int | None = None
    output: str | Path | None = None
    damaged: DamageRule = "skip"

    def __post_init__(self) -> None:
        """Refuse what no network can be asked for."""
        check_finite(self)
        if not self.temperature > 0:
            raise InputError(f"the temperature must be above 0, got {self.temperature}")


@dataclass(frozen=True)
class ColorizeResult:
    """What `colorprep colorize` did.

    Attributes
    ----------
    checkpoint : Path
    written : list of Path
        In order of the keys, place by place.
    skipped : list of Skip
    """

    checkpoint: Path
    written: list[Path]
    skipped: list[Skip]


class Photographs(NamedTuple):
    """Photographs of one place.

    Attributes
    ----------
    place : str
        A folder, an archive or a URL, as messages name it.
    source : Source
    """

    place: str
    source: Source

    def name(self, key: str) -> str:
        """Return the name of a photograph by its key, place and all."""
        return f"{self.place}/{key}" if is_url(self.place) else str(Path(self.place, key))

    def named(self, skip: Skip) -> Skip:
        """Return a skip under the photograph's name."""
        return skip._replace(key=self.name(skip.key))


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
        If there is no photograph, one would be replaced, or two pictures would be written to one
        file.
    OutputError
        If another process colorizes into the folder.
    """
    path = checkpoint_path(params.checkpoint, workspace)
    checkpoint = load_checkpoint(path)
    device = choose_device(params.device)
    checkpoint.model.to(device)
    folder = workspace.path(params.output or COLORIZED_NAME)
    places = _find_photographs(params.inputs, workspace)
    for photographs in places:
        report_passed_over(photographs.source, reporter)
    _check_targets(places, folder)
    workspace.own_folder(params.output or COLORIZED_NAME)
    reporter.note(f"coloring by {workspace.shown(path)}")
    colorize = partial(
        colorize_photograph, checkpoint, temperature=params.temperature, device=device
    )
    engine = ThreadEngine(params.workers)
    written: list[Path] = []
    skipped: list[Skip] = []
    n_images = sum(len(photographs.source.keys) for photographs in places)
    with (
        sole_process(folder, "written to", reporter),
        reporter.track(n_images, "images", "colorizing") as advance,
    ):
        for photographs in places:
            skipped += map(photographs.named, photographs.source.skipped)
            reader = ImageReader(photographs.source, damaged=params.damaged)
            task = ColorizeBatch(reader, colorize, folder, reporter)
            # One at a time, since a single one can be large.
            batches = batches_of(range(len(photographs.source.keys)), 1)
            with closing(engine.run(task, batches)) as results:
                for done in results:
                    written += done.written
                    skipped += map(photographs.named, done.skipped)
                    advance(1)
    report_skips(skipped, len(written), reporter)
    return ColorizeResult(path, written, skipped)


class ColorizedBatch(NamedTuple):
    """What became of a batch of photographs."""

    written: list[Path]
    skipped: list[Skip]


@dataclass(frozen=True)
class ColorizeBatch:
    """Colors a batch of photographs and writes the pictures.

    Attributes
    ----------
    reader : ImageReader
    colorize : callable
        Takes the pixels of a photograph and gives them in color.
    folder : Path
    reporter : Reporter
        Told which pictures are replaced.
    """

    reader: ImageReader
    colorize: Callable[[Pixels], Pixels]
    folder: Path
    reporter: Reporter

    def __call__(self, batch: Batch) -> ColorizedBatch:
        """Return what became of the photographs of a batch."""
        done = ColorizedBatch([], [])
        for image in self.reader.read_all(batch):
            if isinstance(image, Skip):
                done.skipped.append(image)
                continue
            target = _target(self.folder, image.key)
            try:
                with telling_replaced(self.reporter, target), replacing(target) as temporary:
                    _write_png(temporary, self.colorize(image.pixels))
            except UnusableName as error:
                done.skipped.append(
                    Skip(image.key, "bad-name", f"its picture cannot be written: {error.why}")
                )
                continue
            done.written.append(target)
        return done


def _write_png(path: Path, pixels: Pixels) -> None:
    """Write a PNG that says that it is sRGB, and nothing else."""
    chunks = PngInfo()
    chunks.add(b"sRGB", b"\0")  # to be rendered perceptually, as photographs are
    Image.fromarray(pixels).save(path, "PNG", pnginfo=chunks)


def _find_photographs(inputs: Sequence[str | Path], workspace: Workspace) -> list[Photographs]:
    """Find the photographs that are given; files of one folder are taken together, at the end."""
    places: list[Photographs] = []
    files: dict[Path, list[str]] = {}
    for given in inputs:
        if is_url(given):
            places.append(Photographs(shown_url(str(given)), find_images(given)))
            continue
        path = workspace.input_path(given)
        if path.is_dir() or path.name.lower().endswith(NAME_ENDINGS):
            places.append(Photographs(str(path), find_images(path)))
        elif path.is_file():
            files.setdefault(path.parent, []).append(path.name)
        else:
            raise InputError(f"there is no file or folder {path}")
    for root, names in files.items():
        places.append(Photographs(str(root), folder_source(root, names)))
    return places


def _target(folder: Path, key: str) -> Path:
    """Return where the picture of a photograph is written."""
    return folder / f"{stem_of(key)}.png"


def _check_targets(places: Sequence[Photographs], folder: Path) -> None:
    """Refuse to write a picture over a photograph, or over another one's picture."""
    own = {
        realpath(photographs.name(key).removeprefix("file://").removeprefix("local://"))
        for photographs in places
        for key in photographs.source.keys
    }
    written: dict[Path, str] = {}
    for photographs in places:
        for key in photographs.source.keys:
            name, target = photographs.name(key), _target(folder, key)
            if realpath(target) in own:
                raise InputError(
                    f"{target} is one of the photographs, and the picture of {name} would replace "
                    "it; use another -o"
                )
            if target in written:
                raise InputError(
                    f"{name} and {written[target]} would both be written to {target}; rename one, "
                    "or colorize them one after another with another -o each"
                )
            written[target] = name
