"""Passes over images: a task is run on batches of them, and its results come in order.

Here is what every pass does: cutting batches, progress, `--strict`, and stopping the engine's work
if anything fails.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

from ..engine import Batch, Engine, batches_of
from ..errors import ColorprepError
from ..images.reader import ImageReader, ReadImage
from ..images.skip import Skip
from ..progress import Advance, Reporter
from .source import ImageParams, open_engine

T = TypeVar("T")


class Done(NamedTuple, Generic[T]):
    """What was made of a batch of images, in order, and the images that cannot be used."""

    made: list[T]
    skipped: list[Skip]


@dataclass(frozen=True)
class EachImage(Generic[T]):
    """A task that makes something of each image of a batch.

    Attributes
    ----------
    make : callable
        Takes an image, whose pixels last only until it returns. For other processes it must
        pickle: a module-level function, a `functools.partial` of one, or a frozen dataclass.
    """

    reader: ImageReader
    make: Callable[[ReadImage], T]

    def __call__(self, batch: Batch) -> Done[T]:
        """Read the images of a batch."""
        done: Done[T] = Done([], [])
        for image in self.reader.read_all(batch):
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
        task: Callable[[Batch], T],
        indices: Sequence[int],
        title: str,
        batch_images: int | None = None,
    ) -> Iterator[Iterator[T]]:
        """Run a task on batches of images; see `each_group`.

        Yields
        ------
        Iterator
            The results, in the order of the batches.
        """
        with self.each_group(task, [indices], title, batch_images) as groups:
            yield next(groups)

    @contextmanager
    def each_group(
        self,
        task: Callable[[Batch], T],
        groups: Collection[Sequence[int]],
        title: str,
        batch_images: int | None = None,
    ) -> Iterator[Iterator[Iterator[T]]]:
        """Run a task on groups of images in one pass; no batch has images of two groups.

        This is a context manager, since a mere generator would stay alive in the traceback of an
        exception, and the engine would work on.

        Parameters
        ----------
        task : callable
            Takes a batch; see `Engine.run`.
        groups : collection of sequence of int
            Indices of images.
        title : str
            Shown beside the progress.
        batch_images : int or None
            Images in a batch; None for the engine's default.

        Yields
        ------
        Iterator of Iterator
            For each group its results. Exhaust one group before the next.

        Raises
        ------
        ColorprepError
            At the first skipped image, if strict.
        """
        size = batch_images or self.engine.batch_images
        batches = chain.from_iterable(batches_of(indices, size) for indices in groups)
        with (
            self.reporter.track(sum(map(len, groups)), "images", title) as advance,
            closing(self.engine.run(task, batches)) as results,
        ):
            yield (self._followed(results, batches_of(group, size), advance) for group in groups)

    def _followed(
        self, results: Iterator[T], batches: Iterator[Batch], advance: Advance
    ) -> Iterator[T]:
        """Yield the results of batches, checked, and advance by their images."""
        for batch, done in zip(batches, results, strict=False):  # the next group follows
            if self.strict and isinstance(done, _Skipping):
                check_strict(done.skipped, True)
            advance(len(batch.indices))
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
