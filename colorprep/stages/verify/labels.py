"""Checking and repairing a folder of labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...artifacts import load_npy
from ...errors import ArtifactError
from ...images.skip import count_by_reason
from ...images.source import Source, digest_of, has_image_ending
from ...places import Location
from ...printable import first_of
from ...progress import Reporter
from ...quantize.labeling import IGNORE
from ...seen import open_seen
from ...shards.checks import shard_problems
from ...shards.files import LabelFiles
from ...shards.manifest import MANIFEST, SKIPPED, read_manifest, read_skipped
from ...shards.map_digests import DIGESTS, read_map_digests
from ...shards.maps import ENDING, map_path
from ...shards.plan import PLAN, Plan, mask_decoder_of, plan_quantizer, read_plan, write_plan
from ...shards.resuming import find_plan
from ...shards.sidecar import sidecar_path
from ...shards.writer import shard_path
from ...storage import AT_ONCE, local_copies, remove_each
from ...workspace import Workspace
from ..class_rules import with_classes
from ..classifying import recorded_classifier
from ..labels.stage import Beside, complete
from ..passes import open_passes
from ..source import ImageParams, masked, open_source
from .deep import AHEAD, compare_maps, compare_shards
from .problem import Problem

if TYPE_CHECKING:  # torch is slow to import
    from ...training.classifier import FrozenClassifier

NOT_MADE = "not made yet"


@dataclass
class LabelsCheck:
    """Result of checking a folder of labels.

    Attributes
    ----------
    n_compared : int or None
        Images that were labeled again and compared; None if not requested.
    """

    problems: list[Problem] = field(default_factory=list)
    n_compared: int | None = None


def labels_problems(
    folder: Location,
    deep: bool,
    images: ImageParams,
    segments: str | Path | None,
    features: str | Path | None,
    workspace: Workspace,
    reporter: Reporter,
) -> LabelsCheck:
    """Check a folder of labels.

    Parameters
    ----------
    deep : bool
        Make all labels again from the images, and compare.
    images : ImageParams
        The source of the images, and the workers.
    segments : str, Path or None
        The masks of the images, for labels that hold segments.
    features : str, Path or None
        The classifier, for labels that hold features; None finds the packaged one.

    Raises
    ------
    ArtifactError
        If the folder contains no labels.
    InputError
        With `deep`, if masks or a classifier are needed and not given, or the other way round.
    """
    try:
        plan = find_plan(folder)
    except ArtifactError as error:
        return LabelsCheck([Problem(folder / PLAN, str(error))])
    if plan is None:
        raise ArtifactError(
            f"{folder} holds no labels (neither {PLAN} nor {MANIFEST}); `colorprep verify` checks "
            "a folder of labels, a prior.npz, a weights.npz or an .npy prior, and `colorprep "
            "audit` checks images"
        )
    files = LabelFiles(folder)
    check = LabelsCheck([*_manifest_problems(folder, plan), *_skipped_problems(files, plan)])
    if plan.format == "npy":
        source = open_source(images, workspace, reporter)
        found = list(_map_problems(files, plan, source, reporter))
        check.problems = _each_once([*check.problems, *found], files)
        if deep:
            bad = {problem.path for problem in found}
            differing, check.n_compared = compare_maps(files, plan, source, bad, images, reporter)
            check.problems += differing
        return check
    begun = [number for number in range(plan.n_shards) if files.has_shard(number)]
    check.problems += [*_unfinished(folder, plan, begun), *_stray_shards(files, plan)]
    check.problems = _each_once(check.problems, files)
    sound = []
    for number, texts in _each_shard(files, begun, plan, reporter):
        check.problems += [Problem(shard_path(folder, number), text) for text in texts]
        if not texts:
            sound.append(number)
    if deep:
        source = open_source(images, workspace, reporter, class_from=plan.settings.class_from)
        source = masked(source, segments, images, workspace)
        classifier = _classifier_of(plan, features, workspace)
        differing, check.n_compared = compare_shards(
            files, sound, plan, source, classifier, images, reporter
        )
        check.problems += differing
    return check


def repair_labels(
    folder: Location,
    bad: set[Location],
    images: ImageParams,
    segments: str | Path | None,
    features: str | Path | None,
    workspace: Workspace,
    reporter: Reporter,
) -> None:
    """Make the wrong files again, and nothing else.

    Parameters
    ----------
    bad : set of Path or Url
        The wrong files.
    images : ImageParams
        The source of the images, and the workers.
    segments : str, Path or None
        The masks of the images, for labels that hold segments.
    features : str, Path or None
        The classifier, for labels that hold features; None finds the packaged one.

    Raises
    ------
    ArtifactError
        If the plan cannot be read, or the images are no longer those of the labels.
    InputError
        If masks or a classifier are needed and not given, or the other way round.
    """
    plan = find_plan(folder)
    assert plan is not None
    _check_agreement(folder, plan)
    source = open_source(images, workspace, reporter, class_from=plan.settings.class_from)
    source = masked(source, segments, images, workspace)
    mask_decoder_of(plan, source)
    if digest_of(source, range(len(source.keys))) != plan.digest:
        raise ArtifactError(
            f"{folder} cannot be repaired from {source.name}: its images are not those that were "
            f"labeled ({plan.n_files} files, or other sizes); give the right ones with --dir, or "
            "run the same `colorprep labels` again, which labels changed images again"
        )
    beside = Beside(classifier=_classifier_of(plan, features, workspace))
    with open_passes(images, reporter) as passes, open_seen(workspace.root, source) as seen:
        write_plan(folder, plan)
        wrong = bad - {folder, *(folder / name for name in (PLAN, MANIFEST, SKIPPED, DIGESTS))}
        remove_each(sidecar_path(path) if plan.format == "h5" else path for path in wrong)
        plan = with_classes(plan, source, images, workspace)
        complete(LabelFiles(folder), plan, source, passes, seen, beside)


def _classifier_of(
    plan: Plan, given: str | Path | None, workspace: Workspace
) -> FrozenClassifier | None:
    return recorded_classifier(plan.settings.features, given, workspace, "these labels")


def _check_agreement(folder: Location, plan: Plan) -> None:
    """Reject a plan that the manifest contradicts: by it, good shards would be removed."""
    try:
        finished_plan = read_plan(folder / MANIFEST)
    except (FileNotFoundError, ArtifactError):
        return
    earlier = replace(
        plan,
        classes=plan.classes[: len(finished_plan.classes)],
        n_files=finished_plan.n_files,
        digest=finished_plan.digest,
        segments=plan.segments[: len(finished_plan.segments)],
    )
    one_segment = len(plan.segments) == 1 and plan != finished_plan
    if one_segment or earlier != finished_plan:
        raise ArtifactError(
            f"{folder / PLAN} and {folder / MANIFEST} contradict each other, so nothing was "
            "repaired; delete the wrong one of them (plan.json, if the labels were finished), and "
            "verify again"
        )


def _each_once(problems: list[Problem], files: LabelFiles) -> list[Problem]:
    """Leave out that the manifest is missing, if that is because shards or maps are."""
    if files.size(MANIFEST) is None and any(NOT_MADE in problem.what for problem in problems):
        return [problem for problem in problems if problem.path != files.folder / MANIFEST]
    return problems


def _manifest_problems(folder: Location, plan: Plan) -> Iterator[Problem]:
    """Yield the problems of plan.json and manifest.json."""
    try:
        read_plan(folder / PLAN)
    except FileNotFoundError:
        yield Problem(folder / PLAN, f"{folder / PLAN} is missing")
    except ArtifactError as error:
        yield Problem(folder / PLAN, str(error))
    try:
        manifest = read_manifest(folder)
        if read_plan(folder / MANIFEST) != plan:
            yield Problem(
                folder / MANIFEST, "it belongs to another plan; the labels are not finished"
            )
        elif manifest["n_shards"] != plan.n_shards:
            yield Problem(folder / MANIFEST, "its number of shards is not that of the plan")
    except (ArtifactError, KeyError) as error:
        yield Problem(folder / MANIFEST, str(error))


def _skipped_problems(files: LabelFiles, plan: Plan) -> Iterator[Problem]:
    """Yield the problems of skipped.csv, if the manifest can be read."""
    folder = files.folder
    path = folder / SKIPPED
    try:
        counts = read_manifest(folder)["skipped"]
    except (ArtifactError, KeyError):
        return  # `_manifest_problems` reports it
    try:
        listed = read_skipped(folder)
    except ArtifactError as error:
        yield Problem(path, str(error))
        return
    shards = files.facts(range(plan.n_shards)).values()
    missing = {skip for shard in shards for skip in shard.skipped} - set(listed)
    if files.size(SKIPPED) is None:
        yield Problem(path, "it is missing")
    elif missing or count_by_reason(listed) != counts:
        yield Problem(path, "it does not list the images that were skipped")


def _each_shard(
    files: LabelFiles, numbers: Sequence[int], plan: Plan, reporter: Reporter
) -> Iterator[tuple[int, list[str]]]:
    """Yield the numbers of shards and what is wrong with each, and track progress."""
    quantizer = plan_quantizer(plan, files.folder / PLAN)
    paths = [shard_path(files.folder, number) for number in numbers]
    copies = local_copies(paths, AHEAD)
    with reporter.track(len(numbers), "shards", "verifying") as advance:
        for number, path, copy in zip(numbers, paths, copies, strict=True):
            yield number, shard_problems(path, copy, plan, quantizer)
            advance(1)


def _unfinished(folder: Location, plan: Plan, begun: Sequence[int]) -> Iterator[Problem]:
    """Yield one problem for all shards that are not made yet."""
    there = set(begun)
    missing = [number for number in range(plan.n_shards) if number not in there]
    paths = [shard_path(folder, number) for number in missing]
    if len(paths) == 1:
        yield Problem(paths[0], f"it is {NOT_MADE}")
    elif paths:
        names = first_of([Path(path.name).stem for path in paths])
        text = f"{len(paths):,} of {plan.n_shards:,} shards are {NOT_MADE}: {names}"
        yield Problem(folder, f"{text}; run the same `colorprep labels` to make them")


def _stray_shards(files: LabelFiles, plan: Plan) -> Iterator[Problem]:
    """Yield the shards that are not in the plan; they are never read."""
    own = {shard_path(files.folder, number).name for number in range(plan.n_shards)}
    for name in sorted(set(files.names()) - own):
        if fnmatchcase(name, "shard-*[0-9].h5") and "/" not in name:
            text = "it is not in the plan and is never read; remove it"
            yield Problem(files.folder / name, text, "suspected")


def _map_problems(
    files: LabelFiles, plan: Plan, source: Source, reporter: Reporter
) -> Iterator[Problem]:
    """Yield the problems of label maps."""
    folder = files.folder
    n_bins = len(plan_quantizer(plan, folder / PLAN).centers)
    skipped = {skip.key for skip in read_skipped(folder)}
    digests = read_map_digests(folder)
    there = [key for key in source.keys if files.size(f"{key}{ENDING}") is not None]
    unknown = set() if digests is None else {key for key in there if key not in digests}
    for key in sorted(unknown):
        text = f"{DIGESTS} has no digest of the image it was made from"
        yield Problem(map_path(folder, key), text)
    paths = [map_path(folder, key) for key in there if key not in unknown]
    with reporter.track(len(paths), "images", "verifying") as advance:
        for path, copy in zip(paths, local_copies(paths, AT_ONCE), strict=True):
            yield from (Problem(path, text) for text in _map_problem(path, copy, n_bins))
            advance(1)
    found = skipped.union(there)
    missing = [key for key in source.keys if key not in found]
    if len(missing) == 1 or files.size(MANIFEST) is not None:
        text = f"it is {NOT_MADE}" if files.size(MANIFEST) is None else "it is missing"
        yield from (Problem(map_path(folder, key), text) for key in missing)
    elif missing:
        names = first_of([f"{key}{ENDING}" for key in missing])
        text = f"{len(missing):,} of {plan.n_files:,} label maps are {NOT_MADE}: {names}"
        yield Problem(folder, f"{text}; run the same `colorprep labels` to make them")
    yield from _stray_maps(files, source)


def _map_problem(path: Location, copy: Path, n_bins: int) -> Iterator[str]:
    """Yield what is wrong with a label map, of which there is a copy on this disk."""
    try:
        label = load_npy(copy)
    except ArtifactError as error:
        yield f"it is damaged ({error})".replace(str(copy), str(path))
        return
    if label.dtype != np.uint16 or label.ndim != 2:
        yield f"its array is {label.dtype} {label.shape}, not a two-dimensional uint16 map"
    elif np.any((label >= n_bins) & (label != IGNORE)):
        yield f"a label is neither below {n_bins} nor {IGNORE}"


def _stray_maps(files: LabelFiles, source: Source) -> Iterator[Problem]:
    """Yield one problem for all label maps without an image."""
    own = set(source.keys) | set(read_map_digests(files.folder) or ())
    maps = (name for name in files.names() if name.endswith(ENDING))
    keys = (name.removesuffix(ENDING) for name in maps)
    strays = sorted(f"{key}{ENDING}" for key in keys if has_image_ending(key) and key not in own)
    if strays:
        text = f"{len(strays):,} label maps belong to no image of the source: {first_of(strays)}"
        yield Problem(files.folder, text, "suspected")
