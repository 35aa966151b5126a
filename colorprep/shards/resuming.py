"""What of a plan is done already, and which images the rest is made of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import ArtifactError, OutputExists
from ..images.source import Source, digest_of
from .manifest import MANIFEST
from .plan import PLAN, Plan, Segment, differences, in_shard_order, read_plan
from .recorded import KnownImages, keys_of, known_images, numbers_of
from .sidecar import Sidecar, finished
from .writer import shard_path

SHOWN = 3  # images that a message names


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


def continued(
    there: Plan,
    asked: Plan,
    source: Source,
    extend: bool,
    folder: Path,
    warn: Callable[[str], object],
) -> Plan:
    """Return the plan to continue with.

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
    warn : callable
        Receives warnings for the user.

    Returns
    -------
    Plan
        The existing one, perhaps with new sizes of its images, or a further segment of the new
        ones.

    Raises
    ------
    OutputExists
        If settings or images differ; the message says how.
    ArtifactError
        If an unfinished folder does not say which images it was planned for.
    """
    differing = differences(there, asked)
    if differing:
        raise OutputExists(
            f"{folder} was made with other settings ({'; '.join(differing)}); give the same ones "
            "to continue, another -o, or --overwrite to start anew"
        )
    digest = digest_of(source, range(len(source.keys)))
    if digest == there.digest:
        return there
    known = known_images(folder, there)
    keys = set().union(*(images.keys for images in known))
    gone = _gone(keys, source, there)
    new = [index for index, key in enumerate(source.keys) if key not in keys]
    n_open = 0  # images of the plan that are in no file yet
    if not all(images.is_complete for images in known):
        n_open = sum(segment.n_files for segment in there.segments) - len(keys)
    if not gone and len(new) == n_open:
        if not all(images.has_digests for images in known):
            raise OutputExists(_OF_OTHER_SIZES.format(folder=folder))
        return _renewed(there, source, known, folder)
    if not extend:
        raise OutputExists(_other_images(folder, there, source, gone, new if not n_open else []))
    if gone:
        warn(f"{_listed(gone, 'no longer in the source')}; their labels are kept")
    if there.format == "npy":
        return _replanned(there, source)
    if n_open:
        raise ArtifactError(
            f"{folder} is not finished, so new images cannot be distinguished from those that are "
            "not labeled yet; finish it with the old images first, or start anew with "
            "--overwrite"
        )
    renewed = _renewed(there, source, known, folder)
    return renewed.extended(source, new, digest) if new else renewed


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
    known: list[KnownImages] | None = None
    for place, segment in enumerate(plan.segments):
        numbers = [n for n in numbers_of(segment) if finished(shard_path(folder, n)) is None]
        if numbers:
            images: Sequence[int] = range(len(source.keys))
            if len(plan.segments) > 1:  # else the plan was compared with the source already
                known = known or known_images(folder, plan)
                images = _images_of(place, known, source)
                if digest_of(source, images) != segment.digest:
                    raise _changed(folder, segment)
            slices = _slices(segment, images, plan, source)
            missing.update((number, slices[number]) for number in numbers)
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


def named(keys: Sequence[str]) -> str:
    """Return the first keys of some, and how many more there are."""
    more = f" and {len(keys) - SHOWN:,} more" if len(keys) > SHOWN else ""
    return ", ".join(keys[:SHOWN]) + more


def _slices(
    segment: Segment, images: Sequence[int], plan: Plan, source: Source
) -> dict[int, Sequence[int]]:
    """Return the images of each shard of a segment, by its number."""
    order = in_shard_order(source, images, plan.shuffle)
    starts = enumerate(range(0, len(order), plan.shard_size), segment.first_shard)
    return {number: order[start : start + plan.shard_size] for number, start in starts}


def _images_of(place: int, known: Sequence[KnownImages], source: Source) -> Sequence[int]:
    """Return the images of a segment: by its sidecars, or those that no other segment holds."""
    if known[place].is_complete:
        own = known[place].keys
        return [index for index, key in enumerate(source.keys) if key in own]
    others: set[str] = set().union(*(each.keys for n, each in enumerate(known) if n != place))
    return [index for index, key in enumerate(source.keys) if key not in others]


def _renewed(there: Plan, source: Source, known: Sequence[KnownImages], folder: Path) -> Plan:
    """Return a plan with the sizes that its images have now.

    Raises
    ------
    OutputExists
        If finished shards hold other images than those that are to be in them.
    """
    if there.format == "npy":
        return _replanned(there, source)
    segments = []
    for place, segment in enumerate(there.segments):
        images = _images_of(place, known, source)
        if len(images) == segment.n_files:
            for number, slice_ in _slices(segment, images, there, source).items():
                sidecar = finished(shard_path(folder, number))
                if sidecar and keys_of(sidecar) != {source.keys[index] for index in slice_}:
                    raise OutputExists(_other_images(folder, there, source, [], []))
            segment = replace(segment, digest=digest_of(source, images))
        elif not known[place].is_complete:
            raise _changed(folder, segment)
        segments.append(segment)
    digest = digest_of(source, range(len(source.keys)))
    return replace(there, n_files=len(source.keys), digest=digest, segments=segments)


def _replanned(there: Plan, source: Source) -> Plan:
    """Return a plan of label maps for all images of a source; old classes keep their ids."""
    everything = range(len(source.keys))
    empty = replace(there, segments=[])
    return empty.extended(source, everything, digest_of(source, everything))


def _gone(keys: Collection[str], source: Source, plan: Plan) -> list[str]:
    """Return the keys that were labeled and are no longer in the source."""
    # The skipped ones of label maps may be lines of a list.
    found = {*source.keys, *(skip.key for skip in source.skipped if plan.format == "npy")}
    return sorted(key for key in keys if key not in found)


def _other_images(
    folder: Path, there: Plan, source: Source, gone: Sequence[str], new: Sequence[int]
) -> str:
    found = [_listed([source.keys[index] for index in new], "new")] if new else []
    found += [_listed(gone, "gone")] if gone else []
    if not found and there.n_files == len(source.keys):
        found = ["of other names"]
    detail = f" ({'; '.join(found)})" if found else ""
    return (
        f"the images are not those of {folder}: {there.n_files} files there, {len(source.keys)} in "
        f"the source{detail}; --extend labels the new ones, --overwrite starts over"
    )


def _listed(keys: Sequence[str], what: str) -> str:
    verb = "image is" if len(keys) == 1 else "images are"
    return f"{len(keys):,} {verb} {what}: {named(keys)}"


def _changed(folder: Path, segment: Segment) -> ArtifactError:
    return ArtifactError(
        f"the images of {folder} have changed since shards {segment.first_shard} and following "
        "were planned; restore the old ones, or start over with --overwrite"
    )


_OF_OTHER_SIZES = (
    "images of {folder} have changed in size since they were labeled; it is unknown which ones, "
    "since an earlier version, which kept no digests of images, made these labels; --overwrite "
    "starts anew"
)
