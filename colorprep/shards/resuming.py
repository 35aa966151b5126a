"""What of a plan is done already, and which images the rest is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import ArtifactError, OutputExists
from ..images.source import Source, digest_of
from .manifest import MANIFEST
from .plan import PLAN, Plan, Segment, differences, in_shard_order, read_plan
from .sidecar import Sidecar, finished, read_sidecar
from .writer import shard_path


def planned(folder: Path) -> Plan | None:
    """Return the plan of a label folder; None where there is none.

    Raises
    ------
    ArtifactError
        If plan.json and manifest.json are both damaged, or newer than this version.
    """
    damage: ArtifactError | None = None
    for name in (PLAN, MANIFEST):
        try:
            return read_plan(folder / name)
        except FileNotFoundError:
            pass
        except ArtifactError as error:
            damage = error
    if damage is not None:
        raise damage
    return None


def continued(there: Plan, asked: Plan, source: Source, extend: bool, folder: Path) -> Plan:
    """Return the plan to go on with.

    Parameters
    ----------
    there : Plan
        Of the folder.
    asked : Plan
        Of this command, without images.
    source : Source
    extend : bool
        Whether images that are new in the source may be added.
    folder : Path

    Returns
    -------
    Plan
        The one that is there, or with a further segment of the new images.

    Raises
    ------
    OutputExists
        If settings or images differ; the message tells how.
    """
    differing = differences(there, asked)
    if differing:
        raise OutputExists(
            f"{folder} was made with other settings ({'; '.join(differing)}); give the same ones "
            "to go on, another -o, or --overwrite to start anew"
        )
    everything = range(len(source.keys))
    digest = digest_of(source, everything)
    if digest == there.digest:
        return there
    if not extend:
        raise OutputExists(
            f"the images are not those of {folder}: {there.n_files} files there, "
            f"{len(everything)} in the source, or other sizes; --extend labels those that are new, "
            "--overwrite starts anew"
        )
    known: set[str] = set()
    for segment in there.segments:
        known.update(_keys_of(folder, segment))
    new = [index for index in everything if source.keys[index] not in known]
    return there.extended(source, new, digest) if new else there


def unfinished_shards(folder: Path, plan: Plan, source: Source) -> dict[int, Sequence[int]]:
    """Return the shards that are to be made, and the images of each.

    Parameters
    ----------
    folder : Path
    plan : Plan
    source : Source

    Returns
    -------
    dict of int to sequence of int
        By number of the shard, in order.

    Raises
    ------
    ArtifactError
        If the images of a missing shard can no longer be told.
    """
    missing: dict[int, Sequence[int]] = {}
    for segment in plan.segments:
        numbers = [n for n in _numbers(segment) if finished(shard_path(folder, n)) is None]
        if numbers:
            order = in_shard_order(source, _images_of(segment, plan, source, folder), plan.shuffle)
            for number in numbers:
                start = (number - segment.first_shard) * plan.shard_size
                missing[number] = order[start : start + plan.shard_size]
    return missing


def sidecars(folder: Path, plan: Plan) -> Iterator[Sidecar]:
    """Give the sidecars of all shards, in order.

    Raises
    ------
    ArtifactError
        If a shard is not finished.
    """
    for number in range(plan.n_shards):
        sidecar = finished(shard_path(folder, number))
        if sidecar is None:
            raise ArtifactError(
                f"{shard_path(folder, number)} is not finished; run the same `colorprep labels` "
                "again first"
            )
        yield sidecar


def _numbers(segment: Segment) -> range:
    return range(segment.first_shard, segment.first_shard + segment.n_shards)


def _keys_of(folder: Path, segment: Segment) -> Iterator[str]:
    """Give the keys of a segment, by its sidecars; their shards may be lost."""
    for number in _numbers(segment):
        sidecar = read_sidecar(shard_path(folder, number))
        yield from sidecar.rows
        yield from (skip.key for skip in sidecar.skipped)


def _images_of(segment: Segment, plan: Plan, source: Source, folder: Path) -> Sequence[int]:
    """Return the images of a segment: by its sidecars, or those that no other segment holds."""
    everything = range(len(source.keys))
    if len(plan.segments) == 1:  # then the plan was compared with the source already
        return everything
    try:
        own = set(_keys_of(folder, segment))
        indices = [index for index in everything if source.keys[index] in own]
    except ArtifactError:
        others: set[str] = set()
        for other in plan.segments:
            if other is not segment:
                others.update(_keys_of(folder, other))
        indices = [index for index in everything if source.keys[index] not in others]
    if digest_of(source, indices) != segment.digest:
        raise ArtifactError(
            f"the images of {folder} have changed since shards {segment.first_shard} and on were "
            "planned; bring the old ones back, or start anew with --overwrite"
        )
    return indices
