"""Rows of the log, and the means that they report."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..data.batch import Batch
from ..losses.terms import Losses
from ..processes import Process


@dataclass(frozen=True)
class Record:
    """A row of the log.

    Attributes
    ----------
    epoch : int
        Counted from 1.
    step, images : int
        Done since the beginning of the training, by all processes together.
    figures : mapping of str to float
        Its further columns, in their order; NaN for missing values. All readers of the log take
        any column. Every row has

        ``train_loss``
            Mean over the pixels that counted since the previous record; NaN if there were none.
        ``val_loss``
            Mean over the pixels of held-out images that count; NaN without a validation.
        ``learning_rate``
            Of the last step, before multipliers.
        ``images_per_second``
            Of training alone, since the previous record.
        ``data_wait``
            Fraction of that time spent waiting for the next batch.
        ``val_chroma``, ``val_chroma_truth``, ``val_spread``, ``val_spread_truth``
            Of the colors of held-out images, see `chroma.ChromaGauge`; NaN without a validation.
    """

    epoch: int
    step: int
    images: int
    figures: Mapping[str, float]

    def row(self) -> dict[str, float]:
        """Return all columns by name, in their order."""
        return {"epoch": self.epoch, "step": self.step, "images": self.images, **self.figures}


class Meter:
    """What has happened since the last record."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Start again, now."""
        self.losses: list[Losses] = []
        self.n_images: list[int] = []
        self.waited = 0.0
        self._begun = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.perf_counter() - self._begun

    def timed(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield batches, and measure the time spent waiting for them."""
        source = iter(batches)
        while True:
            asked = time.perf_counter()
            batch = next(source, None)
            self.waited += time.perf_counter() - asked
            if batch is None:
                return
            yield batch


class Means:
    """Means of terms over the pixels that count."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[float, float]] = {}
        self.counted = False

    def add(self, name: str, total: float, counted: float) -> None:
        """Add the sum of a term, and the number of pixels that count, in the same unit."""
        sums = self._sums.get(name, (0.0, 0.0))
        self._sums[name] = sums[0] + total, sums[1] + counted

    def of_all(self, process: Process) -> dict[str, float]:
        """Return each term's mean over all processes; NaN if no pixel counted."""
        sums = process.all_sum([number for pair in self._sums.values() for number in pair])
        self.counted = any(sums[1::2])
        return {
            name: total / counted if counted else math.nan
            for name, total, counted in zip(self._sums, sums[::2], sums[1::2], strict=True)
        }
