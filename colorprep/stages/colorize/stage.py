"""`colorprep colorize`: color photographs by a trained network, keeping their lightness.

The network sees a photograph stretched to the size it was trained at, as in `evaluate`: objects at
another scale come out in blotches. Its colors are then enlarged to the photograph's own resolution,
in bands.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ... import __version__
from ...errors import InputError
from ...images.digests import digest_of_bytes, digest_of_file
from ...images.folder import folder_source
from ...images.opening import find_images
from ...images.reader import ImageReader
from ...images.skip import Skip
from ...images.volumes import NAME_ENDINGS
from ...locks import sole_process
from ...places import is_url, shown_url
from ...progress import Reporter
from ...report.numbers import quantity
from ...training.checkpoint import Checkpoint, load_checkpoint
from ...training.devices import choose_device
from ...training.models.inputs import takes
from ...training.models.outputs import HEADS
from ...training.prediction import Conditions, distribution_of, photograph_outputs
from ...workspace import COLORIZED, Workspace
from ..checkpoints import Origin, choose_checkpoint, origin_of, report_origin
from ..conditions import class_id_of, classifier_of, warn_of_temperature
from ..early_checks import check_there
from ..pictures import PhotographSource, Targets, check_maps, choose_targets, entropy_path
from ..source import read_given_list, report_passed_over, report_skips
from .coloring import Coloring, ColorizeChunk, colorize_all
from .hint_files import HintFile, find_hints
from .params import ColorizeParams
from .picture_record import PictureRecord
from .sheets import check_sheets, write_sheets


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
    entropy_maps : list of Path
        Beside all pictures, if requested.
    sheets : list of Path
        Pictures beside their photographs, see `sheets`.
    """

    origin: Origin
    written: list[Path]
    kept: list[Path]
    skipped: list[Skip]
    entropy_maps: list[Path] = field(default_factory=list)
    sheets: list[Path] = field(default_factory=list)

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
        If there is no photograph, or a picture would replace one; if the network takes a class or
        features that are not given, or does not take hints that are, or has no entropy; if hints
        cannot be used.
    OutputExists
        If the path of the pictures' record is not a file, or that of a sheet is another file.
    OutputError
        If another process colorizes into the folder.
    """
    path = choose_checkpoint(params.checkpoint, workspace, reporter, colors=True)
    checkpoint = load_checkpoint(path)
    origin = origin_of(path, checkpoint.config, checkpoint.progress)
    folder = workspace.path(params.output or COLORIZED)
    places = _find_photographs(params, workspace)
    for photographs in places:
        report_passed_over(photographs.source, reporter)
    targets = choose_targets(places, folder)
    check_sheets(folder)
    if params.entropy:
        check_maps(targets, places)
    coloring = _coloring(checkpoint, path, params, targets, workspace)
    workspace.own_folder(params.output or COLORIZED)
    _report_names(targets, reporter)
    report_origin("coloring by", origin, workspace, reporter)
    warn_of_temperature(checkpoint, params.temperature, reporter)
    with sole_process(folder, "written to", reporter):
        record = PictureRecord(folder)
        tasks = [
            ColorizeChunk(
                ImageReader(photographs.source, damaged=params.damaged),
                coloring,
                paths,
                record,
                reporter,
            )
            for photographs, paths in zip(places, targets.paths, strict=True)
        ]
        done = colorize_all(tasks, places, record, params.workers, reporter)
        sheets = write_sheets(folder, tasks, done.written, record, params.workers, reporter)
    done.skipped.extend(targets.skipped)
    if done.kept:
        reporter.note(
            f"kept {quantity(len(done.kept), 'picture')} already made from the same photographs by "
            f"the same network (according to {record.path.name})"
        )
    report_skips(done.skipped, len(done.written), reporter)
    maps = list(map(entropy_path, done.written)) if params.entropy else []
    return ColorizeResult(origin, done.written, done.kept, done.skipped, maps, sheets)


def _coloring(
    checkpoint: Checkpoint,
    path: Path,
    params: ColorizeParams,
    targets: Targets,
    workspace: Workspace,
) -> Coloring:
    """Return how photographs are colored; refuse what the network does not take or predict."""
    if not HEADS[checkpoint.head].gives_colors:
        raise InputError(
            f"{path} predicts {checkpoint.head}, not colors; give a run that colors with "
            "--checkpoint"
        )
    if params.hints is not None and "hints" not in takes(checkpoint.model):
        raise InputError(
            f"the network {checkpoint.config['model']} takes no hints; omit --hints, or use a run "
            "of siggraph17"
        )
    if params.entropy:
        distribution_of(checkpoint.heads)
    conditions = Conditions(
        class_id_of(checkpoint, params.class_name),
        classifier_of(checkpoint, params.features, workspace),
    )
    hints: dict[Path, HintFile] = {}
    if params.hints is not None:
        pictures = [target for each in targets.paths for target in each if target is not None]
        folder = workspace.path(params.output or COLORIZED)
        hints = find_hints(workspace.input_path(params.hints), pictures, folder)
    device = choose_device(params.device)
    checkpoint.model.to(device)
    return Coloring(
        checkpoint,
        partial(photograph_outputs, checkpoint, device=device),
        _colored_by(path, params),
        params.temperature,
        conditions,
        hints,
        params.entropy,
    )


def _colored_by(path: Path, params: ColorizeParams) -> str:
    """Return a digest of everything that a picture depends on, except its photograph."""
    how = f"{params.temperature!r}\n{params.damaged}\n{__version__}"
    if params.class_name is not None:
        how += f"\n{params.class_name}"
    return digest_of_bytes(f"{digest_of_file(path)}\n{how}".encode())


def _report_names(targets: Targets, reporter: Reporter) -> None:
    if targets.renamed:
        reporter.note(
            f"the names of {quantity(len(targets.renamed), 'photograph')}, such as "
            f"{targets.renamed[0]}, differ from others only in the ending: their pictures keep it, "
            "as in a.jpg.png"
        )


def _find_photographs(params: ColorizeParams, workspace: Workspace) -> list[PhotographSource]:
    """Find the given photographs; single files come last, grouped by folder."""
    listed, list_name = None, ""
    if params.list is not None:
        listed, list_name = read_given_list(params.list, workspace), Path(params.list).name
    places: list[PhotographSource] = []
    files: defaultdict[Path, list[str]] = defaultdict(list)
    for given in params.inputs:
        place = given if is_url(given) else workspace.input_path(given)
        if isinstance(place, Path):
            check_there(place)
        if is_url(place) or _holds_many(Path(place)):
            shown = shown_url(str(place)) if is_url(place) else str(place)
            places.append(PhotographSource(shown, find_images(place, listed, list_name)))
        elif listed is not None:
            raise InputError(
                f"--list chooses among the photographs of a folder or an archive, and {place} is "
                "a single one; leave --list out, or give the folder"
            )
        else:
            files[Path(place).parent].append(Path(place).name)
    for root, names in files.items():
        places.append(PhotographSource(str(root), folder_source(root, names)))
    return places


def _holds_many(path: Path) -> bool:
    return path.is_dir() or path.name.lower().endswith(NAME_ENDINGS)
