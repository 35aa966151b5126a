"""`colorprep colorize`: color photographs by a trained network, keeping their lightness.

The network sees a photograph stretched to the size it was trained at, as in `evaluate`: objects at
another scale come out in blotches. Its colors are then enlarged to the photograph's own resolution,
in bands.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ... import __version__
from ...atomic import replacing
from ...engine import Chunk, ThreadEngine
from ...errors import BadImage, InputError, UnusableName
from ...finite import check_finite
from ...images.archive import NAME_ENDINGS
from ...images.decoding import DamageRule, Pixels
from ...images.digests import digest_of_bytes, digest_of_file
from ...images.folder import folder_source
from ...images.opening import find_images
from ...images.reader import ImageReader, each_image
from ...images.skip import Skip
from ...locks import sole_process
from ...places import is_url, shown_url
from ...progress import Reporter
from ...quantize.decoding import TEMPERATURE
from ...training.checkpoint import load_checkpoint
from ...training.devices import choose_device
from ...training.prediction import Conditions, colorize_photograph
from ...workspace import COLORIZED, Workspace
from ..checkpoints import Origin, choose_checkpoint, origin_of, report_origin
from ..conditions import class_id_of, classifier_of
from ..passes import Passes
from ..replaced import telling_replaced
from ..source import report_passed_over, report_skips
from .picture_names import PhotographSource, Targets, choose_targets
from .picture_record import Made, PictureRecord


@dataclass(frozen=True)
class ColorizeParams:
    """Parameters of `colorprep colorize`.

    Attributes
    ----------
    inputs : sequence of str or Path
        Photographs, gray or in color, and folders, archives and URLs of them.
    checkpoint : str, Path or None
        A checkpoint or a run's folder; None for ``best.pt`` of the newest finished run.
    temperature : float
        Of the annealed mean.
    class_name : str or None
        The class of the photographs, for a network that takes it.
    features : str, Path or None
        The file of the classifier whose features the network takes; None for the packaged one.
    device : str
        ``auto`` uses a GPU if there is one.
    workers : int or None
        How many photographs are colored at once, each on a thread; None uses all processors.
    output : str, Path or None
        None for ``colorized/``.
    damaged : {"skip", "keep"}
        Whether photographs that decode although they are damaged are skipped or colored.
    """

    inputs: Sequence[str | Path]
    checkpoint: str | Path | None = None
    temperature: float = TEMPERATURE
    class_name: str | None = None
    features: str | Path | None = None
    device: str = "auto"
    workers: int | None = None
    output: str | Path | None = None
    damaged: DamageRule = "skip"

    def __post_init__(self) -> None:
        """Reject parameters that are not usable with any network."""
        check_finite(self)
        if not self.temperature > 0:
            raise InputError(f"the temperature must be above 0, got {self.temperature}")


@dataclass(frozen=True)
class ColorizeResult:
    """Result of `colorprep colorize`.

    Attributes
    ----------
    origin : Origin
        Of the network.
    written : list of Path
        All pictures, place by place in order of the keys.
    kept : list of Path
        Those of an earlier command, made from the same photographs in the same way.
    """

    origin: Origin
    written: list[Path]
    kept: list[Path]
    skipped: list[Skip]

    @property
    def checkpoint(self) -> Path:
        """The checkpoint that was used."""
        return self.origin.path


def run(params: ColorizeParams, workspace: Workspace, reporter: Reporter) -> ColorizeResult:
    """Color photographs.

    Raises
    ------
    ArtifactError
        If the checkpoint is missing or damaged.
    InputError
        If there is no photograph, a picture would replace one, or the network takes a class or
        features that are not given.
    OutputExists
        If the path of the pictures' record is not a file.
    OutputError
        If another process colorizes into the folder.
    """
    path = choose_checkpoint(params.checkpoint, workspace, reporter)
    checkpoint = load_checkpoint(path)
    origin = origin_of(path, checkpoint.config, checkpoint.progress)
    conditions = Conditions(
        class_id_of(checkpoint, params.class_name),
        classifier_of(checkpoint, params.features, workspace),
    )
    device = choose_device(params.device)
    checkpoint.model.to(device)
    folder = workspace.path(params.output or COLORIZED)
    places = _find_photographs(params.inputs, workspace)
    for photographs in places:
        report_passed_over(photographs.source, reporter)
    targets = choose_targets(places, folder)
    workspace.own_folder(params.output or COLORIZED)
    _report_names(targets, reporter)
    report_origin("coloring by", origin, workspace, reporter)
    colorize = partial(
        colorize_photograph,
        checkpoint,
        temperature=params.temperature,
        device=device,
        conditions=conditions,
    )
    with sole_process(folder, "written to", reporter):
        record = PictureRecord(folder, _colored_by(path, params))
        tasks = [
            ColorizeChunk(
                ImageReader(photographs.source, damaged=params.damaged),
                colorize,
                paths,
                record,
                reporter,
            )
            for photographs, paths in zip(places, targets.paths, strict=True)
        ]
        done = _colorize(tasks, places, record, params.workers, reporter)
    done.skipped.extend(targets.skipped)
    if done.kept:
        reporter.note(
            f"{len(done.kept)} pictures were already made from the same photographs by the same "
            f"network, and are kept (according to {record.path.name})"
        )
    report_skips(done.skipped, len(done.written), reporter)
    return ColorizeResult(origin, done.written, done.kept, done.skipped)


class ColorizedChunk(NamedTuple):
    """The pictures of a chunk of photographs.

    Attributes
    ----------
    written : list of Path
        All pictures.
    kept : list of Path
        Those among them that were made before.
    entries : list of tuple
        Of the pictures that were made now, see `PictureRecord.add`.
    """

    written: list[Path]
    kept: list[Path]
    skipped: list[Skip]
    entries: list[tuple[str, Made]]


@dataclass(frozen=True)
class ColorizeChunk:
    """Colors a chunk of photographs and writes the pictures.

    Attributes
    ----------
    colorize : callable
        Takes the pixels of a photograph and returns them in color.
    targets : sequence of Path or None
        The path of each photograph's picture; None if skipped.
    reporter : Reporter
        Receives the pictures that are replaced.
    """

    reader: ImageReader
    colorize: Callable[[Pixels], Pixels]
    targets: Sequence[Path | None]
    record: PictureRecord
    reporter: Reporter

    def __call__(self, chunk: Chunk) -> ColorizedChunk:
        """Color the photographs of a chunk."""
        done = ColorizedChunk([], [], [], [])
        for index, data in each_image(self.reader.source, chunk, self.reader.source.read):
            target = self.targets[index]
            if target is None:
                continue
            if isinstance(data, Skip):
                done.skipped.append(data)
                continue
            if self.record.holds(target, data):
                done.kept.append(target)
            else:
                try:
                    picture = self.colorize(self.reader.decoded(index, data).pixels)
                    with telling_replaced(self.reporter, target), replacing(target) as temporary:
                        _write_png(temporary, picture)
                except (BadImage, UnusableName) as error:
                    done.skipped.append(_skip(self.reader.source.keys[index], error))
                    continue
                done.entries.append(self.record.made(target, data))
            done.written.append(target)
        return done


def _colorize(
    tasks: Sequence[ColorizeChunk],
    places: Sequence[PhotographSource],
    record: PictureRecord,
    workers: int | None,
    reporter: Reporter,
) -> ColorizedChunk:
    """Color the photographs of all places, and record each picture once it is written."""
    whole = ColorizedChunk([], [], [], [])
    starts = [0, *accumulate(len(photographs.source.keys) for photographs in places)]
    numbers = [range(*bounds) for bounds in pairwise(starts)]
    task = _ColorizePlaces(tasks, starts[:-1])
    # One at a time, since a single photograph can be large.
    with Passes(ThreadEngine(workers), reporter).each_group(
        task, numbers, "colorizing", chunk_images=1
    ) as colorized:
        for photographs, results in zip(places, colorized, strict=True):
            whole.skipped.extend(map(photographs.named, photographs.source.skipped))
            for done in results:
                for name, made in done.entries:
                    record.add(name, made)
                whole.written.extend(done.written)
                whole.kept.extend(done.kept)
                whole.skipped.extend(map(photographs.named, done.skipped))
    record.put_in_order()
    return whole


@dataclass(frozen=True)
class _ColorizePlaces:
    """Colors a photograph, by its number among those of all places.

    Attributes
    ----------
    starts : sequence of int
        The number of each place's first photograph.
    """

    tasks: Sequence[ColorizeChunk]
    starts: Sequence[int]

    def __call__(self, chunk: Chunk) -> ColorizedChunk:
        (number,) = chunk.indices
        place = bisect_right(self.starts, number) - 1
        return self.tasks[place](Chunk([number - self.starts[place]]))


def _skip(key: str, error: BadImage | UnusableName) -> Skip:
    if isinstance(error, UnusableName):
        return Skip(key, "bad-name", f"its picture cannot be written: {error.why}")
    return Skip(key, error.reason, error.detail)


def _colored_by(path: Path, params: ColorizeParams) -> str:
    """Return a digest of everything that a picture depends on, except its photograph."""
    how = f"{params.temperature!r}\n{params.damaged}\n{__version__}"
    if params.class_name is not None:
        how += f"\n{params.class_name}"
    return digest_of_bytes(f"{digest_of_file(path)}\n{how}".encode())


def _report_names(targets: Targets, reporter: Reporter) -> None:
    if targets.renamed:
        reporter.note(
            f"{len(targets.renamed)} photographs, such as {targets.renamed[0]}, have names that "
            "differ from others only in the ending: their pictures keep it, as in a.jpg.png"
        )


def _write_png(path: Path, pixels: Pixels) -> None:
    """Write a PNG that is marked as sRGB, without other metadata."""
    chunks = PngInfo()
    chunks.add(b"sRGB", b"\0")  # perceptual rendering intent, as for photographs
    Image.fromarray(pixels).save(path, "PNG", pnginfo=chunks)


def _find_photographs(inputs: Sequence[str | Path], workspace: Workspace) -> list[PhotographSource]:
    """Find the given photographs; single files come last, grouped by folder."""
    places: list[PhotographSource] = []
    files: dict[Path, list[str]] = {}
    for given in inputs:
        if is_url(given):
            places.append(PhotographSource(shown_url(str(given)), find_images(given)))
            continue
        path = workspace.input_path(given)
        if path.is_dir() or path.name.lower().endswith(NAME_ENDINGS):
            places.append(PhotographSource(str(path), find_images(path)))
        elif path.is_file():
            files.setdefault(path.parent, []).append(path.name)
        else:
            raise InputError(f"there is no file or folder {path}")
    for root, names in files.items():
        places.append(PhotographSource(str(root), folder_source(root, names)))
    return places
