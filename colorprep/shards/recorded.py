"""The images that finished labels were made from, as the files of a label folder record them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from ..images.key_index import MISSING, KeyIndex
from ..images.source import Source, has_image_ending
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


@dataclass(frozen=True)
class KnownImages:
    """The images of a segment that its files name.

    Attributes
    ----------
    indices : ndarray of shape (n,), int64
        Those that are in the source, in order.
    gone : set of str
        The keys of the others.
    is_complete : bool
        Whether these are all images of the segment.
    has_digests : bool
        Whether the digests of all of them are recorded.
    """

    indices: NDArray[np.int64]
    gone: set[str]
    is_complete: bool
    has_digests: bool


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


def known_images(files: LabelFiles, plan: Plan, source: Source) -> list[KnownImages]:
    """Return the images of each segment, from its sidecars, even if their shards are lost.

    Label maps have no fixed slices, so all of them count as one segment.
    """
    key_index = KeyIndex(source.keys)
    if plan.format == "npy":
        digests = _map_digests(files)
        keys = {*digests, *(skip.key for skip in read_skipped(files.folder))}
        images = _Gathered(key_index)
        images.add(keys, digests)
        return [images.known(files.size(MANIFEST) is not None)]
    segments = []
    for segment in plan.segments:
        images, n_read = _Gathered(key_index), 0
        for _, sidecar in files.sidecars(numbers_of(segment)):
            n_read += 1
            images.add(keys_of(sidecar), sidecar.digests)
        segments.append(images.known(n_read == segment.n_shards))
    return segments


class _Gathered:
    """The images of a segment, as far as files were read."""

    def __init__(self, key_index: KeyIndex) -> None:
        self._key_index = key_index
        self._indices = [np.empty(0, np.int64)]
        self._gone: set[str] = set()
        self._has_digests = True

    def add(self, keys: set[str], digests: Mapping[str, str | None]) -> None:
        """Add the images that a file names."""
        indices = self._key_index.find(keys)
        self._indices.append(indices[indices != MISSING])
        self._gone.update(compress(keys, indices == MISSING))
        self._has_digests &= None not in digests.values()

    def known(self, is_complete: bool) -> KnownImages:
        """Return all that was added."""
        indices = np.unique(np.concatenate(self._indices))
        return KnownImages(indices, self._gone, is_complete, self._has_digests)


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
