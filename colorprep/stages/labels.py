"""`colorprep labels`: label every image, into shards or one .npy each.

The plan of the folder is written first and the manifest last. In between a run may be broken off at
any point: the same command finds what is finished and does the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..artifacts import load_prior, versions
from ..atomic import TEMPORARY, remove_leftovers
from ..balance.prior import Prior
from ..curriculum.scoring import SCORE_SIZE
from ..errors import InputError, OutputExists
from ..images.reader import Fit, ImageReader
from ..images.skip import Skip, count_by_reason
from ..images.source import Source, digest_of, has_image_ending
from ..locks import sole_process
from ..progress import Reporter
from ..quantize.ab import ab_lattice
from ..quantize.quantizer import Quantizer
from ..quantize.spec import quantizer_state
from ..shards.compression import filter_options
from ..shards.manifest import MANIFEST, SKIPPED, write_manifest, write_skipped
from ..shards.plan import PLAN, Plan, Settings, labeler_of, reader_of, write_plan
from ..shards.resuming import continued, planned, sidecars, unfinished_shards
from ..workspace import Workspace
from .images import (
    ImageParams,
    check_strict,
    open_engine,
    open_source,
    report_enlarged,
    report_skips,
)
from .label_maps import WriteMaps, label_to_maps
from .label_shards import LabelBatch, label_to_shards
from .scoring import NOTHING_TO_SCORE, Scoring, scoring_beside
from .weights import PRIOR_NAME

LABELS_NAME = "labels"


@dataclass(frozen=True)
class LabelsParams:
    """What `colorprep labels` is to do.

    Attributes
    ----------
    images : ImageParams
    prior : str, Path or None
        Whose quantizer labels; None takes the workspace's ``prior.npz``, and ab313 where there
        is none.
    format : {"h5", "npy"}
    size : int, "native" or None
        None takes 256 for shards, native for ``npy``. Shards need one size.
    stride : int or None
        Labels are of every stride-th row and column; None takes 4 for shards, 1 for ``npy``.
    fit : {"stretch", "crop"}
        Whether images are stretched to the size, or cut to their middle square first.
    lowpass : float or None
        Blurs the color that is labeled, see `colorprep.color.lowpass`.
    soft : int
        Shards also hold so many of each pixel's likeliest bins, with their probabilities.
    keep : {"rgb"} or None
        Shards also hold the pixels.
    compression : {"none", "gzip", "lz4", "zstd"}
        Of shards; readers map only uncompressed ones.
    shard_size : int
        Keys in a shard.
    shuffle : int or None
        A seed: shards hold the images in an order of chance, the same for the same seed.
    extend : bool
        Whether images that are new in the source may be added to labels that are there.
    overwrite : bool
        Whether labels that are there already may be replaced.
    output : str, Path or None
        None for ``labels/``.
    """

    images: ImageParams = field(default_factory=ImageParams)
    prior: str | Path | None = None
    format: Literal["h5", "npy"] = "h5"
    size: int | Literal["native"] | None = None
    stride: int | None = None
    fit: Fit = "stretch"
    lowpass: float | None = None
    soft: int = 0
    keep: Literal["rgb"] | None = None
    compression: str = "none"
    shard_size: int = 1024
    shuffle: int | None = None
    extend: bool = False
    overwrite: bool = False
    output: str | Path | None = None

    def __post_init__(self) -> None:
        """Refuse what does not fit together, before any image is read."""
        if self.format == "h5" and self.size == "native":
            raise InputError(
                "a shard holds images of one size: give --size N, or --format npy for native size"
            )
        if self.format == "npy":
            only_shards = {
                "--soft": self.soft,
                "--keep": self.keep,
                "--shuffle": self.shuffle is not None,
                "--compression": self.compression != "none",
            }
            for option, given in only_shards.items():
                if given:
                    raise InputError(f"{option} is for shards; --format npy holds hard labels only")
        if self.fit == "crop" and self.pixels is None:
            raise InputError("--fit crop needs one --size N to cut to")
        if self.lowpass is not None and not self.lowpass >= 1:
            raise InputError(f"--lowpass must be 1 or more pixels, got {self.lowpass}")
        if self.extend and self.overwrite:
            raise InputError("--extend keeps the labels that --overwrite would replace; choose one")
        filter_options(self.compression)

    @property
    def pixels(self) -> int | None:
        """The side that images are brought to; None for native size."""
        size = self.size or (256 if self.format == "h5" else "native")
        return None if size == "native" else size


@dataclass(frozen=True)
class LabelsResult:
    """What `colorprep labels` did.

    Attributes
    ----------
    folder : Path
    quantizer : Quantizer
    n_images, n_shards, n_bytes : int
        Of all labels in the folder.
    n_done_before : int
        Shards that were found finished.
    skipped : list of Skip
    """

    folder: Path
    quantizer: Quantizer
    n_images: int
    n_shards: int
    n_bytes: int
    n_done_before: int
    skipped: list[Skip]


def run(params: LabelsParams, workspace: Workspace, reporter: Reporter) -> LabelsResult:
    """Label every image of a source; go on where an earlier run stopped.

    Parameters
    ----------
    params : LabelsParams
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    LabelsResult

    Raises
    ------
    OutputExists
        If the folder holds something else, or labels of other images or settings.
    OutputError
        If another process labels into the folder, or there is no room or permission to write.
    InputError
        If no image could be read, or the parameters do not fit together.
    ColorprepError
        With `images.strict`, at the first bad image.
    """
    folder = workspace.path(params.output or LABELS_NAME)
    with sole_process(folder, "labeled", reporter):
        return _label(params, folder, workspace, reporter)


def _label(
    params: LabelsParams, folder: Path, workspace: Workspace, reporter: Reporter
) -> LabelsResult:
    if params.overwrite or planned(folder) is None:
        _check_free(folder, params.overwrite)
    source = open_source(params.images, workspace)
    check_strict(source.skipped, params.images)
    prior = prior_of(params, workspace, reporter)
    plan = _begin(folder, plan_of(params, quantizer_of(prior)), source, params)
    if params.pixels != SCORE_SIZE or params.fit != "stretch":
        return complete(folder, plan, source, params.images, reporter)
    with scoring_beside(source, params.images, prior, workspace, reporter) as scoring:
        return complete(folder, plan, source, params.images, reporter, scoring)


def complete(
    folder: Path,
    plan: Plan,
    source: Source,
    images: ImageParams,
    reporter: Reporter,
    scoring: Scoring = NOTHING_TO_SCORE,
) -> LabelsResult:
    """Make what is missing of a planned label folder.

    Parameters
    ----------
    folder : Path
    plan : Plan
    source : Source
    images : ImageParams
        By whom the work is done, and how strictly; the rules of decoding are the plan's.
    reporter : Reporter
    scoring : Scoring
        What is to be done for scores, besides.

    Returns
    -------
    LabelsResult

    Raises
    ------
    InputError
        If no image could be read.
    ColorprepError
        With `images.strict`, at the first bad image.
    """
    label = _label_shards if plan.format == "h5" else _label_maps
    reader = reader_of(plan, source)
    result, n_enlarged = label(folder, plan, reader, images, reporter, scoring)
    if result.n_images == 0:
        _remove_labels(folder)
    report_skips(result.skipped, result.n_images, reporter)
    report_enlarged(n_enlarged, reader.size, reporter)
    write_skipped(folder, result.skipped)
    write_manifest(
        folder,
        plan,
        {
            "n_images": result.n_images,
            "n_shards": result.n_shards,
            "skipped": count_by_reason(result.skipped),
            "versions": versions("numpy", "pillow", "simplejpeg", "h5py"),
        },
    )
    return result


def plan_of(params: LabelsParams, quantizer: Quantizer) -> Plan:
    """Return what parameters ask for, without images."""
    settings = Settings(
        quantizer.name,
        quantizer.fingerprint,
        params.pixels or "native",
        params.fit,
        _stride(params),
        params.lowpass,
        params.soft,
        params.keep,
        params.compression,
        params.images.icc,
        params.images.orientation,
    )
    shard_size = params.shard_size if params.format == "h5" else 0
    return Plan(params.format, settings, shard_size, params.shuffle, quantizer_state(quantizer))


def _begin(folder: Path, asked: Plan, source: Source, params: LabelsParams) -> Plan:
    """Find out what to make, and write it down before anything is made."""
    there = None if params.overwrite else planned(folder)
    if there is None:
        _remove_labels(folder)
        everything = range(len(source.keys))
        plan = asked.extended(source, everything, digest_of(source, everything))
    else:
        plan = continued(there, asked, source, params.extend, folder)
        remove_leftovers(folder)
    write_plan(folder, plan)
    return plan


def _label_shards(
    folder: Path,
    plan: Plan,
    reader: ImageReader,
    images: ImageParams,
    reporter: Reporter,
    scoring: Scoring,
) -> tuple[LabelsResult, int]:
    labeler = labeler_of(plan)
    todo = unfinished_shards(folder, plan, reader.source)
    n_enlarged = 0
    n_before = plan.n_shards - len(todo)
    if n_before:
        reporter.note(f"{n_before} of {plan.n_shards} shards are there already")
    if todo:
        task = LabelBatch(reader, labeler, scoring.scorer)
        with open_engine(images) as engine:
            n_enlarged = label_to_shards(
                engine, task, todo, plan, folder, images, reporter, scoring.keep
            )
    n_images = n_bytes = 0
    skipped = list(reader.source.skipped)
    for sidecar in sidecars(folder, plan):
        n_images += len(sidecar.rows)
        n_bytes += sidecar.n_bytes
        skipped += sidecar.skipped
    skipped.sort()
    check_strict(skipped, images)
    return LabelsResult(
        folder, labeler.quantizer, n_images, plan.n_shards, n_bytes, n_before, skipped
    ), n_enlarged


def _label_maps(
    folder: Path,
    plan: Plan,
    reader: ImageReader,
    images: ImageParams,
    reporter: Reporter,
    scoring: Scoring,
) -> tuple[LabelsResult, int]:
    for path in {folder, *(path.parent for path in folder.rglob("*.tmp"))}:
        remove_leftovers(path)
    labeler = labeler_of(plan)
    with open_engine(images) as engine:
        task = WriteMaps(reader, labeler, folder.resolve(), scoring.scorer)
        done = label_to_maps(engine, task, reader.source, images, reporter, scoring.keep)
    skipped = sorted([*reader.source.skipped, *done.skipped])
    return LabelsResult(
        folder, labeler.quantizer, done.n_images, 0, done.n_bytes, 0, skipped
    ), done.n_enlarged


def _stride(params: LabelsParams) -> int:
    return params.stride or (4 if params.format == "h5" else 1)


def quantizer_of(prior: Prior | None) -> Quantizer:
    """Return the quantizer that labels: a prior's, or ab313 where there is none."""
    return ab_lattice() if prior is None else prior.quantizer


def prior_of(params: LabelsParams, workspace: Workspace, reporter: Reporter) -> Prior | None:
    """Return the prior that parameters ask for, or the workspace's, if it has one."""
    path = workspace.path(params.prior or PRIOR_NAME)
    if params.prior is None and not path.exists():
        reporter.note(f"no {PRIOR_NAME} here: labeling with ab313")
        return None
    prior = load_prior(path)
    rules = {"icc": params.images.icc, "orientation": params.images.orientation}
    if prior.meta.get("decoding", rules) != rules:
        shown = workspace.shown(path)
        reporter.warn(f"{shown} was counted by other rules of --icc or --orientation")
    return prior


def _check_free(folder: Path, overwrite: bool) -> None:
    if not overwrite and any(entry.suffix != TEMPORARY for entry in folder.iterdir()):
        raise OutputExists(
            f"{folder} holds something else than labels; give another folder with -o"
        )


def _remove_labels(folder: Path) -> None:
    """Remove what an earlier run wrote, and nothing else."""
    if not folder.exists():
        return
    # The manifest goes first: what it vouches for is about to change.
    for name in (MANIFEST, PLAN, SKIPPED):
        (folder / name).unlink(missing_ok=True)
    for path in folder.glob("shard-*[0-9].*"):
        path.unlink()
    for path in folder.rglob("*.npy"):
        if has_image_ending(path.stem):
            path.unlink()
    remove_leftovers(folder)
