"""Coloring photographs, a chunk at a time, and writing their pictures."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...atomic import replacing
from ...color.lab import Floats
from ...engine import Chunk, ThreadEngine
from ...errors import BadImage, UnusableName
from ...images.decoding import Pixels
from ...images.digests import digest_of_bytes
from ...images.reader import ImageReader, each_image
from ...images.skip import Skip
from ...progress import Reporter
from ...quantize.decoding import TEMPERATURE
from ...training.checkpoint import Checkpoint
from ...training.models.outputs import Heads
from ...training.prediction import (
    UNCONDITIONED,
    Conditions,
    colored,
    entropy_of,
)
from ..passes import Passes
from ..pictures import PhotographSource, entropy_path, write_png
from ..replaced import telling_replaced
from .hint_files import HintFile
from .picture_record import Made, PictureRecord


@dataclass(frozen=True)
class Coloring:
    """How photographs are colored.

    Attributes
    ----------
    checkpoint : Checkpoint
    predict : callable
        Takes the pixels of a photograph and its conditions; `photograph_outputs` of the checkpoint.
    by : str
        A digest of it and all settings.
    conditions : Conditions
        What all photographs have in common.
    hints : mapping of Path to HintFile
        Of the photographs that have some, by the paths of their pictures.
    maps_entropy : bool
        Whether there is a map of entropy beside each picture.
    """

    checkpoint: Checkpoint
    predict: Callable[[Pixels, Conditions], Heads]
    by: str
    temperature: float = TEMPERATURE
    conditions: Conditions = UNCONDITIONED
    hints: Mapping[Path, HintFile] = field(default_factory=dict)
    maps_entropy: bool = False

    def paths(self, target: Path) -> list[Path]:
        """Return the paths of all that is made of a photograph; `target` is its picture's."""
        return [target, entropy_path(target)] if self.maps_entropy else [target]

    def made_by(self, target: Path) -> str:
        """Return the digest of what a picture is made by, its hints included."""
        if target not in self.hints:
            return self.by
        return digest_of_bytes(f"{self.by}\n{self.hints[target].digest}".encode())

    def pictures(self, target: Path, name: str, pixels: Pixels) -> list[Pixels]:
        """Color a photograph, and draw its map of entropy; see `paths`."""
        conditions, shape = self.conditions, (pixels.shape[0], pixels.shape[1])
        if target in self.hints:
            conditions = replace(conditions, hints=self.hints[target].hints_for(name, shape))
        outputs = self.predict(pixels, conditions)
        made = [colored(self.checkpoint, pixels, outputs, self.temperature)]
        if self.maps_entropy:
            quantizer = self.checkpoint.quantizer
            (entropy,) = entropy_of(outputs, quantizer)
            made.append(_entropy_map(entropy, shape, len(quantizer.centers)))
        return made


def _entropy_map(entropy: Floats, shape: tuple[int, int], n_bins: int) -> Pixels:
    from ...report.figures.entropy import (
        draw_entropy,  # matplotlib is slow to import, and mostly not needed
    )

    return np.asarray(draw_entropy(entropy, shape, n_bins))


class ColorizedChunk(NamedTuple):
    """The pictures of a chunk of photographs.

    Attributes
    ----------
    written : list of Path
        All pictures, without maps of entropy.
    kept : list of Path
        Those among them that were made before.
    entries : list of tuple
        Of the pictures that were made now, see `PictureRecord.add`.
    """

    written: list[Path]
    kept: list[Path]
    skipped: list[Skip]
    entries: list[tuple[str, Made]]


@dataclass(frozen=True)
class ColorizeChunk:
    """Colors a chunk of photographs and writes the pictures.

    Attributes
    ----------
    targets : sequence of Path or None
        The path of each photograph's picture; None if skipped.
    reporter : Reporter
        Receives the pictures that are replaced.
    """

    reader: ImageReader
    coloring: Coloring
    targets: Sequence[Path | None]
    record: PictureRecord
    reporter: Reporter

    def __call__(self, chunk: Chunk) -> ColorizedChunk:
        """Color the photographs of a chunk."""
        done = ColorizedChunk([], [], [], [])
        for index, data in each_image(self.reader.source, chunk, self.reader.source.read):
            target = self.targets[index]
            if target is None:
                continue
            if isinstance(data, Skip):
                done.skipped.append(data)
                continue
            paths, by = self.coloring.paths(target), self.coloring.made_by(target)
            if all(self.record.holds(path, data, by) for path in paths):
                done.kept.append(target)
            else:
                try:
                    self._make(index, data, target)
                except (BadImage, UnusableName) as error:
                    done.skipped.append(_skip(self.reader.source.keys[index], error))
                    continue
                done.entries.extend(self.record.made(path, data, by) for path in paths)
            done.written.append(target)
        return done

    def _make(self, index: int, data: bytes, target: Path) -> None:
        name, pixels = self.reader.source.keys[index], self.reader.decoded(index, data).pixels
        pictures = self.coloring.pictures(target, name, pixels)
        for path, picture in zip(self.coloring.paths(target), pictures, strict=True):
            with telling_replaced(self.reporter, path), replacing(path) as temporary:
                write_png(temporary, picture)


def colorize_all(
    tasks: Sequence[ColorizeChunk],
    places: Sequence[PhotographSource],
    record: PictureRecord,
    workers: int | None,
    reporter: Reporter,
) -> ColorizedChunk:
    """Color the photographs of all places, and record each picture once it is written."""
    whole = ColorizedChunk([], [], [], [])
    starts = [0, *accumulate(len(photographs.source.keys) for photographs in places)]
    numbers = [range(*bounds) for bounds in pairwise(starts)]
    task = _ColorizePlaces(tasks, starts[:-1])
    # One at a time, since a single photograph can be large.
    with Passes(ThreadEngine(workers), reporter).each_group(
        task, numbers, "colorizing", chunk_images=1
    ) as colorized:
        for photographs, results in zip(places, colorized, strict=True):
            whole.skipped.extend(map(photographs.named, photographs.source.skipped))
            for done in results:
                for name, made in done.entries:
                    record.add(name, made)
                whole.written.extend(done.written)
                whole.kept.extend(done.kept)
                whole.skipped.extend(map(photographs.named, done.skipped))
    record.put_in_order()
    return whole


@dataclass(frozen=True)
class _ColorizePlaces:
    """Colors a photograph, by its number among those of all places.

    Attributes
    ----------
    starts : sequence of int
        The number of each place's first photograph.
    """

    tasks: Sequence[ColorizeChunk]
    starts: Sequence[int]

    def __call__(self, chunk: Chunk) -> ColorizedChunk:
        (number,) = chunk.indices
        place = bisect_right(self.starts, number) - 1
        return self.tasks[place](Chunk([number - self.starts[place]]))


def _skip(key: str, error: BadImage | UnusableName) -> Skip:
    if isinstance(error, UnusableName):
        return Skip(key, "bad-name", f"its picture cannot be written: {error.why}")
    return Skip(key, error.reason, error.detail)
