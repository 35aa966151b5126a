"""Passes over images: a task is run on chunks of them, and its results come in order.

Here is what every pass does: cutting chunks, progress, `--strict`, and stopping the engine's work
if anything fails.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

from ..engine import Chunk, Engine, chunks_of
from ..errors import ColorprepError
from ..images.reach import ReadingTask
from ..images.reader import ImageReader, ReadImage
from ..images.skip import Skip
from ..progress import Advance, Reporter
from .source import ImageParams, open_engine

T = TypeVar("T")


class Done(NamedTuple, Generic[T]):
    """What was made of a chunk of images, in order, and the images that cannot be used."""

    made: list[T]
    skipped: list[Skip]


@dataclass(frozen=True)
class EachImage(ReadingTask, Generic[T]):
    """A task that makes something of each image of a chunk.

    Attributes
    ----------
    make : callable
        Takes an image, whose pixels last only until it returns. For other processes it must
        pickle: a module-level function, a `functools.partial` of one, or a frozen dataclass.
    """

    reader: ImageReader
    make: Callable[[ReadImage], T]

    def __call__(self, chunk: Chunk) -> Done[T]:
        """Read the images of a chunk."""
        done: Done[T] = Done([], [])
        for image in self.reader.read_all(chunk):
            if isinstance(image, Skip):
                done.skipped.append(image)
            else:
                done.made.append(self.make(image))
        return done


@dataclass(frozen=True)
class Passes:
    """Runs passes over images.

    Attributes
    ----------
    strict : bool
        Whether the first skipped image fails a pass, where the task's results have `skipped`.
    """

    engine: Engine
    reporter: Reporter
    strict: bool = False

    @contextmanager
    def each(
        self,
        task: Callable[[Chunk], T],
        indices: Sequence[int],
        title: str,
        chunk_images: int | None = None,
    ) -> Iterator[Iterator[T]]:
        """Run a task on chunks of images; see `each_group`.

        Yields
        ------
        Iterator
            The results, in the order of the chunks.
        """
        with self.each_group(task, [indices], title, chunk_images) as groups:
            yield next(groups)

    @contextmanager
    def each_group(
        self,
        task: Callable[[Chunk], T],
        groups: Collection[Sequence[int]],
        title: str,
        chunk_images: int | None = None,
    ) -> Iterator[Iterator[Iterator[T]]]:
        """Run a task on groups of images in one pass; no chunk has images of two groups.

        This is a context manager, since a mere generator would stay alive in the traceback of an
        exception, and the engine would work on.

        Parameters
        ----------
        task : callable
            Takes a chunk; see `Engine.run`.
        groups : collection of sequence of int
            Indices of images.
        title : str
            Shown beside the progress.
        chunk_images : int or None
            Images in a chunk; None for the engine's default.

        Yields
        ------
        Iterator of Iterator
            For each group its results. Exhaust one group before the next.

        Raises
        ------
        ColorprepError
            At the first skipped image, if strict.
        """
        size = chunk_images or self.engine.chunk_images
        chunks = chain.from_iterable(chunks_of(indices, size) for indices in groups)
        with (
            self.reporter.track(sum(map(len, groups)), "images", title) as advance,
            closing(self.engine.run(task, chunks)) as results,
        ):
            yield (self._followed(results, chunks_of(group, size), advance) for group in groups)

    def _followed(
        self, results: Iterator[T], chunks: Iterator[Chunk], advance: Advance
    ) -> Iterator[T]:
        """Yield the results of chunks, checked, and advance by their images."""
        for chunk, done in zip(chunks, results, strict=False):  # the next group follows
            if self.strict and isinstance(done, _Skipping):
                check_strict(done.skipped, True)
            advance(len(chunk.indices))
            yield done


@runtime_checkable
class _Skipping(Protocol):
    @property
    def skipped(self) -> Sequence[Skip]: ...


@contextmanager
def open_passes(params: ImageParams, reporter: Reporter) -> Iterator[Passes]:
    """Start the engine; shut it down afterwards."""
    with open_engine(params) as engine:
        yield Passes(engine, reporter, params.strict)


def check_strict(skipped: Sequence[Skip], strict: bool) -> None:
    """Raise ColorprepError for the first skipped image if the run is strict."""
    if strict and skipped:
        first = skipped[0]
        raise ColorprepError(
            f"{first.key} cannot be used ({first.reason}: {first.detail}), and --strict lets no "
            "image be skipped; repair or remove it, or run without --strict"
        )
