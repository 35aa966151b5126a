"""Checking and repairing a folder of labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...artifacts import load_npy
from ...errors import ArtifactError
from ...images.skip import count_by_reason
from ...images.source import Source, digest_of, has_image_ending
from ...progress import Reporter
from ...quantize.labeling import IGNORE
from ...seen import open_seen
from ...shards.checks import shard_problems
from ...shards.manifest import MANIFEST, SKIPPED, read_manifest, read_skipped
from ...shards.map_digests import DIGESTS, read_map_digests
from ...shards.maps import map_path, map_size
from ...shards.plan import PLAN, Plan, mask_decoder_of, plan_quantizer, read_plan, write_plan
from ...shards.resuming import find_plan, first_keys
from ...shards.sidecar import finished, sidecar_path
from ...shards.writer import shard_path
from ...workspace import Workspace
from ..class_rules import with_classes
from ..classifying import recorded_classifier
from ..labels.stage import Beside, complete
from ..source import ImageParams, masked, open_source
from .deep import compare_maps, compare_shards
from .problem import Problem

if TYPE_CHECKING:  # torch is slow to import
    from ...training.classifier import FrozenClassifier


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
    folder: Path,
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
        raise ArtifactError(f"{folder} holds no labels (neither {PLAN} nor {MANIFEST})")
    check = LabelsCheck([*_manifest_problems(folder, plan), *_skipped_problems(folder, plan)])
    if plan.format == "npy":
        source = open_source(images, workspace, reporter)
        found = list(_map_problems(folder, plan, source, reporter))
        check.problems += found
        if deep:
            bad = {problem.path for problem in found}
            differing, check.n_compared = compare_maps(folder, plan, source, bad, images, reporter)
            check.problems += differing
        return check
    check.problems += [*_unfinished(folder, plan), *_stray_shards(folder, plan)]
    quantizer = plan_quantizer(plan, folder / PLAN)
    sound = []
    for number in _begun(folder, plan, reporter):
        path = shard_path(folder, number)
        texts = shard_problems(path, plan, quantizer)
        check.problems += [Problem(path, text) for text in texts]
        if not texts:
            sound.append(path)
    if deep:
        source = masked(open_source(images, workspace, reporter), segments, images, workspace)
        classifier = _classifier_of(plan, features, workspace)
        differing, check.n_compared = compare_shards(
            sound, plan, source, classifier, images, reporter
        )
        check.problems += differing
    return check


def repair_labels(
    folder: Path,
    bad: set[Path],
    images: ImageParams,
    segments: str | Path | None,
    features: str | Path | None,
    workspace: Workspace,
    reporter: Reporter,
) -> None:
    """Make the wrong files again, and nothing else.

    Parameters
    ----------
    bad : set of Path
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
    source = masked(open_source(images, workspace, reporter), segments, images, workspace)
    mask_decoder_of(plan, source)
    if digest_of(source, range(len(source.keys))) != plan.digest:
        raise ArtifactError(
            f"{folder} cannot be repaired from {source.name}: its images are not those that were "
            f"labeled ({plan.n_files} files, or other sizes); give the right ones with --dir, or "
            "run the same `colorprep labels` again, which labels changed images again"
        )
    beside = Beside(classifier=_classifier_of(plan, features, workspace))
    write_plan(folder, plan)
    for path in bad - {folder, *(folder / name for name in (PLAN, MANIFEST, SKIPPED, DIGESTS))}:
        if plan.format == "h5":
            sidecar_path(path).unlink(missing_ok=True)
        else:
            path.unlink(missing_ok=True)
    plan = with_classes(plan, source, images, workspace)
    with open_seen(workspace.root, source) as seen:
        complete(folder, plan, source, images, reporter, seen, beside)


def _classifier_of(
    plan: Plan, given: str | Path | None, workspace: Workspace
) -> FrozenClassifier | None:
    return recorded_classifier(plan.settings.features, given, workspace, "these labels")


def _check_agreement(folder: Path, plan: Plan) -> None:
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


def _manifest_problems(folder: Path, plan: Plan) -> Iterator[Problem]:
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


def _skipped_problems(folder: Path, plan: Plan) -> Iterator[Problem]:
    """Yield the problems of skipped.csv, if the manifest can be read."""
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
    done = (finished(shard_path(folder, number)) for number in range(plan.n_shards))
    missing = {skip for sidecar in done if sidecar for skip in sidecar.skipped} - set(listed)
    if not path.exists():
        yield Problem(path, "it is missing")
    elif missing or count_by_reason(listed) != counts:
        yield Problem(path, "it does not list the images that were skipped")


def _begun(folder: Path, plan: Plan, reporter: Reporter) -> Iterator[int]:
    """Yield the numbers of the shards that have any file, and track progress."""
    with reporter.track(plan.n_shards, "shards", "verifying") as advance:
        for number in range(plan.n_shards):
            if _is_begun(folder, number):
                yield number
            advance(1)


def _is_begun(folder: Path, number: int) -> bool:
    path = shard_path(folder, number)
    return path.exists() or sidecar_path(path).exists()


def _unfinished(folder: Path, plan: Plan) -> Iterator[Problem]:
    """Yield one problem for all shards that are not made yet."""
    paths = [shard_path(folder, n) for n in range(plan.n_shards) if not _is_begun(folder, n)]
    if len(paths) == 1:
        yield Problem(paths[0], "it is not made yet")
    elif paths:
        names = first_keys([path.stem for path in paths])
        text = f"{len(paths):,} of {plan.n_shards:,} shards are not made yet: {names}"
        yield Problem(folder, f"{text}; run the same `colorprep labels` to make them")


def _stray_shards(folder: Path, plan: Plan) -> Iterator[Problem]:
    """Yield the shards that are not in the plan; they are never read."""
    own = {shard_path(folder, number).stem for number in range(plan.n_shards)}
    for path in sorted(folder.glob("shard-*[0-9].h5")):
        if path.stem not in own:
            yield Problem(path, "it is not in the plan and is never read; remove it", "suspected")


def _map_problems(
    folder: Path, plan: Plan, source: Source, reporter: Reporter
) -> Iterator[Problem]:
    """Yield the problems of label maps."""
    n_bins = len(plan_quantizer(plan, folder / PLAN).centers)
    skipped = {skip.key for skip in read_skipped(folder)}
    digests = read_map_digests(folder)
    missing = []
    with reporter.track(len(source.keys), "images", "verifying") as advance:
        for key in source.keys:
            path = map_path(folder, key)
            advance(1)
            if map_size(folder, key) is None:
                missing += [path] if key not in skipped else []
            elif digests is not None and key not in digests:
                yield Problem(path, f"{DIGESTS} has no digest of the image it was made from")
            else:
                yield from _map_problem(path, n_bins)
    if len(missing) == 1 or (folder / MANIFEST).exists():
        yield from (Problem(path, "it is missing") for path in missing)
    elif missing:
        names = first_keys([path.relative_to(folder).as_posix() for path in missing])
        text = f"{len(missing):,} of {plan.n_files:,} label maps are not made yet: {names}"
        yield Problem(folder, f"{text}; run the same `colorprep labels` to make them")
    yield from _stray_maps(folder, source)


def _map_problem(path: Path, n_bins: int) -> Iterator[Problem]:
    try:
        label = load_npy(path)
    except ArtifactError as error:
        yield Problem(path, f"it is damaged ({error})")
        return
    if label.dtype != np.uint16 or label.ndim != 2:
        yield Problem(
            path, f"its array is {label.dtype} {label.shape}, not a two-dimensional uint16 map"
        )
    elif np.any((label >= n_bins) & (label != IGNORE)):
        yield Problem(path, f"a label is neither below {n_bins} nor {IGNORE}")


def _stray_maps(folder: Path, source: Source) -> Iterator[Problem]:
    """Yield one problem for all label maps without an image."""
    keys = set(source.keys) | set(read_map_digests(folder) or ())
    maps = (path.relative_to(folder) for path in folder.rglob("*.npy"))
    names = (path.as_posix() for path in maps if has_image_ending(path.stem))
    strays = sorted(name for name in names if name.removesuffix(".npy") not in keys)
    if strays:
        text = f"{len(strays):,} label maps belong to no image of the source: {first_keys(strays)}"
        yield Problem(folder, text, "suspected")
