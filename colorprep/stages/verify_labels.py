"""Checking and repairing a folder of labels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import ArtifactError, BadImage
from ..images.skip import count_by_reason
from ..images.source import Source, digest_of
from ..progress import Reporter
from ..quantize.labeling import IGNORE
from ..shards.checks import shard_problems
from ..shards.manifest import MANIFEST, SKIPPED, read_manifest, read_skipped
from ..shards.maps import map_path
from ..shards.plan import (
    PLAN,
    Plan,
    labeler_of,
    plan_quantizer,
    read_plan,
    reader_of,
    write_plan,
)
from ..shards.reader import ShardReader
from ..shards.resuming import planned
from ..shards.sidecar import finished, sidecar_path
from ..shards.writer import shard_path
from ..workspace import Workspace
from .images import ImageParams, open_source
from .labels import complete

SAMPLE = 64  # images that --deep makes again

Found = tuple[Path, str]


def labels_problems(
    folder: Path, deep: bool, images: ImageParams, workspace: Workspace, reporter: Reporter
) -> list[Found]:
    """Return what is wrong with a folder of labels.

    Parameters
    ----------
    folder : Path
    deep : bool
        Make a sample of the labels again from the images, and compare.
    images : ImageParams
        Where the images are.
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    list of (Path, str)
        Which file, and what is wrong with it.

    Raises
    ------
    ArtifactError
        If the folder holds no labels.
    """
    try:
        plan = planned(folder)
    except ArtifactError as error:
        return [(folder / PLAN, str(error))]
    if plan is None:
        raise ArtifactError(f"{folder} holds no labels (neither {PLAN} nor {MANIFEST})")
    problems = [*_manifest_problems(folder, plan), *_skipped_problems(folder, plan)]
    if plan.format == "npy":
        return problems + list(_map_problems(folder, plan, images, workspace, reporter))
    quantizer = plan_quantizer(plan, folder / PLAN)
    sound = []
    with reporter.track(plan.n_shards, "shards", "verifying") as advance:
        for number in range(plan.n_shards):
            path = shard_path(folder, number)
            found = shard_problems(path, plan, quantizer)
            problems += [(path, text) for text in found]
            if not found:
                sound.append(path)
            advance(1)
    if deep and sound:
        source = open_source(images, workspace)
        problems += _differing(sound, plan, source)
    return problems


def repair_labels(
    folder: Path,
    bad: set[Path],
    images: ImageParams,
    workspace: Workspace,
    reporter: Reporter,
) -> None:
    """Make again what is wrong, and nothing else.

    Parameters
    ----------
    folder : Path
    bad : set of Path
        Files that were found wrong.
    images : ImageParams
        Where the images are, and by whom the work is done.
    workspace : Workspace
    reporter : Reporter

    Raises
    ------
    ArtifactError
        If the plan cannot be read, or the images are no longer those of the labels.
    """
    plan = planned(folder)
    assert plan is not None
    _check_agreement(folder, plan)
    source = open_source(images, workspace)
    if digest_of(source, range(len(source.keys))) != plan.digest:
        raise ArtifactError(
            f"{folder} cannot be repaired from {source.name}: its images are not those that were "
            f"labeled ({plan.n_files} files, or other sizes); give the right ones with --dir"
        )
    write_plan(folder, plan)
    for path in bad - {folder / PLAN, folder / MANIFEST}:
        if plan.format == "h5":
            sidecar_path(path).unlink(missing_ok=True)
        else:
            path.unlink(missing_ok=True)
    complete(folder, plan, source, images, reporter)


def _check_agreement(folder: Path, plan: Plan) -> None:
    """Refuse to make anything by a plan that the manifest contradicts: good shards would go."""
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


def _manifest_problems(folder: Path, plan: Plan) -> Iterator[Found]:
    """Give what is wrong with plan.json and manifest.json."""
    try:
        read_plan(folder / PLAN)
    except FileNotFoundError:
        yield folder / PLAN, f"{folder / PLAN} is missing"
    except ArtifactError as error:
        yield folder / PLAN, str(error)
    try:
        manifest = read_manifest(folder)
        if read_plan(folder / MANIFEST) != plan:
            yield folder / MANIFEST, "it is of another plan; the labels are not finished"
        elif manifest["n_shards"] != plan.n_shards:
            yield folder / MANIFEST, "it counts other shards than the plan"
    except (ArtifactError, KeyError) as error:
        yield folder / MANIFEST, str(error)


def _skipped_problems(folder: Path, plan: Plan) -> Iterator[Found]:
    """Give what is wrong with skipped.csv, by the sidecars and a manifest that can be read."""
    path = folder / SKIPPED
    try:
        counts = read_manifest(folder)["skipped"]
    except (ArtifactError, KeyError):
        return  # which is told elsewhere
    try:
        listed = read_skipped(folder)
    except ArtifactError as error:
        yield path, str(error)
        return
    done = (finished(shard_path(folder, number)) for number in range(plan.n_shards))
    missing = {skip for sidecar in done if sidecar for skip in sidecar.skipped} - set(listed)
    if not path.exists():
        yield path, "it is missing"
    elif missing or count_by_reason(listed) != counts:
        yield path, "it does not list the images that were skipped"


def _differing(paths: Sequence[Path], plan: Plan, source: Source) -> Iterator[Found]:
    """Make a sample of labels again, and give those that come out otherwise."""
    rows = [(path, row, key) for path in paths for row, key in enumerate(ShardReader(path).keys)]
    rows.sort(key=lambda item: hashlib.sha256(item[2].encode()).digest())
    wanted = {key for _, _, key in rows[:SAMPLE]}
    indices = {key: index for index, key in enumerate(source.keys) if key in wanted}
    reader, labeler = reader_of(plan, source), labeler_of(plan)
    assert reader.size is not None
    room = labeler.room(1, reader.size)
    for path, row, key in rows[:SAMPLE]:
        if key not in indices:
            yield path, f"{key} is no longer in the source"
            continue
        try:
            labeler.label_into(reader.read(indices[key]).pixels, room, 0)
        except BadImage as error:
            yield path, f"{key} can no longer be read ({error})"
            continue
        arrays = ShardReader(path).arrays
        names = [name for name in room if not np.array_equal(arrays[name][row], room[name][0])]
        if names:
            yield path, f"{key} gives other {', '.join(names)} now than the shard holds"


def _map_problems(
    folder: Path, plan: Plan, images: ImageParams, workspace: Workspace, reporter: Reporter
) -> Iterator[Found]:
    """Give what is wrong with label maps, one .npy an image."""
    n_bins = len(plan_quantizer(plan, folder / PLAN).centers)
    source = open_source(images, workspace)
    skipped = {skip.key for skip in read_skipped(folder)}
    with reporter.track(len(source.keys), "images", "verifying") as advance:
        for key in source.keys:
            path = map_path(folder, key)
            advance(1)
            if key in skipped and not path.exists():
                continue
            try:
                label = np.load(path, allow_pickle=False)
            except FileNotFoundError:
                yield path, "it is missing"
                continue
            except (ValueError, OSError, EOFError) as error:
                yield path, f"it is damaged ({error})"
                continue
            if label.dtype != np.uint16 or label.ndim != 2:
                yield path, f"it holds {label.dtype} {label.shape}, not a map of uint16"
            elif np.any((label >= n_bins) & (label != IGNORE)):
                yield path, f"a label is neither below {n_bins} nor {IGNORE}"
