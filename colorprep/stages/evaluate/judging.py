"""The pass over the images: the pictures of one method or several are compared with originals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...color.lab import Floats
from ...engine import Chunk
from ...images.skip import Skip
from ...metrics.summary import Summary, summarize
from ...progress import Reporter
from ..passes import open_passes
from ..source import ImageParams
from .comparing import CompareChunk, Compared, ComparedChunk

CHUNK = 8  # images; comparing takes long, and a bar should move
FEW_FOR_FID = 2048  # images; with fewer images than features FID says little


@dataclass
class JudgedChunk:
    """The comparisons of a chunk of images.

    Attributes
    ----------
    methods : list of ComparedChunk
        Of each method, of the same images.
    skipped : list of Skip
        Images that at least one method has no usable picture of.
    """

    methods: list[ComparedChunk]
    skipped: list[Skip] = field(default_factory=list)


@dataclass(frozen=True)
class JudgeChunk:
    """Compares the pictures of several methods with the originals of a chunk.

    An image counts if the pictures of all methods can be compared with it.

    Attributes
    ----------
    tasks : mapping of str to CompareChunk
        By method; the same index is the same original in all.
    """

    tasks: Mapping[str, CompareChunk]

    def check(self) -> None:
        """Check that the pictures of all methods can be read in this process."""
        for task in self.tasks.values():
            task.check()

    def __call__(self, chunk: Chunk) -> JudgedChunk:
        """Compare the pictures of a chunk."""
        judged = JudgedChunk([ComparedChunk() for _ in self.tasks])
        for index in chunk.indices:
            one = Chunk([index], chunk.quarantined & {index})
            each = {name: task(one) for name, task in self.tasks.items()}
            skipped = {name: done.skipped[0] for name, done in each.items() if done.skipped}
            if skipped:
                judged.skipped.append(self._common(skipped))
                continue
            for whole, done in zip(judged.methods, each.values(), strict=True):
                whole.append(done)
        return judged

    def _common(self, skipped: Mapping[str, Skip]) -> Skip:
        """Return one reason for an image that some methods, or all, had to skip."""
        first, *others = skipped.values()
        if len(skipped) == len(self.tasks) and all(skip == first for skip in others):
            return first  # it is the original's
        details = (f"{name}: {skip.detail}" for name, skip in skipped.items())
        return first._replace(detail="; ".join(details))


def judge(
    tasks: Mapping[str, CompareChunk], images: ImageParams, reporter: Reporter
) -> tuple[dict[str, list[Compared]], list[Skip]]:
    """Compare the pictures of all methods with their originals.

    Returns
    -------
    compared : dict of str to list of Compared
        By method, of the same images.
    skipped : list of Skip
        Images that could not be compared.

    Raises
    ------
    ColorprepError
        At the first image that cannot be compared, if strict.
    """
    compared: dict[str, list[Compared]] = {name: [] for name in tasks}
    skipped: list[Skip] = []
    n_images = len(next(iter(tasks.values())).pairs)
    with (
        open_passes(images, reporter) as passes,
        passes.each(JudgeChunk(tasks), range(n_images), "comparing", CHUNK) as results,
    ):
        for judged in results:
            skipped += judged.skipped
            for (name, task), done in zip(tasks.items(), judged.methods, strict=True):
                compared[name] += done.compared
                if task.networks.distance is not None and done.features:
                    sides = zip(*done.features, strict=True)
                    task.networks.distance.add(*(np.stack(side) for side in sides))
    n_compared = len(next(iter(compared.values())))
    measures_fid = any(task.networks.distance is not None for task in tasks.values())
    if measures_fid and n_compared < FEW_FOR_FID:
        reporter.warn(
            f"FID of only {n_compared} images is too high to compare with FID of more images; "
            "published values are of 5,000 and more"
        )
    return compared, skipped


def summarize_pairs(
    keys: Sequence[str], compared: Sequence[Compared], probs: Floats | None
) -> Summary:
    """Summarize the comparisons of a method; see `colorprep.metrics.summary.summarize`."""
    columns = {
        name: np.array([pair.figures[name] for pair in compared]) for name in compared[0].figures
    }
    return summarize(keys, columns, [pair.bins for pair in compared], probs)
