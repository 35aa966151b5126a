"""Labeling into shards: chunks are labeled, gathered and written, a shard at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ...curriculum.scoring import ImageScorer
from ...engine import Chunk
from ...images.classes import class_ids
from ...images.digests import DigestingSource
from ...images.reach import ReadingTask
from ...images.reader import ImageReader, Rescaled
from ...images.skip import Skip
from ...places import Location, Url
from ...quantize.labeling import Labeler, Labels
from ...shards.files import LabelFiles
from ...shards.plan import Plan
from ...shards.sidecar import Sidecar
from ...shards.writer import ShardWriter, shard_path
from ..passes import Passes
from ..scoring import Scores

if TYPE_CHECKING:  # torch is slow to import
    from ...training.classifier import FrozenClassifier

UPLOADS = 3  # shards that are sent to a store at once


def shards_in_memory(folder: Location) -> int:
    """Return how many shards fit into the memory that labeling needs at most.

    One shard is gathered while others are written. Of one that is sent to a store there are its
    arrays, and the content of its file, which the store's client may read at once.
    """
    return 1 + (2 * UPLOADS if isinstance(folder, Url) else 1)


@dataclass
class LabeledChunk:
    """The labels of a chunk of images.

    Attributes
    ----------
    keys : list of str
        Images that were labeled.
    labels : dict of str to ndarray
        A row for each image.
    scores : dict of int to ndarray
        By index of the image, if requested.
    digests : dict of int to str
        Of the bytes of all images that could be read, with those of their masks, by index.
    """

    keys: list[str] = field(default_factory=list)
    skipped: list[Skip] = field(default_factory=list)
    rescaled: Rescaled = field(default_factory=Rescaled)
    labels: Labels = field(default_factory=dict)
    scores: Scores = field(default_factory=dict)
    digests: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelChunk(ReadingTask):
    """Labels a chunk of images of one size; it pickles."""

    reader: ImageReader
    labeler: Labeler
    scorer: ImageScorer | None = None
    classifier: FrozenClassifier | None = None

    def __call__(self, chunk: Chunk) -> LabeledChunk:
        """Label the images of a chunk."""
        assert self.reader.size is not None
        source = DigestingSource(self.reader.source)
        done = LabeledChunk(digests=source.digests)
        buffers = self.labeler.buffers(len(chunk.indices), self.reader.size)
        if self.reader.masks is not None:
            buffers["segments"] = np.empty_like(buffers["label"], np.uint8)
        for image in replace(self.reader, source=source).read_all(chunk):
            if isinstance(image, Skip):
                done.skipped.append(image)
                continue
            if self.scorer is not None and not image.reduced:
                done.scores[image.index] = self.scorer(image.pixels)
            self.labeler.label_into(image.pixels, buffers, len(done.keys))
            if image.segments is not None:
                step = self.labeler.stride
                buffers["segments"][len(done.keys)] = image.segments[::step, ::step]
            done.keys.append(image.key)
            done.rescaled.count(image)
        done.labels = {name: array[: len(done.keys)] for name, array in buffers.items()}
        if self.classifier is not None:
            done.labels["features"] = self.classifier.of_each(done.labels["lightness"])
        return done


def label_to_shards(
    passes: Passes,
    task: LabelChunk,
    shards: Mapping[int, Sequence[int]],
    plan: Plan,
    files: LabelFiles,
    keep: Callable[[LabeledChunk], object],
) -> Rescaled:
    """Label images into shards.

    Parameters
    ----------
    shards : mapping of int to sequence of int
        The images of each shard, by its number.
    keep : callable
        Receives each chunk, for its scores and digests.
    """
    keys = task.reader.source.keys
    rescaled = Rescaled()

    def write(number: int, parts: Sequence[LabeledChunk]) -> tuple[int, Sidecar]:
        """Write one shard."""
        writer = ShardWriter(shard_path(files.folder, number), plan.settings.facts())
        for part in parts:
            ids = class_ids(part.keys, plan.classes, plan.class_rule)
            writer.add(part.keys, ids, part.labels)
            writer.skip(part.skipped)
            writer.record_digests({keys[index]: digest for index, digest in part.digests.items()})
        return number, writer.write()

    # Shards are written while the next one is labeled, so that no worker waits for disk or store.
    at_once = UPLOADS if isinstance(files.folder, Url) else 1
    writing: deque[Future[tuple[int, Sidecar]]] = deque()
    with (
        passes.each_group(task, shards.values(), "labeling") as labeled,
        ThreadPoolExecutor(at_once) as executor,
    ):
        for number, results in zip(shards, labeled, strict=True):
            parts = []
            for part in results:
                rescaled.add(part.rescaled)
                keep(part)
                parts.append(part)
            if len(writing) == at_once:
                files.add(*writing.popleft().result())
            writing.append(executor.submit(write, number, parts))
        for written in writing:
            files.add(*written.result())
    return rescaled
