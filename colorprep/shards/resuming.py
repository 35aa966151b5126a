"""Resuming a plan: which parts are done, and which images the rest needs."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..errors import ArtifactError, OutputExists
from ..images.source import Keys, Source, digest_of
from ..places import Location
from ..printable import first_of
from .files import LabelFiles
from .manifest import MANIFEST
from .plan import PLAN, Plan, Segment, differences, in_shard_order, read_plan
from .recorded import KnownImages, keys_of, known_images, numbers_of


def find_plan(folder: Location) -> Plan | None:
    """Return the plan of a label folder, None if it has none.

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


def plan_to_continue(
    existing: Plan,
    requested: Plan,
    source: Source,
    extend: bool,
    files: LabelFiles,
    warn: Callable[[str], object],
) -> Plan:
    """Return the plan to continue with.

    Parameters
    ----------
    existing : Plan
        The plan of the folder.
    requested : Plan
        The plan of this command, without images.
    extend : bool
        Whether images that are new in the source may be added.
    warn : callable
        Receives warnings for the user.

    Returns
    -------
    Plan
        The existing plan, with the present sizes of its images and, with `extend`, a further
        segment for the new ones.

    Raises
    ------
    OutputExists
        If settings or images differ; the message says how.
    ArtifactError
        If an unfinished folder does not say which images it was planned for.
    """
    differing = differences(existing, requested)
    if differing:
        raise OutputExists(
            f"{files.folder} was made with other settings ({'; '.join(differing)}); give the same "
            "ones to continue, another -o, or --overwrite to start anew"
        )
    digest = digest_of(source, range(len(source.keys)))
    if digest == existing.digest:
        return existing
    known = known_images(files, existing, source)
    gone = _gone(known, source, existing)
    new = _rest(known, source)
    n_open = 0  # planned images that no file names yet
    if not all(images.is_complete for images in known):
        n_named = sum(len(images.indices) + len(images.gone) for images in known)
        n_open = sum(segment.n_files for segment in existing.segments) - n_named
    if not gone and len(new) == n_open:
        if not all(images.has_digests for images in known):
            raise OutputExists(_OF_OTHER_SIZES.format(folder=files.folder))
        return _renewed(existing, source, known, files)
    if not extend:
        shown = [] if n_open else new
        raise OutputExists(_other_images(files.folder, existing, source, gone, shown))
    if gone:
        warn(f"{_listed(gone, 'no longer in the source')}; their labels are kept")
    if existing.format == "npy":
        return _replanned(existing, source)
    if n_open:
        raise ArtifactError(
            f"{files.folder} is not finished, so new images cannot be distinguished from those "
            "that are not labeled yet; finish it with the old images first, or start anew with "
            "--overwrite"
        )
    renewed = _renewed(existing, source, known, files)
    return renewed.extended(source, new, digest) if new else renewed


def unfinished_shards(files: LabelFiles, plan: Plan, source: Source) -> dict[int, Sequence[int]]:
    """Return the images of each shard that must be made, by number of the shard, in order.

    Raises
    ------
    ArtifactError
        If it is no longer known which images belong to a missing shard.
    """
    finished = files.facts(range(plan.n_shards))
    missing: dict[int, Sequence[int]] = {}
    known: list[KnownImages] | None = None
    for place, segment in enumerate(plan.segments):
        numbers = [number for number in numbers_of(segment) if number not in finished]
        if numbers:
            images: Sequence[int] = range(len(source.keys))
            if len(plan.segments) > 1:  # else `continued` compared the plan with the source
                known = known or known_images(files, plan, source)
                images = _images_of(place, known, source)
                if digest_of(source, images) != segment.digest:
                    raise _changed(files.folder, segment)
            slices = _slices(segment, images, plan, source)
            missing.update((number, slices[number]) for number in numbers)
    return missing


def _slices(
    segment: Segment, images: Sequence[int], plan: Plan, source: Source
) -> dict[int, Sequence[int]]:
    """Return the images of each shard of a segment, by its number."""
    order = in_shard_order(source, images, plan.shuffle)
    starts = enumerate(range(0, len(order), plan.shard_size), segment.first_shard)
    return {number: order[start : start + plan.shard_size] for number, start in starts}


def _images_of(place: int, known: Sequence[KnownImages], source: Source) -> Sequence[int]:
    """Return the images of a segment: those in its sidecars, or all that are in no other one."""
    if known[place].is_complete:
        return _numbers(known[place].indices)
    return _rest([each for number, each in enumerate(known) if number != place], source)


def _rest(known: Iterable[KnownImages], source: Source) -> Sequence[int]:
    """Return the images of a source that are in no segment, in order."""
    is_left = np.ones(len(source.keys), np.bool_)
    for images in known:
        is_left[images.indices] = False
    return _numbers(np.flatnonzero(is_left))


def _numbers(indices: NDArray[np.int64]) -> Sequence[int]:
    """Return indices as Python's numbers, which are made when they are asked for."""
    return array("q", indices.tobytes())


def _renewed(
    existing: Plan, source: Source, known: Sequence[KnownImages], files: LabelFiles
) -> Plan:
    """Return a plan with the present sizes of its images.

    Raises
    ------
    OutputExists
        If finished shards hold other images than the plan would put into them.
    """
    if existing.format == "npy":
        return _replanned(existing, source)
    segments = []
    for place, segment in enumerate(existing.segments):
        images = _images_of(place, known, source)
        if len(images) == segment.n_files:
            slices = _slices(segment, images, existing, source)
            for number, sidecar in files.finished(slices):
                if keys_of(sidecar) != {source.keys[index] for index in slices[number]}:
                    raise OutputExists(_other_images(files.folder, existing, source, [], []))
            segment = replace(segment, digest=digest_of(source, images))
        elif not known[place].is_complete:
            raise _changed(files.folder, segment)
        segments.append(segment)
    digest = digest_of(source, range(len(source.keys)))
    return replace(existing, n_files=len(source.keys), digest=digest, segments=segments)


def _replanned(existing: Plan, source: Source) -> Plan:
    """Return a plan of label maps for all images of a source; old classes keep their ids."""
    everything = range(len(source.keys))
    empty = replace(existing, segments=[])
    return empty.extended(source, everything, digest_of(source, everything))


def _gone(known: Iterable[KnownImages], source: Source, plan: Plan) -> list[str]:
    """Return the keys that were labeled and are no longer in the source."""
    gone: set[str] = set().union(*(images.gone for images in known))
    # For label maps, skipped images may be lines of a list that are not in the source.
    missing = {skip.key for skip in source.skipped if plan.format == "npy"}
    return sorted(gone - missing)


def _other_images(
    folder: Location, existing: Plan, source: Source, gone: Sequence[str], new: Sequence[int]
) -> str:
    found = [_listed(Keys(source.keys[index] for index in new), "new")] if new else []
    found += [_listed(gone, "gone")] if gone else []
    if not found and existing.n_files == len(source.keys):
        found = ["under other names"]
    detail = f" ({'; '.join(found)})" if found else ""
    return (
        f"the images are not those of {folder}: {existing.n_files} files there, "
        f"{len(source.keys)} in the source{detail}; "
        "--extend labels the new ones, --overwrite starts over"
    )


def _listed(keys: Sequence[str], what: str) -> str:
    verb = "image is" if len(keys) == 1 else "images are"
    return f"{len(keys):,} {verb} {what}: {first_of(keys)}"


def _changed(folder: Location, segment: Segment) -> ArtifactError:
    return ArtifactError(
        f"the images of {folder} have changed since shards {segment.first_shard} and following "
        "were planned; restore the old ones, or start over with --overwrite"
    )


_OF_OTHER_SIZES = (
    "images of {folder} have changed in size since they were labeled; it is unknown which ones, "
    "since an earlier version, which kept no digests of images, made these labels; --overwrite "
    "starts anew"
)
