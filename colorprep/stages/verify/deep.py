"""`colorprep verify --deep`: label every image again, and compare with the labels."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...artifacts import load_npy
from ...engine import Chunk
from ...images.digests import DigestingSource
from ...images.reach import ReadingTask
from ...images.reader import ImageReader
from ...images.skip import Skip
from ...images.source import Source
from ...places import Location
from ...progress import Reporter
from ...quantize.labeling import Labeler
from ...shards.files import LabelFiles
from ...shards.manifest import read_skipped
from ...shards.map_digests import read_map_digests
from ...shards.maps import ENDING, map_path
from ...shards.plan import Plan, labeler_of, reader_of
from ...shards.reader import ShardReader
from ...shards.sidecar import Sidecar
from ...shards.writer import shard_path
from ...storage import local_copies
from ..classifying import threads_restored
from ..labels.shards import LabelChunk, LabeledChunk
from ..passes import Passes
from ..source import ImageParams, open_engine
from .problem import Problem

if TYPE_CHECKING:  # torch is slow to import
    from ...training.classifier import FrozenClassifier

SHOWN = 5  # images of a shard that are named
AHEAD = 1  # shards of a store that are copied before they are needed

CHANGED = "has changed since it was labeled"


def compare_shards(
    files: LabelFiles,
    numbers: Sequence[int],
    plan: Plan,
    source: Source,
    classifier: FrozenClassifier | None,
    images: ImageParams,
    reporter: Reporter,
) -> tuple[list[Problem], int]:
    """Label the images of shards again, and compare all arrays.

    Parameters
    ----------
    numbers : sequence of int
        Shards that are sound as files.
    classifier : FrozenClassifier or None
        Gives the features, if the plan has them.
    images : ImageParams
        Gives the workers or the cluster.

    Returns
    -------
    problems : list of Problem
        Up to `SHOWN` images of a shard by name.
    n_compared : int
        Images that were labeled again.
    """
    indices = {key: index for index, key in enumerate(source.keys)}
    sidecars = files.sidecars(numbers)
    shards = [_CheckedShard(shard_path(files.folder, n), sidecar) for n, sidecar in sidecars]
    chosen = [[indices[key] for key in shard.keys if key in indices] for shard in shards]
    task = LabelChunk(reader_of(plan, source), labeler_of(plan), classifier=classifier)
    problems: list[Problem] = []
    n_compared = 0
    with (
        open_engine(images) as engine,
        threads_restored(classifier),
        Passes(engine, reporter).each_group(task, chosen, "labeling again") as labeled,
    ):
        copies = local_copies((shard.path for shard in shards), AHEAD)
        for shard, copy, results in zip(shards, copies, labeled, strict=True):
            arrays = ShardReader(copy).arrays
            texts = [f"{key} is no longer in the source" for key in shard.keys - indices.keys()]
            for done in results:
                texts += shard.differences(done, arrays, source)
                n_compared += len(done.keys)
            problems += [Problem(shard.path, text) for text in _shortened(sorted(texts))]
    return problems, n_compared


def _shortened(texts: Sequence[str]) -> list[str]:
    rest = len(texts) - SHOWN
    return [
        *texts[:SHOWN],
        *([f"the same holds for {rest:,} more of its images"] if rest > 0 else []),
    ]


@dataclass(frozen=True)
class _CheckedShard:
    """A shard to be compared with new labels."""

    path: Location
    sidecar: Sidecar

    @property
    def keys(self) -> set[str]:
        return {*self.sidecar.rows, *(skip.key for skip in self.sidecar.skipped)}

    def differences(
        self, done: LabeledChunk, arrays: Mapping[str, Any], source: Source
    ) -> Iterator[str]:
        """Yield the images whose new labels differ from those in the shard's arrays."""
        rows, known = self.sidecar.rows, self.sidecar.digests
        now = {source.keys[index]: digest for index, digest in done.digests.items()}
        changed = {key for key in now if known.get(key, "") not in (None, now[key])}
        for place, key in enumerate(done.keys):
            if key not in rows:
                yield f"{key} was skipped, but can be labeled now"
                continue
            names = [
                name
                for name, again in done.labels.items()
                if not np.array_equal(arrays[name][rows[key]], again[place])
            ]
            yield from _difference(key, key in changed, names)
        was_skipped = {skip.key for skip in self.sidecar.skipped}
        for skip in done.skipped:
            if skip.key not in was_skipped:
                yield _no_longer_readable(skip)
            elif skip.key in changed:
                yield f"{skip.key}, which is skipped, {CHANGED}"


def _difference(key: str, is_changed: bool, names: Sequence[str]) -> Iterator[str]:
    """Yield how an image's new labels differ, if they do."""
    others = f"now gives other values of {', '.join(names)} than the labels contain"
    if is_changed:
        yield f"{key} {CHANGED}" + (f", and {others}" if names else "")
    elif names:
        yield f"{key} {others}"


def _no_longer_readable(skip: Skip) -> str:
    return f"{skip.key} can no longer be read ({skip.reason}: {skip.detail})"


@dataclass(frozen=True)
class CompareMaps(ReadingTask):
    """Compares the label maps of a chunk of images with new ones; it pickles.

    Attributes
    ----------
    known : mapping of str to str or None
        The digests of the images that the maps were made from, by key.
    skipped : frozenset of str
        Keys of the images that have no map.
    """

    reader: ImageReader
    labeler: Labeler
    folder: Location
    known: Mapping[str, str | None]
    skipped: frozenset[str]

    def __call__(self, chunk: Chunk) -> tuple[int, list[tuple[str, str]]]:
        """Return the number of images labeled again, and the differences: key and text."""
        source = DigestingSource(self.reader.source)
        n_compared, found = 0, []
        for image in replace(self.reader, source=source).read_all(chunk):
            if isinstance(image, Skip):
                if image.key not in self.skipped:
                    found.append((image.key, _no_longer_readable(image)))
                continue
            n_compared += 1
            if image.key in self.skipped:
                found.append((image.key, f"{image.key} was skipped, but can be labeled now"))
                continue
            again = self.labeler.label_map(image.pixels)
            same = np.array_equal(load_npy(map_path(self.folder, image.key)), again)
            known = self.known.get(image.key)
            changed = known not in (None, source.digests[image.index])
            texts = _difference(image.key, changed, [] if same else ["label"])
            found += [(image.key, text) for text in texts]
        return n_compared, found


def compare_maps(
    files: LabelFiles,
    plan: Plan,
    source: Source,
    bad: Collection[Location],
    images: ImageParams,
    reporter: Reporter,
) -> tuple[list[Problem], int]:
    """Label all images again, and compare with their maps.

    Parameters
    ----------
    bad : collection of Path or Url
        Maps that are known to be wrong or missing.
    images : ImageParams
        Gives the workers or the cluster.

    Returns
    -------
    problems : list of Problem
    n_compared : int
        Images that were labeled again.
    """
    folder = files.folder.resolve() if isinstance(files.folder, Path) else files.folder
    skipped = frozenset(skip.key for skip in read_skipped(folder))
    known = read_map_digests(folder) or {}
    task = CompareMaps(reader_of(plan, source), labeler_of(plan), folder, known, skipped)
    chosen = [
        index
        for index, key in enumerate(source.keys)
        if map_path(files.folder, key) not in bad
        and (key in skipped or files.size(f"{key}{ENDING}") is not None)
    ]
    problems: list[Problem] = []
    n_compared = 0
    with (
        open_engine(images) as engine,
        Passes(engine, reporter).each(task, chosen, "labeling again") as results,
    ):
        for n_done, found in results:
            n_compared += n_done
            problems += [Problem(map_path(files.folder, key), text) for key, text in found]
    return problems, n_compared
