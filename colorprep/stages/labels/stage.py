"""`colorprep labels`: label every image, into shards or one .npy each.

The plan of the folder is written first and the manifest last. In between a run may be broken off at
any point: the same command finds what is finished and does the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ...artifacts import versions
from ...atomic import remove_leftovers
from ...curriculum.scoring import SCORE_SIZE, ImageScorer
from ...errors import InputError
from ...finite import check_finite
from ...images.reader import Fit, ImageReader
from ...images.skip import Skip, count_by_reason
from ...images.source import Source, digest_of
from ...locks import sole_process
from ...progress import Reporter
from ...quantize.ab import ab_lattice
from ...quantize.quantizer import Quantizer
from ...quantize.spec import quantizer_state
from ...seen import SeenBook, open_seen
from ...shards.compression import filter_options
from ...shards.manifest import write_manifest, write_skipped
from ...shards.plan import Plan, Settings, labeler_of, reader_of, write_plan
from ...shards.resuming import continued, planned, sidecars, unfinished_shards
from ...workspace import LABELS, PRIOR, Workspace
from ..passes import check_strict, open_passes
from ..priors import PriorProbs, read_prior
from ..scoring import NOTHING_TO_SCORE, Scoring, scoring_beside
from ..source import ImageParams, open_source, report_enlarged, report_skips
from .changed import changed_images, forget, report_changes
from .folder import check_free, remove_labels
from .maps import WriteMaps, WrittenMaps, label_to_maps
from .shards import LabelBatch, LabeledBatch, label_to_shards


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
        check_finite(self)
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
    """Result of `colorprep labels`.

    Attributes
    ----------
    folder : Path
    quantizer : Quantizer
    n_images, n_shards, n_bytes : int
        Of all labels in the folder.
    n_done_before : int
        Shards that were found finished.
    skipped : list of Skip
    digest : str or None
        Of the bytes of all shards; None for label maps.
    """

    folder: Path
    quantizer: Quantizer
    n_images: int
    n_shards: int
    n_bytes: int
    n_done_before: int
    skipped: list[Skip]
    digest: str | None = None


def run(params: LabelsParams, workspace: Workspace, reporter: Reporter) -> LabelsResult:
    """Label every image of a source; continue where an earlier run stopped.

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
        If the folder contains something else, or labels of other images or settings.
    OutputError
        If another process labels into the folder, or there is no room or permission to write.
    InputError
        If no image could be read, or the parameters do not fit together.
    ColorprepError
        With `images.strict`, at the first bad image.
    """
    folder = workspace.path(params.output or LABELS)
    with sole_process(folder, "labeled", reporter):
        return _label(params, folder, workspace, reporter)


def _label(
    params: LabelsParams, folder: Path, workspace: Workspace, reporter: Reporter
) -> LabelsResult:
    if params.overwrite or planned(folder) is None:
        check_free(folder, params.overwrite)
    source = open_source(params.images, workspace, reporter)
    check_strict(source.skipped, params.images.strict)
    prior = prior_of(params, workspace, reporter)
    workspace.own_folder(params.output or LABELS)
    asked = plan_of(params, quantizer_of(prior))
    with open_seen(workspace.root, source) as seen:
        plan = _begin(folder, asked, source, params, seen, reporter)
        if params.pixels != SCORE_SIZE or params.fit != "stretch":
            return complete(folder, plan, source, params.images, reporter, seen)
        counted = None if prior is None else prior.counted
        with scoring_beside(source, params.images, counted, workspace, reporter) as scoring:
            return complete(folder, plan, source, params.images, reporter, seen, scoring)


def complete(
    folder: Path,
    plan: Plan,
    source: Source,
    images: ImageParams,
    reporter: Reporter,
    seen: SeenBook,
    scoring: Scoring = NOTHING_TO_SCORE,
) -> LabelsResult:
    """Make the missing parts of a planned label folder.

    Parameters
    ----------
    folder : Path
    plan : Plan
    source : Source
    images : ImageParams
        By whom the work is done, and how strictly; the rules of decoding are the plan's.
    reporter : Reporter
    seen : SeenBook
        Where to record which bytes were labeled.
    scoring : Scoring
        The scores to be computed in the same pass.

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

    def keep(done: LabeledBatch | WrittenMaps) -> None:
        """Store the scores and digests of a batch."""
        seen.add(done.digests)
        scoring.keep(done.scores)

    result, n_enlarged = label(folder, plan, reader, images, reporter, scoring.scorer, keep)
    if result.n_images == 0:
        remove_labels(folder)
    report_skips(result.skipped, result.n_images, reporter)
    report_enlarged(n_enlarged, reader.size, reporter)
    write_skipped(folder, result.skipped)
    write_manifest(
        folder,
        plan,
        {
            "n_images": result.n_images,
            "n_shards": result.n_shards,
            "labels_digest": result.digest,
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
        params.images.damaged,
    )
    shard_size = params.shard_size if params.format == "h5" else 0
    return Plan(params.format, settings, shard_size, params.shuffle, quantizer_state(quantizer))


def _begin(
    folder: Path,
    asked: Plan,
    source: Source,
    params: LabelsParams,
    seen: SeenBook,
    reporter: Reporter,
) -> Plan:
    """Find out what to make, and write it down before anything is made."""
    there = None if params.overwrite else planned(folder)
    if there is None:
        remove_labels(folder)
        everything = range(len(source.keys))
        plan = asked.extended(source, everything, digest_of(source, everything))
    else:
        plan = continued(there, asked, source, params.extend, folder, reporter.warn)
        changes = changed_images(folder, plan, source, seen, params.images, reporter)
        remove_leftovers(folder)
        write_plan(folder, plan)
        report_changes(changes, reporter)
        forget(folder, changes)
        return plan
    write_plan(folder, plan)
    return plan


def _label_shards(
    folder: Path,
    plan: Plan,
    reader: ImageReader,
    images: ImageParams,
    reporter: Reporter,
    scorer: ImageScorer | None,
    keep: Callable[[LabeledBatch | WrittenMaps], None],
) -> tuple[LabelsResult, int]:
    labeler = labeler_of(plan)
    todo = unfinished_shards(folder, plan, reader.source)
    n_enlarged = 0
    n_before = plan.n_shards - len(todo)
    if n_before:
        reporter.note(f"{n_before} of {plan.n_shards} shards are there already")
    if todo:
        task = LabelBatch(reader, labeler, scorer)
        with open_passes(images, reporter) as passes:
            n_enlarged = label_to_shards(passes, task, todo, plan, folder, keep)
    n_images = n_bytes = 0
    skipped = list(reader.source.skipped)
    digest = hashlib.sha256()
    for sidecar in sidecars(folder, plan):
        digest.update(bytes.fromhex(sidecar.sha256))
        n_images += len(sidecar.rows)
        n_bytes += sidecar.n_bytes
        skipped += sidecar.skipped
    skipped.sort()
    check_strict(skipped, images.strict)
    result = LabelsResult(
        folder, labeler.quantizer, n_images, plan.n_shards, n_bytes, n_before, skipped,
        digest.hexdigest()[:32],
    )  # fmt: skip
    return result, n_enlarged


def _label_maps(
    folder: Path,
    plan: Plan,
    reader: ImageReader,
    images: ImageParams,
    reporter: Reporter,
    scorer: ImageScorer | None,
    keep: Callable[[LabeledBatch | WrittenMaps], None],
) -> tuple[LabelsResult, int]:
    for path in {folder, *(path.parent for path in folder.rglob("*.tmp"))}:
        remove_leftovers(path)
    labeler = labeler_of(plan)
    with open_passes(images, reporter) as passes:
        task = WriteMaps(reader, labeler, folder.resolve(), scorer)
        done = label_to_maps(passes, task, reader.source, keep)
    skipped = sorted([*reader.source.skipped, *done.skipped])
    return LabelsResult(
        folder, labeler.quantizer, done.n_images, 0, done.n_bytes, 0, skipped
    ), done.n_enlarged


def _stride(params: LabelsParams) -> int:
    return params.stride or (4 if params.format == "h5" else 1)


def quantizer_of(prior: PriorProbs | None) -> Quantizer:
    """Return the quantizer that labels: a prior's, or ab313 where there is none."""
    return ab_lattice() if prior is None else prior.quantizer


def prior_of(params: LabelsParams, workspace: Workspace, reporter: Reporter) -> PriorProbs | None:
    """Return the prior that parameters ask for, or the workspace's, if it has one."""
    path = workspace.input_path(params.prior, PRIOR)
    if params.prior is None and not path.exists():
        reporter.note(f"no {PRIOR} here: labeling with ab313")
        return None
    prior = read_prior(path, reporter)
    rules = params.images.decoding
    if prior.counted is not None and prior.counted.meta.get("decoding", rules) != rules:
        shown = workspace.shown(path)
        reporter.warn(
            f"{shown} was counted with other settings of --icc, --orientation or --damaged"
        )
    return prior
