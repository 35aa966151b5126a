"""The work of `colorprep labels`, into shards: label batches, gather them, write shards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path

from ...curriculum.scoring import ImageScorer
from ...engine import Batch, Engine, batches_of
from ...images.digests import DigestingSource
from ...images.reader import ImageReader
from ...images.skip import Skip
from ...images.source import top_folder
from ...progress import Reporter
from ...quantize.labeling import Labeler, Labels
from ...shards.plan import Plan
from ...shards.writer import ShardWriter, shard_path
from ..scoring import Scores
from ..source import ImageParams, check_strict


@dataclass
class LabeledBatch:
    """The labels of a batch of images.

    Attributes
    ----------
    keys : list of str
        Of the images that were labeled.
    skipped : list of Skip
    n_enlarged : int
        How many of them are smaller than they were labeled.
    labels : dict of str to ndarray
        One row an image.
    scores : dict of int to ndarray
        By index of the image, where scores were asked for.
    digests : dict of int to str
        By index of the image, of the bytes of all that could be read.
    """

    keys: list[str] = field(default_factory=list)
    skipped: list[Skip] = field(default_factory=list)
    n_enlarged: int = 0
    labels: Labels = field(default_factory=dict)
    scores: Scores = field(default_factory=dict)
    digests: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelBatch:
    """Labels a batch of images of one size; can be sent to other processes."""

    reader: ImageReader
    labeler: Labeler
    scorer: ImageScorer | None = None

    def __call__(self, batch: Batch) -> LabeledBatch:
        """Return what became of the images of a batch."""
        assert self.reader.size is not None
        source = DigestingSource(self.reader.source)
        done = LabeledBatch(digests=source.digests)
        room = self.labeler.room(len(batch.indices), self.reader.size)
        for image in replace(self.reader, source=source).read_all(batch):
            if isinstance(image, Skip):
                done.skipped.append(image)
                continue
            if self.scorer is not None:
                done.scores[image.index] = self.scorer(image.pixels)
            self.labeler.label_into(image.pixels, room, len(done.keys))
            done.keys.append(image.key)
            done.n_enlarged += image.enlarged
        done.labels = {name: array[: len(done.keys)] for name, array in room.items()}
        return done


def label_to_shards(
    engine: Engine,
    task: LabelBatch,
    shards: Mapping[int, Sequence[int]],
    plan: Plan,
    folder: Path,
    params: ImageParams,
    reporter: Reporter,
    keep: Callable[[LabeledBatch], object],
) -> int:
    """Label images into shards.

    Parameters
    ----------
    engine : Engine
    task : LabelBatch
    shards : mapping of int to sequence of int
        By number of the shard, the images of its slice.
    plan : Plan
    folder : Path
    params : ImageParams
    reporter : Reporter
    keep : callable
        Receives each batch, for its scores and digests.

    Returns
    -------
    int
        How many images are smaller than they were labeled.
    """
    size = engine.batch_images
    batches = chain.from_iterable(batches_of(slice_, size) for slice_ in shards.values())
    class_ids = {name: number for number, name in enumerate(plan.classes)}
    keys = task.reader.source.keys
    n_enlarged = 0

    def write(number: int, parts: Sequence[LabeledBatch]) -> None:
        """Write one shard."""
        writer = ShardWriter(shard_path(folder, number), plan.settings.facts())
        for part in parts:
            ids = [class_ids.get(top_folder(key), -1) for key in part.keys]
            writer.add(part.keys, ids, part.labels)
            writer.skip(part.skipped)
            writer.vouch({keys[index]: digest for index, digest in part.digests.items()})
        writer.write()

    # One shard is written while the next one is labeled, so that no worker waits for the disk.
    with (
        reporter.track(sum(map(len, shards.values())), "images", "labeling") as advance,
        closing(engine.run(task, batches)) as results,
        ThreadPoolExecutor(1) as executor,
    ):
        written: Future[None] | None = None
        for number, slice_ in shards.items():
            parts = []
            for part in islice(results, -(-len(slice_) // size)):
                check_strict(part.skipped, params)
                advance(len(part.keys) + len(part.skipped))
                n_enlarged += part.n_enlarged
                keep(part)
                parts.append(part)
            _wait(written)
            written = executor.submit(write, number, parts)
        _wait(written)
    return n_enlarged


def _wait(written: Future[None] | None) -> None:
    if written is not None:
        written.result()
