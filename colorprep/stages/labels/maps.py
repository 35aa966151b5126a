"""Labeling into maps: one .npy for each image, in the folders of the source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ...atomic import write_npy
from ...curriculum.scoring import ImageScorer
from ...engine import Chunk
from ...errors import InputError, UnusableName
from ...images.digests import DigestingSource
from ...images.reach import ReadingTask
from ...images.reader import ImageReader, Rescaled
from ...images.skip import Skip
from ...images.source import Source
from ...places import Location, Url
from ...quantize.labeling import Labeler
from ...shards.files import LabelFiles
from ...shards.map_digests import has_journal, journal, read_map_digests, write_map_digests
from ...shards.maps import ENDING, in_the_way, map_path
from ...storage import overlapping
from ..passes import Passes, check_strict
from ..scoring import Scores

UPLOADS = 16  # maps that a worker sends to a store at once, while it labels the next ones


@dataclass
class WrittenMaps:
    """The label maps of some images.

    Attributes
    ----------
    scores : dict of int to ndarray
        By index of the image, if requested.
    digests : dict of int to str
        Of the bytes that each map was made from, by index of the image.
    """

    n_images: int = 0
    n_bytes: int = 0
    rescaled: Rescaled = field(default_factory=Rescaled)
    skipped: list[Skip] = field(default_factory=list)
    scores: Scores = field(default_factory=dict)
    digests: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _LabeledImage:
    index: int
    key: str
    label: NDArray[np.uint16]


@dataclass(frozen=True)
class WriteMaps(ReadingTask):
    """Writes the label maps of a chunk of images; it pickles."""

    reader: ImageReader
    labeler: Labeler
    folder: Location
    scorer: ImageScorer | None = None

    def check(self) -> None:
        """Check that images can be read, and that the maps' folder is that of the client."""
        super().check()
        if not has_journal(self.folder):
            raise InputError(
                f"the folder {self.folder}, which label maps are written to, is not there; give "
                "-o a folder that all machines have under the same path, or the URL of an object "
                "store, or write shards (--format h5), which this machine writes"
            )

    def __call__(self, chunk: Chunk) -> WrittenMaps:
        """Write the maps of the images of a chunk."""
        done = WrittenMaps()
        source = DigestingSource(self.reader.source)
        uploads = UPLOADS if isinstance(self.folder, Url) else 0
        for image, written in overlapping(self._write, self._labeled(chunk, source, done), uploads):
            if isinstance(written, Skip):
                done.skipped.append(written)
                continue
            done.n_bytes += written
            done.digests[image.index] = source.digests[image.index]
            done.n_images += 1
        return done

    def _labeled(
        self, chunk: Chunk, source: DigestingSource, done: WrittenMaps
    ) -> Iterator[_LabeledImage]:
        """Yield the images with their maps; note the scores, and the images without a map."""
        for image in replace(self.reader, source=source).read_all(chunk):
            if isinstance(image, Skip):
                done.skipped.append(image)
                continue
            if self.scorer is not None and not image.reduced:
                done.scores[image.index] = self.scorer(image.pixels)
            done.rescaled.count(image)
            yield _LabeledImage(image.index, image.key, self.labeler.label_map(image.pixels))

    def _write(self, image: _LabeledImage) -> tuple[_LabeledImage, int | Skip]:
        """Write the map of an image; return the image and the number of bytes."""
        try:
            return image, write_npy(map_path(self.folder, image.key), image.label)
        except UnusableName as error:
            detail = f"its label map cannot be written: {error.why}"
            return image, Skip(image.key, "bad-name", detail)


def label_to_maps(
    passes: Passes,
    task: WriteMaps,
    files: LabelFiles,
    keep: Callable[[WrittenMaps], object],
) -> WrittenMaps:
    """Label images into one .npy each; existing ones are kept.

    Parameters
    ----------
    keep : callable
        Receives each chunk, for its scores and digests.

    Returns
    -------
    WrittenMaps
        All maps, including those that existed before.
    """
    source = task.reader.source
    whole, digests, missing = _maps_there(files, source)
    check_strict(whole.skipped, passes.strict)
    if missing:
        with (
            journal(task.folder, digests) as record,
            passes.each(task, missing, "labeling") as results,
        ):
            for done in results:
                whole.n_images += done.n_images
                whole.n_bytes += done.n_bytes
                whole.rescaled.add(done.rescaled)
                whole.skipped += done.skipped
                new = {source.keys[index]: digest for index, digest in done.digests.items()}
                record(new)
                digests.update(new)
                keep(done)
    write_map_digests(task.folder, digests)
    return whole


def _maps_there(
    files: LabelFiles, source: Source
) -> tuple[WrittenMaps, dict[str, str | None], Sequence[int]]:
    """Return the maps of an earlier run, their digests, and the images still to be labeled."""
    known = read_map_digests(files.folder)
    there, missing = WrittenMaps(), []
    digests: dict[str, str | None] = {}
    taken = in_the_way(source.keys)
    for index, key in enumerate(source.keys):
        n_bytes = files.size(f"{key}{ENDING}")
        if key in taken:
            there.skipped.append(
                Skip(
                    key,
                    "bad-name",
                    "its label map would have the name of a folder of other label maps",
                )
            )
        elif n_bytes is None or (known is not None and key not in known):
            missing.append(index)  # including maps that a killed run wrote but did not record
        else:
            digests[key] = None if known is None else known[key]
            there.n_bytes += n_bytes
            there.n_images += 1
    return there, digests, missing
