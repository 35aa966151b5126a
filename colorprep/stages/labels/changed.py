"""Finding images that have changed since they were labeled, and remaking their labels."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...engine import ThreadEngine
from ...errors import OutputExists
from ...images.digests import ReadDigests
from ...images.key_index import MISSING, KeyIndex
from ...images.source import Source
from ...printable import first_of
from ...progress import Reporter
from ...seen import SeenBook
from ...shards.files import LabelFiles
from ...shards.manifest import MANIFEST
from ...shards.maps import ENDING
from ...shards.plan import Plan
from ...shards.recorded import recorded
from ..passes import Passes
from ..source import ImageParams


@dataclass
class Changes:
    """The labeled images that have changed or cannot be read.

    Attributes
    ----------
    keys : list of str
        Images whose bytes have changed.
    shards : set of int
        The shards that hold them; empty for label maps.
    unreadable : list of str
        Images whose bytes cannot be read now.
    n_known, n_unknown : int
        Images with a recorded digest, and without one, since an earlier version labeled them.
    """

    keys: list[str] = field(default_factory=list)
    shards: set[int] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)
    n_known: int = 0
    n_unknown: int = 0


# An image whose bytes must be read: its recorded digest, empty if it could not be read, and the
# number of its shard.
_DOUBT = np.dtype([("index", "<i8"), ("digest", "S32"), ("shard", "<i4")])
_NO_SHARD = -1

_Doubts = NDArray[np.void]


def changed_images(
    files: LabelFiles,
    plan: Plan,
    source: Source,
    seen: SeenBook,
    images: ImageParams,
    reporter: Reporter,
) -> Changes:
    """Find the images that have changed since they were labeled.

    Images whose size and modification time are as before are not read; for the others the digest
    of the bytes decides.

    Raises
    ------
    OutputExists
        If none of several images is the one that was labeled.
    """
    changes = Changes()
    doubts = _in_order(_doubts(files, plan, source, seen, changes))
    n_others = 0
    for index, was, shard, now in _compared(doubts, source, seen, images, reporter):
        key = source.keys[index]
        if now is None and was:
            changes.unreadable.append(key)
        elif now is not None and now != was:
            n_others += bool(was)
            changes.keys.append(key)
            changes.shards |= set() if shard == _NO_SHARD else {shard}
    if changes.n_known == n_others > 1:
        raise OutputExists(
            f"none of the {changes.n_known:,} images labeled in {files.folder} is the same in "
            f"{source.name}: these are other images of the same names; give another -o, or "
            "--overwrite to start over"
        )
    return changes


def report_changes(changes: Changes, reporter: Reporter) -> None:
    """Report the images that have changed, and what happens to their labels."""
    n_changed, n_shards = len(changes.keys), len(changes.shards)
    if n_changed == 1:
        kept = "shard" if n_shards else "map"
        reporter.warn(
            f"1 image changed since it was labeled: {changes.keys[0]}; its {kept} is made again"
        )
    elif n_changed:
        kept = {0: "their maps are", 1: "their shard is"}.get(n_shards, f"{n_shards:,} shards are")
        reporter.warn(
            f"{n_changed:,} images changed since they were labeled: {first_of(changes.keys)}; "
            f"{kept} made again"
        )
    if changes.unreadable:
        reporter.warn(
            f"{len(changes.unreadable):,} labeled images cannot be read now "
            f"({first_of(changes.unreadable)}); their labels stay as they are"
        )
    if changes.n_unknown:
        reporter.note(
            f"{changes.n_unknown:,} images were labeled by an earlier version, which kept no "
            "digests of them: only `colorprep verify --deep` can detect whether they have changed"
        )


def forget(files: LabelFiles, changes: Changes) -> None:
    """Remove the labels of changed images, so that they are made again."""
    if changes.keys:
        # The manifest is removed first, since the files that it describes are about to change.
        files.remove(MANIFEST)
    for number in changes.shards:
        files.remove_shard(number)
    if not changes.shards:
        for key in changes.keys:
            files.remove(f"{key}{ENDING}")


def _doubts(
    files: LabelFiles, plan: Plan, source: Source, seen: SeenBook, changes: Changes
) -> _Doubts:
    """Return the images that may have changed; count the others."""
    key_index = KeyIndex(source.keys)
    doubts = [np.empty(0, _DOUBT)]
    for part in recorded(files, plan):
        shard = _NO_SHARD if part.shard is None else part.shard
        places = key_index.find(part.digests).tolist()
        there = [
            (index, digest)
            for index, digest in zip(places, part.digests.values(), strict=True)
            if index != MISSING
        ]
        digests = {index: digest for index, digest in there if digest is not None}
        changes.n_known += len(digests)
        changes.n_unknown += len(there) - len(digests)
        unchanged = seen.unchanged(digests)
        found = [
            (index, digest.encode(), shard)
            for (index, digest), same in zip(digests.items(), unchanged, strict=True)
            if not same
        ]
        unread = key_index.find(part.unread).tolist()
        found += [(index, b"", shard) for index in unread if index != MISSING]
        doubts.append(np.array(found, _DOUBT))
    return np.concatenate(doubts)


def _in_order(doubts: _Doubts) -> _Doubts:
    """Return doubts in order of their images, the last one of each image."""
    doubts = doubts[np.argsort(doubts["index"], kind="stable")]
    is_last = np.ones(len(doubts), np.bool_)
    is_last[:-1] = np.diff(doubts["index"]) != 0
    kept: _Doubts = doubts[is_last]
    return kept


def _compared(
    doubts: _Doubts, source: Source, seen: SeenBook, images: ImageParams, reporter: Reporter
) -> Iterator[tuple[int, str, int, str | None]]:
    """Yield each image in doubt, its recorded digest, its shard, and its present digest."""
    if not len(doubts):
        return
    # This machine's threads read even if a cluster labels, since it takes no computing.
    passes = Passes(ThreadEngine(images.workers), reporter)
    indices = array("q", doubts["index"].tobytes())
    rest = iter(doubts)
    with passes.each(ReadDigests(source), indices, "checking") as results:
        for digests in results:
            seen.add({index: digest for index, digest in digests.items() if digest is not None})
            for now, doubt in zip(digests.values(), rest, strict=False):
                index, was, shard = doubt.item()
                yield index, was.decode(), shard, now
