"""The work of `colorprep labels --format npy`: one label map an image, in the source's tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..atomic import replacing
from ..curriculum.scoring import ImageScorer
from ..engine import Batch, Engine, batches_of
from ..errors import OutputError, UnusableName
from ..images.reader import ImageReader
from ..images.skip import Skip
from ..images.source import Source
from ..progress import Reporter
from ..quantize.labeling import Labeler
from ..shards.maps import in_the_way, map_path, map_size
from .images import ImageParams, check_strict
from .scoring import Scores


@dataclass
class WrittenMaps:
    """What became of some images; what was written of parts adds up to the whole.

    Attributes
    ----------
    n_images, n_bytes, n_enlarged : int
    skipped : list of Skip
    last : Path or None
        The map that was written last.
    scores : dict of int to ndarray
        By index of the image, where scores were asked for.
    """

    n_images: int = 0
    n_bytes: int = 0
    n_enlarged: int = 0
    skipped: list[Skip] = field(default_factory=list)
    last: Path | None = None
    scores: Scores = field(default_factory=dict)


@dataclass(frozen=True)
class WriteMaps:
    """Writes the label maps of a batch of images; can be sent to other processes."""

    reader: ImageReader
    labeler: Labeler
    folder: Path
    scorer: ImageScorer | None = None

    def __call__(self, batch: Batch) -> WrittenMaps:
        """Return what became of the images of a batch."""
        done = WrittenMaps()
        for image in self.reader.read_all(batch):
            if isinstance(image, Skip):
                done.skipped.append(image)
                continue
            if self.scorer is not None:
                done.scores[image.index] = self.scorer(image.pixels)
            target = map_path(self.folder, image.key)
            try:
                with replacing(target) as path, path.open("wb") as stream:
                    np.save(stream, self.labeler.label_map(image.pixels))
                    n_bytes = stream.tell()
            except UnusableName as error:
                done.skipped.append(
                    Skip(image.key, "bad-name", f"its label map cannot be written: {error.why}")
                )
                continue
            done.last = target
            done.n_bytes += n_bytes
            done.n_images += 1
            done.n_enlarged += image.enlarged
        return done


def label_to_maps(
    engine: Engine,
    task: WriteMaps,
    source: Source,
    params: ImageParams,
    reporter: Reporter,
    keep_scores: Callable[[Scores], object],
) -> WrittenMaps:
    """Label images into one .npy each; those that are there already are kept.

    Parameters
    ----------
    engine : Engine
    task : WriteMaps
    source : Source
    params : ImageParams
    reporter : Reporter
    keep_scores : callable
        Is given the scores of each batch.

    Returns
    -------
    WrittenMaps
        Of all images, also those that were there already.
    """
    whole, missing = _maps_there(task.folder, source)
    check_strict(whole.skipped, params)
    with (
        reporter.track(len(missing), "images", "labeling") as advance,
        closing(engine.run(task, batches_of(missing, engine.batch_images))) as results,
    ):
        for done in results:
            check_strict(done.skipped, params)
            if done.last is not None and not done.last.exists():
                raise OutputError(
                    f"the workers wrote label maps where this machine cannot see them; give a "
                    f"folder that all machines share in place of {task.folder}, or write shards"
                )
            advance(done.n_images + len(done.skipped))
            whole.n_images += done.n_images
            whole.n_bytes += done.n_bytes
            whole.n_enlarged += done.n_enlarged
            whole.skipped += done.skipped
            keep_scores(done.scores)
    return whole


def _maps_there(folder: Path, source: Source) -> tuple[WrittenMaps, Sequence[int]]:
    """Return what an earlier run wrote, and the images that are yet to be labeled."""
    there, missing = WrittenMaps(), []
    taken = in_the_way(source.keys)
    for index, key in enumerate(source.keys):
        size = map_size(folder, key)
        if key in taken:
            there.skipped.append(
                Skip(key, "bad-name", "its label map would have the name of a folder of others")
            )
        elif size is None:
            missing.append(index)
        else:
            there.n_bytes += size
            there.n_images += 1
    return there, missing
