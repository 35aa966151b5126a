"""Finding images that have changed since they were labeled, and remaking their labels."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...engine import ThreadEngine
from ...errors import OutputExists
from ...images.digests import ReadDigests
from ...images.source import Source
from ...progress import Reporter
from ...seen import SeenBook
from ...shards.files import LabelFiles
from ...shards.manifest import MANIFEST
from ...shards.maps import ENDING
from ...shards.plan import Plan
from ...shards.recorded import recorded
from ...shards.resuming import first_keys
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


@dataclass(frozen=True)
class _Doubt:
    """An image whose bytes must be read: its recorded digest, and its shard."""

    digest: str | None
    shard: int | None


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
    doubts = _doubts(files, plan, source, seen, changes)
    now = _digests_now(source, sorted(doubts), seen, images, reporter)
    n_others = 0
    for index, doubt in sorted(doubts.items()):
        key = source.keys[index]
        if now[index] is None and doubt.digest is not None:
            changes.unreadable.append(key)
        elif now[index] != doubt.digest:
            n_others += doubt.digest is not None
            changes.keys.append(key)
            changes.shards |= set() if doubt.shard is None else {doubt.shard}
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
            f"{n_changed:,} images changed since they were labeled: {first_keys(changes.keys)}; "
            f"{kept} made again"
        )
    if changes.unreadable:
        reporter.warn(
            f"{len(changes.unreadable):,} labeled images cannot be read now "
            f"({first_keys(changes.unreadable)}); their labels stay as they are"
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
) -> dict[int, _Doubt]:
    """Return, by index, the images that may have changed; count the others."""
    indices = {key: index for index, key in enumerate(source.keys)}
    doubts: dict[int, _Doubt] = {}
    for part in recorded(files, plan):
        digests = {}
        for key, digest in part.digests.items():
            index = indices.get(key)
            if index is not None and digest is not None:
                digests[index] = digest
            elif index is not None:
                changes.n_unknown += 1
        changes.n_known += len(digests)
        for (index, digest), same in zip(digests.items(), seen.unchanged(digests), strict=True):
            if not same:
                doubts[index] = _Doubt(digest, part.shard)
        for key in part.unread:
            if key in indices:
                doubts[indices[key]] = _Doubt(None, part.shard)
    return doubts


def _digests_now(
    source: Source, indices: list[int], seen: SeenBook, images: ImageParams, reporter: Reporter
) -> dict[int, str | None]:
    """Read the digests of some images, and record them."""
    if not indices:
        return {}
    # This machine's threads read even if a cluster labels, since it takes no computing.
    passes = Passes(ThreadEngine(images.workers), reporter)
    found: dict[int, str | None] = {}
    with passes.each(ReadDigests(source), indices, "checking") as results:
        for digests in results:
            seen.add({index: digest for index, digest in digests.items() if digest is not None})
            found.update(digests)
    return found
