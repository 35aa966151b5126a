"""`colorprep labels`: label every image, into shards or one .npy each.

The plan of the folder is written first and the manifest last. In between a run may stop anywhere:
the same command finds what is finished and does the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ...artifacts import versions
from ...atomic import remove_leftovers
from ...curriculum.scoring import SCORE_SIZE
from ...images.reader import ImageReader, Rescaled
from ...images.skip import Skip, count_by_reason
from ...images.source import Source
from ...locks import sole_process
from ...places import Location
from ...progress import Reporter
from ...quantize.quantizer import Quantizer
from ...seen import SeenBook, open_seen
from ...shards.files import LabelFiles
from ...shards.manifest import write_manifest, write_skipped
from ...shards.plan import Plan, labeler_of, reader_of
from ...shards.resuming import find_plan, unfinished_shards
from ...storage import check_writable
from ...workspace import LABELS, Workspace
from ..class_rules import with_classes
from ..classifying import chosen_classifier, threads_restored
from ..passes import Passes, check_strict, open_passes
from ..scoring import NOTHING_TO_SCORE, Scoring, scoring_beside
from ..source import masked, open_source, report_enlarged, report_reduced, report_skips
from .folder import check_free, remove_labels
from .maps import WriteMaps, WrittenMaps, label_to_maps
from .params import LabelsParams
from .planning import begin, plan_of, prior_of, quantizer_of
from .shards import LabelChunk, LabeledChunk, label_to_shards

if TYPE_CHECKING:  # torch is slow to import
    from ...training.classifier import FrozenClassifier


@dataclass(frozen=True)
class LabelsResult:
    """Result of `colorprep labels`.

    Attributes
    ----------
    n_images, n_shards, n_bytes : int
        All in the folder, including those of earlier runs.
    n_done_before : int
        Shards that an earlier run had finished.
    digest : str or None
        Of the bytes of all shards; None for label maps.
    """

    folder: Location
    quantizer: Quantizer
    n_images: int
    n_shards: int
    n_bytes: int
    n_done_before: int
    skipped: list[Skip]
    digest: str | None = None


class Beside(NamedTuple):
    """What is made of images in the same pass as their labels.

    Attributes
    ----------
    scoring : Scoring
        The scores to compute.
    classifier : FrozenClassifier or None
        Gives the features, if the plan has them.
    """

    scoring: Scoring = NOTHING_TO_SCORE
    classifier: FrozenClassifier | None = None


NOTHING_BESIDE = Beside()


def run(params: LabelsParams, workspace: Workspace, reporter: Reporter) -> LabelsResult:
    """Label every image of a source; resume an earlier run.

    Raises
    ------
    OutputExists
        If the folder contains something else, or labels of other images or settings.
    OutputError
        If another process labels into the folder, there is no room or permission to write, or a
        store does not answer.
    InputError
        If no image could be read, or the parameters do not fit together.
    ColorprepError
        With `images.strict`, at the first bad image.
    """
    folder = workspace.location(params.output or LABELS)
    check_writable(folder)
    with sole_process(folder, "labeled", reporter, workspace=workspace.root):
        return _label(params, folder, workspace, reporter)


def _label(
    params: LabelsParams, folder: Location, workspace: Workspace, reporter: Reporter
) -> LabelsResult:
    is_new = params.overwrite or find_plan(folder) is None
    if is_new:
        check_free(folder, params.overwrite)
    source = open_source(params.images, workspace, reporter, class_from=params.class_from)
    check_strict(source.skipped, params.images.strict)
    labeled = masked(source, params.segments, params.images, workspace)
    classifier = chosen_classifier(params.features, workspace)
    prior = prior_of(params, workspace, reporter)
    requested = plan_of(params, quantizer_of(prior), classifier)
    requested = with_classes(requested, source, params.images, workspace)
    files = LabelFiles(folder)
    # Without an engine nothing is labeled, so that nothing is to be written either.
    with open_passes(params.images, reporter) as passes:
        if is_new:  # a folder that holds labels is not empty, so that it would not be marked
            workspace.make_own(folder)
        with open_seen(workspace.root, labeled) as seen:
            plan = begin(files, requested, labeled, params, seen, reporter)
            if params.pixels != SCORE_SIZE or params.fit != "stretch":
                beside = Beside(classifier=classifier)
                return complete(files, plan, labeled, passes, seen, beside)
            counted = None if prior is None else prior.counted
            with scoring_beside(source, params.images, counted, workspace, reporter) as scoring:
                beside = Beside(scoring, classifier)
                return complete(files, plan, labeled, passes, seen, beside)


def complete(
    files: LabelFiles,
    plan: Plan,
    source: Source,
    passes: Passes,
    seen: SeenBook,
    beside: Beside = NOTHING_BESIDE,
) -> LabelsResult:
    """Make the missing parts of a planned label folder.

    Parameters
    ----------
    passes : Passes
        Label the images.
    seen : SeenBook
        Records which bytes were labeled.
    beside : Beside
        What is made in the same pass.

    Raises
    ------
    InputError
        If no image could be read.
    ColorprepError
        If `passes` are strict, at the first bad image.
    """
    folder, reporter = files.folder, passes.reporter
    label = _label_shards if plan.format == "h5" else _label_maps
    reader = reader_of(plan, source)

    def keep(done: LabeledChunk | WrittenMaps) -> None:
        """Store the scores and digests of a chunk."""
        seen.add(done.digests)
        beside.scoring.keep(done.scores)

    result, rescaled = label(files, plan, reader, passes, beside, keep)
    if result.n_images == 0:
        remove_labels(folder)
    report_skips(result.skipped, result.n_images, reporter)
    report_enlarged(rescaled.n_enlarged, reader.size, reporter)
    if plan.settings.fast:
        report_reduced(rescaled.n_reduced, rescaled.n_images, reporter)
    write_skipped(folder, result.skipped)
    write_manifest(
        folder,
        plan,
        {
            "n_images": result.n_images,
            "n_shards": result.n_shards,
            "labels_digest": result.digest,
            "skipped": count_by_reason(result.skipped),
            "versions": versions("numpy", "pillow", "simplejpeg", "h5py", *_packages(plan)),
        },
    )
    return result


def _packages(plan: Plan) -> list[str]:
    """Return the packages on which labels depend beside those of all labels."""
    return [] if plan.settings.features is None else ["torch"]


def _label_shards(
    files: LabelFiles,
    plan: Plan,
    reader: ImageReader,
    passes: Passes,
    beside: Beside,
    keep: Callable[[LabeledChunk | WrittenMaps], None],
) -> tuple[LabelsResult, Rescaled]:
    labeler = labeler_of(plan)
    todo = unfinished_shards(files, plan, reader.source)
    rescaled = Rescaled()
    n_before = plan.n_shards - len(todo)
    if n_before:
        passes.reporter.note(f"{n_before} of {plan.n_shards} shards already exist")
    if todo:
        task = LabelChunk(reader, labeler, beside.scoring.scorer, beside.classifier)
        with threads_restored(beside.classifier):
            rescaled = label_to_shards(passes, task, todo, plan, files, keep)
    n_images = n_bytes = 0
    skipped = list(reader.source.skipped)
    digest = hashlib.sha256()
    for shard in files.facts(range(plan.n_shards)).values():
        digest.update(bytes.fromhex(shard.sha256))
        n_images += shard.n_images
        n_bytes += shard.n_bytes
        skipped += shard.skipped
    skipped.sort()
    check_strict(skipped, passes.strict)
    result = LabelsResult(
        files.folder, labeler.quantizer, n_images, plan.n_shards, n_bytes, n_before, skipped,
        digest.hexdigest()[:32],
    )  # fmt: skip
    return result, rescaled


def _label_maps(
    files: LabelFiles,
    plan: Plan,
    reader: ImageReader,
    passes: Passes,
    beside: Beside,
    keep: Callable[[LabeledChunk | WrittenMaps], None],
) -> tuple[LabelsResult, Rescaled]:
    folder = files.folder
    remove_leftovers(folder)
    if isinstance(folder, Path):
        folder = folder.resolve()
        for path in {path.parent for path in folder.rglob("*.tmp")}:
            remove_leftovers(path)
    labeler = labeler_of(plan)
    task = WriteMaps(reader, labeler, folder, beside.scoring.scorer)
    done = label_to_maps(passes, task, files, keep)
    skipped = sorted([*reader.source.skipped, *done.skipped])
    return LabelsResult(
        files.folder, labeler.quantizer, done.n_images, 0, done.n_bytes, 0, skipped
    ), done.rescaled
