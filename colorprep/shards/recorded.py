"""The images that finished labels were made from, as the files of a label folder record them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..images.source import has_image_ending
from .files import LabelFiles
from .manifest import MANIFEST, read_skipped
from .map_digests import read_map_digests
from .maps import ENDING
from .plan import Plan, Segment
from .sidecar import Sidecar

UNTOUCHED = "kills-workers"  # the one reason to skip an image whose bytes were not read


@dataclass(frozen=True)
class Recorded:
    """The images of one shard, or of all label maps.

    Attributes
    ----------
    digests : dict of str to str or None
        By key, of the bytes of each image; None if an earlier version did not record it.
    unread : list of str
        Keys of the images whose bytes could not be read.
    shard : int or None
        Number of the shard; None for label maps.
    """

    digests: dict[str, str | None]
    unread: list[str] = field(default_factory=list)
    shard: int | None = None


@dataclass
class KnownImages:
    """The images of a segment that its files name.

    Attributes
    ----------
    is_complete : bool
        Whether `keys` are all images of the segment.
    has_digests : bool
        Whether the digests of all `keys` are recorded.
    """

    keys: set[str] = field(default_factory=set)
    is_complete: bool = True
    has_digests: bool = True


def numbers_of(segment: Segment) -> range:
    """Return the numbers of the shards of a segment."""
    return range(segment.first_shard, segment.first_shard + segment.n_shards)


def recorded(files: LabelFiles, plan: Plan) -> Iterator[Recorded]:
    """Yield the images of finished labels, shard by shard; those of label maps all at once."""
    if plan.format == "npy":
        yield Recorded(_map_digests(files))
        return
    for number, sidecar in files.finished(range(plan.n_shards)):
        yield Recorded(sidecar.digests, _unread(sidecar), number)


def known_images(files: LabelFiles, plan: Plan) -> list[KnownImages]:
    """Return the images of each segment, from its sidecars, even if their shards are lost.

    Label maps have no fixed slices, so all of them count as one segment.
    """
    if plan.format == "npy":
        digests = _map_digests(files)
        keys = {*digests, *(skip.key for skip in read_skipped(files.folder))}
        has_digests = None not in digests.values()
        return [KnownImages(keys, files.size(MANIFEST) is not None, has_digests)]
    segments = []
    for segment in plan.segments:
        images = KnownImages()
        n_read = 0
        for _, sidecar in files.sidecars(numbers_of(segment)):
            n_read += 1
            images.keys |= keys_of(sidecar)
            images.has_digests &= None not in sidecar.digests.values()
        images.is_complete = n_read == segment.n_shards
        segments.append(images)
    return segments


def keys_of(sidecar: Sidecar) -> set[str]:
    """Return the keys of all inputs of a shard."""
    return {*sidecar.rows, *(skip.key for skip in sidecar.skipped)}


def _unread(sidecar: Sidecar) -> list[str]:
    return [
        skip.key
        for skip in sidecar.skipped
        if skip.key not in sidecar.digests and skip.reason != UNTOUCHED
    ]


def _map_digests(files: LabelFiles) -> dict[str, str | None]:
    digests = read_map_digests(files.folder)
    if digests is not None:
        return digests
    keys = (name.removesuffix(ENDING) for name in files.names() if name.endswith(ENDING))
    return {key: None for key in keys if has_image_ending(key)}
